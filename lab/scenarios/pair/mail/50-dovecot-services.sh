# Guide 1.1.5 step 1 (protocols), 1.6 (LMTP over TCP).

# 1.1.5 and 1.6 step 1, as in single.
sed -i '/^!include_try .*protocols\.d/c protocols = imap pop3 lmtp' /etc/dovecot/dovecot.conf

# 1.6 step 2, for a Postfix on another host. What the guide calls an LMTPS listener speaks STARTTLS. There is no Postfix
# on this host, and the socket's default mode would let every local user deliver mail.
cat > /etc/dovecot/conf.d/10-master.conf <<'CONF'
service lmtp {
  inet_listener lmtp {
    port = 24
  }
  unix_listener lmtp {
    mode = 0600
  }
}
CONF
