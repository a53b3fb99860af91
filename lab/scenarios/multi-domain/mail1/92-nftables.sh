# nftables itself as the firewall, instead of firewalld (guide 1.1.5, 2.2): as right, and other than in the other scenarios.

cat > /etc/nftables.conf <<'CONF'
#!/usr/sbin/nft -f
flush ruleset

table inet filter {
    set mail {
        type inet_service
        elements = { 25, 110, 143, 465, 587, 993, 995, 4190 }
    }
    set knocking {
        type ipv4_addr
        flags dynamic, timeout
        timeout 1m
    }
    chain input {
        type filter hook input priority filter; policy drop;
        ct state established,related accept
        iif lo accept
        meta l4proto { icmp, ipv6-icmp } accept
        ip saddr @knocking counter
        tcp dport 22 ct state new update @knocking { ip saddr } accept
        tcp dport @mail accept
    }
}
CONF
systemctl disable firewalld
systemctl enable nftables
