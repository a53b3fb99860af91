# Guide 1.1.5 step 2, 1.4 step 4, 1.6 step 3, 1.8 step 3: the clients' ports are open to all, replication to the partner
# and LMTP to the SMTP server. firewalld is not running while this is applied, hence the offline command.

admit() {
    firewall-offline-cmd --quiet --zone=public \
        --add-rich-rule="rule family='ipv4' source address='$1/32' port port='$2' protocol='tcp' accept"
}
firewall-offline-cmd --quiet --zone=public --remove-service-from-zone=dhcpv6-client
firewall-offline-cmd --quiet --zone=public \
    --add-service=imaps --add-service=imap --add-service=pop3s --add-service=pop3 --add-service=managesieve
admit "$LAB_PARTNER_ADDRESS" 12345
admit "$LAB_MTA_ADDRESS" 24

# In a container nothing else makes the servers wait for the firewall, and what is connected before it starts is cut off.
install -d /etc/systemd/system/dovecot.service.d
printf '[Unit]\nAfter=firewalld.service\n' > /etc/systemd/system/dovecot.service.d/after-firewall.conf

# The image brings a Postfix, which these hosts have no use for.
systemctl disable postfix
systemctl enable firewalld dovecot
