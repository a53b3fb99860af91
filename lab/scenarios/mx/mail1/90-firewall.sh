# Guide 1.1.5 step 2, 1.6 step 3, 1.8 step 3: the clients' ports are open to all, and LMTP to the SMTP server.

firewall-offline-cmd --quiet --zone=public --remove-service-from-zone=dhcpv6-client
firewall-offline-cmd --quiet --zone=public \
    --add-service=imaps --add-service=imap --add-service=pop3s --add-service=pop3 --add-service=managesieve
firewall-offline-cmd --quiet --zone=public \
    --add-rich-rule="rule family='ipv4' source address='$LAB_MTA_ADDRESS/32' port port='24' protocol='tcp' accept"

# The image brings a Postfix, which this host has no use for.
systemctl disable postfix
systemctl enable firewalld dovecot

# In a container nothing else makes the server wait for the firewall, and what is connected before it starts is cut off.
install -d /etc/systemd/system/dovecot.service.d
printf '[Unit]\nAfter=firewalld.service\n' > /etc/systemd/system/dovecot.service.d/after-firewall.conf
