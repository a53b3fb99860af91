# Guide 2.6, prerequisites: a directory with the required schema, and credentials for Postfix. Nothing is answered in clear text.

install -d -m 755 /etc/ldap/tls
install -m 644 /mnt/files/ca.crt /etc/ldap/tls/ca.crt
install -m 644 /mnt/files/ldap1.crt /etc/ldap/tls/ldap1.crt
install -m 600 -o openldap -g openldap /mnt/files/ldap1.key /etc/ldap/tls/ldap1.key

cat > /etc/ldap/slapd.conf <<CONF
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/misc.schema
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
index objectClass,mailLocalAddress eq
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree="ou=Aliases,dc=example,dc=com" by dn.exact="cn=postfix_LDAP,dc=example,dc=com" read by * none
access to * by self read by * none
CONF
chown root:openldap /etc/ldap/slapd.conf
chmod 640 /etc/ldap/slapd.conf

hash() { openssl passwd -6 -stdin; }

cat > /root/entries.ldif <<LDIF
dn: dc=example,dc=com
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: cn=postfix_LDAP,dc=example,dc=com
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: postfix_LDAP
userPassword: {CRYPT}$(hash < /mnt/files/secret-ldap-postfix)

dn: ou=Aliases,dc=example,dc=com
objectClass: organizationalUnit
ou: Aliases

dn: cn=help,ou=Aliases,dc=example,dc=com
objectClass: organizationalRole
objectClass: inetLocalMailRecipient
cn: help
mailLocalAddress: help@shop.example
mailRoutingAddress: bob@example.com

dn: cn=press,ou=Aliases,dc=example,dc=com
objectClass: organizationalRole
objectClass: inetLocalMailRecipient
cn: press
mailLocalAddress: press@shop.example
mailRoutingAddress: carol@example.com
LDIF

rm -rf /var/lib/ldap/*
slapadd -f /etc/ldap/slapd.conf -l /root/entries.ldif
rm /root/entries.ldif
chown -R openldap:openldap /var/lib/ldap
