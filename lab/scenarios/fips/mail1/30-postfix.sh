# Postfix 3.10: port 25 for everybody, 587 and 465 for users, who would ask Dovecot if there were any.

install -d -m 755 /etc/postfix/tls
install -m 644 "/mnt/files/$LAB_MACHINE.crt" /etc/postfix/tls/server.crt
install -m 600 "/mnt/files/$LAB_MACHINE.key" /etc/postfix/tls/server.key
postconf -e \
    "myhostname = $LAB_NAME" 'mydestination = example.com' 'mynetworks = 127.0.0.0/8 [::1]/128' 'inet_protocols = ipv4' \
    'smtpd_tls_chain_files = /etc/postfix/tls/server.key, /etc/postfix/tls/server.crt' \
    'smtpd_tls_security_level = may' 'smtpd_tls_auth_only = yes' 'smtpd_banner = $myhostname ESMTP' \
    'smtpd_tls_protocols = >=TLSv1.2' 'smtpd_tls_mandatory_protocols = >=TLSv1.2' 'smtpd_tls_mandatory_ciphers = high' \
    'smtpd_tls_ciphers = high' 'smtpd_tls_exclude_ciphers = aNULL, kRSA, SHA1, SHA256, SHA384' \
    'tls_config_file = /etc/fips/openssl.cnf' 'tls_config_name = postfix' \
    'disable_vrfy_command = yes'
postconf -M 'submission/inet=submission inet n - n - - smtpd' 'smtps/inet=smtps inet n - n - - smtpd'
postconf -P 'submission/inet/smtpd_tls_security_level=encrypt' 'smtps/inet/smtpd_tls_wrappermode=yes'
systemctl enable postfix
