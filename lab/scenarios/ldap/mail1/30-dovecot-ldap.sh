# Guide 1.2.4, Using LDAP as the Dovecot authentication backend, and 2.10.3 step 1c (mechanisms).

# Step 1. %Ln: Postfix hands over alice@example.com, and the directory knows alice. That the domain is right is for Postfix to
# check; with several domains the filters would need whole addresses, and %Lu here.
cat > /etc/dovecot/conf.d/10-auth.conf <<'CONF'
disable_plaintext_auth = yes
auth_username_format = %Ln
auth_mechanisms = plain login
#!include auth-system.conf.ext
!include auth-ldap.conf.ext
CONF

# Step 2.
cat > /etc/dovecot/conf.d/auth-ldap.conf.ext <<'CONF'
passdb {
  driver = ldap
  args = /etc/dovecot/dovecot-ldap.conf.ext
}
userdb {
  driver = ldap
  args = /etc/dovecot/dovecot-ldap.conf.ext
  override_fields = uid=vmail gid=vmail home=/var/mail/%n/
}
CONF

# Steps 3 and 4. The file is made unreadable before the password is in it.
# scope: the guide's "onelevel" does not see users in different trees, which is what its dynamic look-up is for.
# user_filter, iterate_filter: their defaults want the class posixAccount, though the guide says that accounts need no
# special attributes.
install -d -m 755 /etc/pki/tls/certs
install -m 644 /mnt/files/ca.crt /etc/pki/tls/certs/ca.crt
install -m 600 -o root -g root /dev/null /etc/dovecot/dovecot-ldap.conf.ext
cat > /etc/dovecot/dovecot-ldap.conf.ext <<CONF
dn = cn=dovecot_LDAP,dc=example,dc=com
dnpass = $(cat /mnt/files/secret-ldap-search)
pass_filter = (&(objectClass=inetOrgPerson)(uid=%n))
auth_bind = yes
uris = ldaps://ldap1.example.com
tls_ca_cert_file = /etc/pki/tls/certs/ca.crt
tls_require_cert = hard
base = ou=People,dc=example,dc=com
scope = subtree
user_filter = (&(objectClass=inetOrgPerson)(uid=%n))
iterate_filter = (objectClass=inetOrgPerson)
CONF
