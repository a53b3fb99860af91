# Postfix 3.10: port 25 for everybody, 587 and 465 for users, whose passwords Dovecot would know.

install -d -m 755 /etc/postfix/tls
install -m 644 "/mnt/files/$LAB_MACHINE.crt" /etc/postfix/tls/server.crt
install -m 600 "/mnt/files/$LAB_MACHINE.key" /etc/postfix/tls/server.key
postconf -e \
    "myhostname = $LAB_NAME" 'mydestination = example.com' 'inet_protocols = ipv4' \
    'smtpd_tls_chain_files = /etc/postfix/tls/server.key, /etc/postfix/tls/server.crt' \
    'smtpd_tls_security_level = may' 'smtpd_tls_auth_only = yes' 'smtpd_banner = $myhostname ESMTP' \
    'smtpd_tls_protocols = >=TLSv1.2' 'smtpd_tls_mandatory_protocols = >=TLSv1.2' 'smtpd_tls_mandatory_ciphers = high' \
    'smtpd_tls_ciphers = high' 'smtpd_tls_exclude_ciphers = aNULL, kRSA, SHA1, SHA256, SHA384' \
    'tls_config_file = /etc/fips/openssl.cnf' 'tls_config_name = postfix' \
    'disable_vrfy_command = yes' 'smtpd_forbid_bare_newline = normalize' \
    "mynetworks = 127.0.0.0/8 [::1]/128 $LAB_TRUSTED_NETWORK"
postconf -M 'submission/inet=submission inet n - n - - smtpd' 'smtps/inet=smtps inet n - n - - smtpd'
postconf -P 'submission/inet/smtpd_tls_security_level=encrypt' 'smtps/inet/smtpd_tls_wrappermode=yes'
for service in submission smtps; do
    postconf -P "$service/inet/smtpd_sasl_auth_enable=yes" "$service/inet/smtpd_sasl_type=dovecot" \
        "$service/inet/smtpd_sasl_path=private/auth" "$service/inet/smtpd_sasl_security_options=noanonymous" \
        "$service/inet/smtpd_client_restrictions=permit_sasl_authenticated,reject" \
        "$service/inet/smtpd_relay_restrictions=permit_sasl_authenticated,reject"
done
# Makes the directories of the queue, before Dovecot wants to have its socket there.
postfix check
systemctl enable postfix
