# A host for submission alone: no mail comes in on port 25, and passwords are asked of Dovecot on another host (2.10.3 step 2c).
# The guide prints the value with blanks after the colons, which Postfix does not understand.

postconf -MX smtp/inet
postconf -e \
    "smtpd_sasl_path = inet:$LAB_MAILBOXES_NAME:12346" \
    'smtpd_relay_restrictions = permit_sasl_authenticated reject_unauth_destination' \
    'smtp_tls_security_level = may'
touch -d '10 seconds ago' /etc/postfix/main.cf /etc/postfix/master.cf
