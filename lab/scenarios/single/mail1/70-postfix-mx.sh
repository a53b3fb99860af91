# Guide 2.2 (SMTP server), 2.3 (TLS), 2.8 (delivery to Dovecot), and what a server on the Internet needs besides.

echo example.com > /etc/mailname

# 2.2 step 2. Two of its examples break the server:
# - inet_interfaces = 127.0.0.1/32: no masks are allowed there, and Postfix does not start;
# - mynetworks = 192.0.2.1/24: bits are set to the right of the mask, and Postfix answers 451 to everybody outside.
postconf -e \
    'inet_interfaces = all' \
    'inet_protocols = all' \
    "myhostname = $LAB_NAME" \
    'mydomain = example.com' \
    'myorigin = $mydomain' \
    'mydestination = $mydomain, $myhostname, localhost.$mydomain, localhost' \
    "mynetworks = 127.0.0.0/8 [::1]/128 $LAB_TRUSTED_NETWORK"

# 2.3. The certificate file holds the intermediate too. The guide calls TLS enabled by default, which is so only in RHEL's
# main.cf: without a security level STARTTLS is not offered.
install -d -m 755 /etc/pki/tls/certs
install -d -m 700 /etc/pki/tls/private
install -m 644 "/mnt/files/$LAB_MACHINE.crt" /etc/pki/tls/certs/postfix.pem
install -m 600 "/mnt/files/$LAB_MACHINE.key" /etc/pki/tls/private/postfix.key
postconf -e \
    'smtpd_tls_cert_file = /etc/pki/tls/certs/postfix.pem' \
    'smtpd_tls_key_file = /etc/pki/tls/private/postfix.key' \
    'smtpd_tls_security_level = may' \
    'smtpd_tls_auth_only = yes' \
    'smtpd_tls_loglevel = 1' \
    'smtpd_tls_received_header = yes' \
    'smtp_tls_security_level = may' \
    'smtp_tls_loglevel = 1'

# The guide names no versions and suites. A server with level "may" would offer anonymous ones by default.
postconf -e \
    'smtpd_tls_protocols = >=TLSv1.2' \
    'smtpd_tls_mandatory_protocols = >=TLSv1.2' \
    'smtpd_tls_ciphers = high' \
    'smtpd_tls_mandatory_ciphers = high' \
    'smtpd_tls_exclude_ciphers = aNULL, eNULL, kRSA, SHA1, SHA256, SHA384, CAMELLIA, ARIA, AESCCM' \
    'smtpd_tls_dh1024_param_file = /etc/dovecot/dh.pem' \
    'tls_preempt_cipherlist = yes' \
    'tls_ssl_options = NO_COMPRESSION, NO_RENEGOTIATION'

# 2.8, non-virtual mailboxes: the accounts are in /etc/passwd, so local_recipient_maps knows them.
# Debian runs the lmtp client in a chroot, in which /var/run/dovecot/lmtp does not exist.
postconf -e 'mailbox_transport = lmtp:unix:/var/run/dovecot/lmtp'
postconf -F 'lmtp/unix/chroot = n'

# What every server that takes mail from strangers should say or refuse; the first two are about smuggled messages.
postconf -e \
    'smtpd_forbid_bare_newline = normalize' \
    'smtpd_forbid_unauth_pipelining = yes' \
    'smtpd_data_restrictions = reject_unauth_pipelining' \
    'smtpd_helo_required = yes' \
    'disable_vrfy_command = yes' \
    'smtpd_banner = $myhostname ESMTP'

cat > /etc/aliases <<'CONF'
postmaster: root
abuse: root
mailer-daemon: postmaster
root: alice
CONF
# Postfix's programs wait until main.cf is older than a second or two. Nobody is editing it here.
touch -d '10 seconds ago' /etc/postfix/main.cf
newaliases
