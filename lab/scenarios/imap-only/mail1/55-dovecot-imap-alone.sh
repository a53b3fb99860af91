# Guide 1.7, Disabling the IMAP or POP3 service in Dovecot. Step 3 is in 95-firewall-without-pop3.sh.

# Step 1. ManageSieve is added by the step of 1.8.
sed -i 's/^protocols = .*/protocols = imap lmtp/' /etc/dovecot/dovecot.conf
