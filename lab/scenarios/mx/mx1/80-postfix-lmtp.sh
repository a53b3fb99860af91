# Guide 2.9, Configuring Postfix to deliver to a Dovecot on another host.

# The users are accounts of the other host, so local_recipient_maps does not know them and local(8) would refuse their mail.
# The domain is one of virtual mailboxes, whose users stand in a table.
while read -r user; do
    echo "$user@example.com $user"
done < /mnt/files/accounts > /etc/postfix/mailboxes
cat > /etc/postfix/virtual <<'CONF'
postmaster@example.com alice@example.com
abuse@example.com alice@example.com
CONF
postmap /etc/postfix/mailboxes /etc/postfix/virtual

# The guide calls this connection encrypted by itself: it is so only if Postfix asks for it, and the other side is known only
# if Postfix verifies its certificate.
install -m 644 /mnt/files/ca.crt /etc/pki/tls/certs/ca.crt
postconf -e \
    'mydestination = $myhostname, localhost.$mydomain, localhost' \
    'mailbox_transport =' \
    'virtual_mailbox_domains = $mydomain' \
    'virtual_mailbox_maps = hash:/etc/postfix/mailboxes' \
    'virtual_alias_maps = hash:/etc/postfix/virtual' \
    "virtual_transport = lmtp:inet:$LAB_MAILBOXES_NAME:24" \
    'lmtp_tls_security_level = verify' \
    'lmtp_tls_CAfile = /etc/pki/tls/certs/ca.crt' \
    'lmtp_tls_loglevel = 1' \
    'lmtp_host_lookup = native'

# There is no Dovecot here to borrow parameters of Diffie-Hellman from.
openssl genpkey -genparam -algorithm DH -pkeyopt group:ffdhe4096 -out /etc/pki/tls/dh.pem
postconf -e 'smtpd_tls_dh1024_param_file = /etc/pki/tls/dh.pem'
touch -d '10 seconds ago' /etc/postfix/main.cf
