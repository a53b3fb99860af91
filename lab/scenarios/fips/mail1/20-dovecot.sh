# Dovecot 2.4, as little of it as takes logins; of whom there are none. It does not ask for the
# system's ciphers, so what RHEL's crypto policy leaves out it has to be told.

install -d -m 700 /etc/dovecot/private
install -m 644 "/mnt/files/$LAB_MACHINE.crt" /etc/dovecot/server.crt
install -m 600 "/mnt/files/$LAB_MACHINE.key" /etc/dovecot/private/server.key
cat > /etc/dovecot/dovecot.conf <<'CONF'
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
protocols = imap pop3
listen = *
import_environment {
  OPENSSL_CONF = /etc/fips/openssl.cnf
}
ssl = required
ssl_server_cert_file = /etc/dovecot/server.crt
ssl_server_key_file = /etc/dovecot/private/server.key
ssl_curve_list = P-256:P-384:P-521
ssl_cipher_list = ALL:!kRSA:!aNULL:!eNULL:!PSK:!SRP:-SHA384
mail_driver = maildir
mail_path = ~/Maildir
passdb pam {
}
userdb passwd {
}
auth_mechanisms = plain login
service auth {
  unix_listener /var/spool/postfix/private/auth {
    mode = 0660
    user = postfix
    group = postfix
  }
}
CONF
install -d /etc/systemd/system/dovecot.service.d
printf '[Service]\nEnvironment=OPENSSL_CONF=/etc/fips/openssl.cnf\n' > /etc/systemd/system/dovecot.service.d/fips.conf
systemctl enable dovecot
