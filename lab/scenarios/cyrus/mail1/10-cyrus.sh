# Cyrus: passwords in SASL's own file, logins inside TLS only, mailboxes that are made when a user first comes.

install -d -m 750 -o root -g mail /etc/cyrus-tls
install -m 640 -g mail "/mnt/files/$LAB_MACHINE.crt" /etc/cyrus-tls/server.crt
install -m 640 -g mail "/mnt/files/$LAB_MACHINE.key" /etc/cyrus-tls/server.key
cat > /etc/imapd.conf <<CONF
servername: $LAB_NAME
configdirectory: /var/lib/cyrus
proc_path: /run/cyrus/proc
mboxname_lockpath: /run/cyrus/lock
defaultpartition: default
partition-default: /var/spool/cyrus/mail
sievedir: /var/spool/sieve
unixhierarchysep: yes
altnamespace: yes
admins: cyrus
syslog_prefix: cyrus
lmtpsocket: /run/cyrus/socket/lmtp
idlesocket: /run/cyrus/socket/idle
notifysocket: /run/cyrus/socket/notify
allowplaintext: no
sasl_mech_list: PLAIN
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
autocreate_quota: 0
autocreate_inbox_folders: Drafts | Sent | Junk | Trash
autocreate_subscribe_folders: Drafts | Sent | Junk | Trash
xlist-drafts: Drafts
xlist-sent: Sent
xlist-junk: Junk
xlist-trash: Trash
tls_server_cert: /etc/cyrus-tls/server.crt
tls_server_key: /etc/cyrus-tls/server.key
tls_versions: tls1_2 tls1_3
tls_ciphers: ECDHE+AESGCM:ECDHE+CHACHA20
tls_client_certs: off
serverinfo: min
CONF
cat > /etc/cyrus.conf <<'CONF'
START {
  recover cmd="/usr/sbin/cyrus ctl_cyrusdb -r"
}
SERVICES {
  imap cmd="imapd -U 30" listen="imap" prefork=0 maxchild=100
  imaps cmd="imapd -s -U 30" listen="imaps" prefork=0 maxchild=100
  pop3 cmd="pop3d -U 30" listen="pop3" prefork=0 maxchild=50
  pop3s cmd="pop3d -s -U 30" listen="pop3s" prefork=0 maxchild=50
  sieve cmd="timsieved" listen="4190" prefork=0 maxchild=100
  lmtpunix cmd="lmtpd" listen="/run/cyrus/socket/lmtp" prefork=0 maxchild=20
}
EVENTS {
}
CONF
while IFS=: read -r user password; do
    printf %s "$password" | saslpasswd2 -p -c -u "$LAB_NAME" "$user"
done < /mnt/files/passwords
chgrp sasl /etc/sasldb2
chmod 640 /etc/sasldb2
adduser --quiet cyrus sasl
systemctl enable cyrus-imapd
