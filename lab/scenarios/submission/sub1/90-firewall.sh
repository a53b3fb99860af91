# Guide 2.2 steps 4 and 5.

firewall-offline-cmd --quiet --zone=public --remove-service-from-zone=dhcpv6-client
firewall-offline-cmd --quiet --zone=public --add-service=smtp-submission --add-service=smtps

# The image brings a Dovecot, which this host has no use for.
systemctl disable dovecot
systemctl enable firewalld postfix
