# Guide 1.2.4, prerequisites: a directory whose connections support TLS, users in two trees, and an account for Dovecot that
# may search for their DNs. It reads no more than that: passwords are compared by the directory alone.

install -d -m 755 /etc/ldap/tls
install -m 644 /mnt/files/ca.crt /etc/ldap/tls/ca.crt
install -m 644 /mnt/files/ldap1.crt /etc/ldap/tls/ldap1.crt
install -m 600 -o openldap -g openldap /mnt/files/ldap1.key /etc/ldap/tls/ldap1.key

# Nothing is answered in clear text: not even an anonymous search.
cat > /etc/ldap/slapd.conf <<CONF
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile /run/slapd/slapd.pid
TLSCertificateFile /etc/ldap/tls/ldap1.crt
TLSCertificateKeyFile /etc/ldap/tls/ldap1.key
TLSCACertificateFile /etc/ldap/tls/ca.crt
TLSProtocolMin 3.3
localSSF 128
security ssf=128
access to dn.base="" by * read

database mdb
suffix "dc=example,dc=com"
rootdn "cn=admin,dc=example,dc=com"
rootpw $(slappasswd -T /mnt/files/secret-ldap-admin)
directory /var/lib/ldap
index objectClass,uid eq
access to attrs=userPassword by anonymous auth by self =xw by * none
access to dn.subtree="ou=People,dc=example,dc=com" attrs=entry,objectClass,uid
    by dn.exact="cn=dovecot_LDAP,dc=example,dc=com" read by * none
access to * by self read by * none
CONF
chown root:openldap /etc/ldap/slapd.conf
chmod 640 /etc/ldap/slapd.conf
