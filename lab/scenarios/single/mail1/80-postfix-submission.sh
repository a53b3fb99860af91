# Guide 2.7 (relaying for authenticated users) and 2.10.3 (SASL), on the submission ports of RFC 6409 and RFC 8314.

# 2.10.3 step 2. "noplaintext" for sessions in the clear is deadly without smtpd_tls_auth_only = yes, which this chapter
# does not mention: with only PLAIN and LOGIN on offer, smtpd then dies on every such session.
postconf -e \
    'smtpd_sasl_auth_enable = yes' \
    'smtpd_sasl_type = dovecot' \
    'smtpd_sasl_path = private/auth' \
    'smtpd_sasl_security_options = noanonymous, noplaintext' \
    'smtpd_sasl_tls_security_options = noanonymous' \
    'broken_sasl_auth_clients = yes'

# 2.7 step 1c.
postconf -e 'smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination'

# 2.7 step 1d. Without the map, which the guide leaves out, every sender is "not owned by user".
# On port 25 only those who log in are held to their address: others' servers may pass on our users' mail.
while read -r user; do
    echo "$user@example.com $user"
done < /mnt/files/accounts > /etc/postfix/sender_login
touch -d '10 seconds ago' /etc/postfix/main.cf
postmap /etc/postfix/sender_login
postconf -e \
    'smtpd_sender_login_maps = hash:/etc/postfix/sender_login' \
    'smtpd_sender_restrictions = reject_authenticated_sender_login_mismatch'

for service in submission smtps; do
    postconf -M "$service/inet = $service inet n - y - - smtpd"
    postconf -P \
        "$service/inet/syslog_name=postfix/$service" \
        "$service/inet/smtpd_client_restrictions=permit_sasl_authenticated,reject" \
        "$service/inet/smtpd_sender_restrictions=reject_sender_login_mismatch" \
        "$service/inet/smtpd_relay_restrictions=permit_sasl_authenticated,reject" \
        "$service/inet/milter_macro_daemon_name=ORIGINATING"
done
postconf -P 'submission/inet/smtpd_tls_security_level=encrypt' 'smtps/inet/smtpd_tls_wrappermode=yes'

# 2.2 step 3.
touch -d '10 seconds ago' /etc/postfix/main.cf /etc/postfix/master.cf
postfix check
