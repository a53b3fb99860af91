# Guide 2.9, Configuring Postfix to deliver to a Dovecot on another host.

# Either of the pair will do. The guide calls this connection encrypted by itself: it is so only if Postfix asks for it,
# and the other side is known only if Postfix verifies its certificate.
postconf -e \
    'virtual_transport = lmtp:inet:mail1.example.com:24' \
    'lmtp_fallback_relay = [mail2.example.com]:24' \
    'lmtp_tls_security_level = verify' \
    'lmtp_tls_CAfile = /etc/pki/tls/certs/ca.crt' \
    'lmtp_tls_loglevel = 1' \
    'lmtp_host_lookup = native'
install -m 644 /mnt/files/ca.crt /etc/pki/tls/certs/ca.crt
openssl genpkey -genparam -algorithm DH -pkeyopt group:ffdhe4096 -out /etc/pki/tls/dh.pem
postconf -e 'smtpd_tls_dh1024_param_file = /etc/pki/tls/dh.pem'
touch -d '10 seconds ago' /etc/postfix/main.cf
