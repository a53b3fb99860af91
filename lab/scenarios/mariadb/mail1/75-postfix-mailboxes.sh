# The accounts are no system accounts, so local_recipient_maps does not know them and the guide's mailbox_transport (2.8)
# would refuse everybody's mail. The domain is one of virtual mailboxes, whose users stand in a table.

while read -r user; do
    echo "$user@example.com $user"
done < /mnt/files/accounts > /etc/postfix/mailboxes
cat > /etc/postfix/virtual <<'CONF'
postmaster@example.com alice@example.com
abuse@example.com alice@example.com
CONF
postconf -e \
    'mydestination = $myhostname, localhost.$mydomain, localhost' \
    'mailbox_transport =' \
    'virtual_mailbox_domains = $mydomain' \
    'virtual_mailbox_maps = hash:/etc/postfix/mailboxes' \
    'virtual_alias_maps = hash:/etc/postfix/virtual' \
    'virtual_transport = lmtp:unix:/var/run/dovecot/lmtp'
touch -d '10 seconds ago' /etc/postfix/main.cf
postmap /etc/postfix/mailboxes /etc/postfix/virtual
