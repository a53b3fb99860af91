# Courier: passwords from PAM, and no login without TLS.

for service in imapd pop3d; do
    cat "/mnt/files/$LAB_MACHINE.key" "/mnt/files/$LAB_MACHINE.crt" > /etc/courier/$service.pem
    chown courier:courier /etc/courier/$service.pem
    chmod 600 /etc/courier/$service.pem
done
sed -i 's/^IMAPDSTARTTLS=.*/IMAPDSTARTTLS=YES/; s/^IMAP_TLS_REQUIRED=.*/IMAP_TLS_REQUIRED=1/' /etc/courier/imapd-ssl
sed -i 's/^POP3_STARTTLS=.*/POP3_STARTTLS=YES/; s/^POP3_TLS_REQUIRED=.*/POP3_TLS_REQUIRED=1/' /etc/courier/pop3d-ssl
for file in imapd-ssl pop3d-ssl; do
    sed -i '/^TLS_PROTOCOL=/d; /^TLS_STARTTLS_PROTOCOL=/d; /^TLS_PRIORITY=/d; /^TLS_CIPHER_LIST=/d' /etc/courier/$file
    cat >> /etc/courier/$file <<'CONF'
TLS_PROTOCOL="TLSv1.2+"
TLS_PRIORITY="NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-DHE-RSA:-CIPHER-ALL:+AES-256-GCM:+AES-128-GCM:+CHACHA20-POLY1305"
TLS_CIPHER_LIST="ECDHE+AESGCM:ECDHE+CHACHA20"
CONF
done
sed -i 's/^MAXPERIP=.*/MAXPERIP=60/; s/^MAXDAEMONS=.*/MAXDAEMONS=120/' /etc/courier/imapd /etc/courier/pop3d
sed -i 's/^authmodulelist=.*/authmodulelist="authpam"/' /etc/courier/authdaemonrc
for unit in courier-authdaemon courier-imap courier-imap-ssl courier-pop courier-pop-ssl; do
    systemctl enable $unit
done
