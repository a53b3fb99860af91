# Guide 1.1.5 step 1 (protocols), 1.6 (LMTP socket), 2.10.3 step 1a (authentication socket for Postfix).

# 1.1.5 and 1.6 step 1. Debian switches each installed protocol on by itself; here the list is said outright.
# The guide's own example has a typing error in it, "Imtp".
sed -i '/^!include_try .*protocols\.d/c protocols = imap pop3 lmtp' /etc/dovecot/dovecot.conf

# 1.6 step 2: the socket is for Postfix alone; the default mode would let every local user deliver mail.
# 2.10.3: the other socket lies in Postfix's queue directory, where a chrooted smtpd still finds it.
cat > /etc/dovecot/conf.d/10-master.conf <<'CONF'
service lmtp {
  unix_listener lmtp {
    mode = 0600
    user = postfix
    group = postfix
  }
}
service auth {
  unix_listener /var/spool/postfix/private/auth {
    mode = 0660
    user = postfix
    group = postfix
  }
}
CONF
