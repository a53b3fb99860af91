# Guide 2.10.3 step 1b, Dovecot's authentication service over TCP. Whoever reaches it can try passwords without limit, and it
# speaks no TLS; the guide says nothing about either. The firewall admits the submission host alone.

cat >> /etc/dovecot/conf.d/10-master.conf <<'CONF'
service auth {
  inet_listener {
    port = 12346
  }
}
CONF
firewall-offline-cmd --quiet --zone=public \
    --add-rich-rule="rule family='ipv4' source address='$LAB_MTA_ADDRESS/32' port port='12346' protocol='tcp' accept"
