# Guide 2.6, Using an LDAP directory as a lookup table, beside the file of 2.5.

install -m 644 /mnt/files/ca.crt /etc/pki/tls/certs/ca.crt

# Step 1. The file is made unreadable before the password is in it. What the guide leaves out: version (2 unless it is set,
# except in Debian's package), TLS, and that the certificate is verified (off unless it is set).
install -m 640 -o root -g postfix /dev/null /etc/postfix/ldap-aliases.cf
cat > /etc/postfix/ldap-aliases.cf <<CONF
server_host = ldaps://ldap1.example.com
search_base = ou=Aliases,dc=example,dc=com
version = 3
tls_require_cert = yes
tls_ca_cert_file = /etc/pki/tls/certs/ca.crt
bind = yes
bind_dn = cn=postfix_LDAP,dc=example,dc=com
bind_pw = $(cat /mnt/files/secret-ldap-postfix)
query_filter = (mailLocalAddress=%s)
result_attribute = mailRoutingAddress
CONF

# Step 2 of the guide would put this table in the place of the other one. "proxy:" because smtpd runs in a chroot here, in
# which the library does not find the authority's certificate.
postconf -e 'virtual_alias_maps = hash:/etc/postfix/virtual, proxy:ldap:/etc/postfix/ldap-aliases.cf'
touch -d '10 seconds ago' /etc/postfix/main.cf
