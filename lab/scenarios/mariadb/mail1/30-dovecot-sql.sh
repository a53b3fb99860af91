# Guide 1.3.4, Using a MariaDB SQL database as the Dovecot authentication backend, and 2.10.3 step 1c (mechanisms).
# Step 1 (dnf install dovecot-mysql) is the image's part.

# Step 2. %Ln: Postfix hands over alice@example.com, and the table knows alice. That the domain is right is for Postfix to
# check; with several domains the table would need whole addresses, and %Lu here.
cat > /etc/dovecot/conf.d/10-auth.conf <<'CONF'
disable_plaintext_auth = yes
auth_username_format = %Ln
auth_mechanisms = plain login
!include auth-sql.conf.ext
CONF

# Step 3.
cat > /etc/dovecot/conf.d/auth-sql.conf.ext <<'CONF'
passdb {
  driver = sql
  args = /etc/dovecot/dovecot-sql.conf.ext
}
userdb {
  driver = sql
  args = /etc/dovecot/dovecot-sql.conf.ext
  override_fields = uid=vmail gid=vmail home=/var/mail/%n/
}
CONF

# Steps 4 and 5. The file is made unreadable before the password is in it; the package ships it readable.
install -d -m 755 /etc/pki/tls/certs
install -m 644 /mnt/files/ca.crt /etc/pki/tls/certs/ca.crt
install -m 600 -o root -g root /dev/null /etc/dovecot/dovecot-sql.conf.ext
cat > /etc/dovecot/dovecot-sql.conf.ext <<CONF
driver = mysql
connect = host=db1.example.com dbname=dovecotDB user=dovecot password=$(cat /mnt/files/secret-dovecot-sql) ssl_ca=/etc/pki/tls/certs/ca.crt
default_pass_scheme = SHA512-CRYPT
user_query = SELECT username FROM users WHERE username='%u';
password_query = SELECT username AS user, password FROM users WHERE username='%u';
iterate_query = SELECT username FROM users;
CONF

# Beyond the guide: when a connection fails, Dovecot 2.3 forgets ssl_ca and comes back without TLS, which db1 refuses
# (REQUIRE SSL), so that it would never recover from an outage. It reads a file of the client library again each time. Its
# process `auth` reads it as the user dovecot.
cat > /etc/dovecot/dovecot-sql.cnf <<'CONF'
[client]
ssl-ca = /etc/pki/tls/certs/ca.crt
ssl-verify-server-cert
CONF
chown root:dovecot /etc/dovecot/dovecot-sql.cnf
chmod 640 /etc/dovecot/dovecot-sql.cnf
sed -i '/^connect/s#$# option_file=/etc/dovecot/dovecot-sql.cnf#' /etc/dovecot/dovecot-sql.conf.ext
