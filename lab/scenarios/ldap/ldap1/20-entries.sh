# The entries. Users of the office have a Unix account somewhere else, with attributes that Dovecot does not need; those of
# sales have nothing but a name and a password (guide 1.2.4: "do not require any special attributes").

hash() { openssl passwd -6 -stdin; }

{
    cat <<LDIF
dn: dc=example,dc=com
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: cn=dovecot_LDAP,dc=example,dc=com
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: dovecot_LDAP
userPassword: {CRYPT}$(hash < /mnt/files/secret-ldap-search)

dn: ou=People,dc=example,dc=com
objectClass: organizationalUnit
ou: People

dn: ou=Office,ou=People,dc=example,dc=com
objectClass: organizationalUnit
ou: Office

dn: ou=Sales,ou=People,dc=example,dc=com
objectClass: organizationalUnit
ou: Sales

LDIF
    number=20000
    while IFS=: read -r user password; do
        number=$((number + 1))
        case $user in alice|bob) tree=Office ;; *) tree=Sales ;; esac
        printf 'dn: uid=%s,ou=%s,ou=People,dc=example,dc=com\n' "$user" "$tree"
        printf 'objectClass: inetOrgPerson\nuid: %s\ncn: %s\nsn: Example\n' "$user" "$user"
        printf 'userPassword: {CRYPT}%s\n' "$(printf %s "$password" | hash)"
        if [ "$tree" = Office ]; then
            printf 'objectClass: posixAccount\nuidNumber: %s\ngidNumber: %s\nhomeDirectory: /home/%s\n' \
                "$number" "$number" "$user"
        fi
        echo
    done < /mnt/files/passwords
} > /root/entries.ldif

rm -rf /var/lib/ldap/*
slapadd -f /etc/ldap/slapd.conf -l /root/entries.ldif
rm /root/entries.ldif
chown -R openldap:openldap /var/lib/ldap
