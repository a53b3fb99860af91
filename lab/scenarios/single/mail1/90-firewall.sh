# Guide 1.1.5 step 2, 1.8 step 3, 2.2 step 5: open the ports in the firewall, and nothing else.
# firewalld is not running while this is applied: the offline command is "firewall-cmd --permanent" without it.
# The guide's 1.7 removes services without --permanent and then reloads, which brings them back.

firewall-offline-cmd --quiet --zone=public --remove-service-from-zone=dhcpv6-client
firewall-offline-cmd --quiet --zone=public \
    --add-service=imaps --add-service=imap --add-service=pop3s --add-service=pop3 \
    --add-service=managesieve \
    --add-service=smtp --add-service=smtp-submission --add-service=smtps

# Guide 1.1.5 step 3 and 2.2 step 4.
systemctl enable firewalld dovecot postfix
