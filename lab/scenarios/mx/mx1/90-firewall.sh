# Guide 2.2 steps 4 and 5.

firewall-offline-cmd --quiet --zone=public --remove-service-from-zone=dhcpv6-client
firewall-offline-cmd --quiet --zone=public --add-service=smtp

# The image brings a Dovecot, which this host has no use for.
systemctl disable dovecot
systemctl enable firewalld postfix

# In a container nothing else makes the server wait for the firewall, and what is connected before it starts is cut off.
install -d /etc/systemd/system/postfix.service.d
printf '[Unit]\nAfter=firewalld.service\n' > /etc/systemd/system/postfix.service.d/after-firewall.conf
