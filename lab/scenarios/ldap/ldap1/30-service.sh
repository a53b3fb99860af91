# Debian's init script finds no process to stop on an overlay file system, so a restart would keep the old one.
echo 'SLAPD_URLS="ldap:/// ldaps:/// ldapi:///"' > /etc/default/slapd
cat > /etc/systemd/system/slapd.service <<'UNIT'
[Unit]
Description=OpenLDAP
After=network.target

[Service]
Type=forking
EnvironmentFile=/etc/default/slapd
ExecStartPre=/usr/bin/install -d -o openldap -g openldap /run/slapd
ExecStart=/usr/sbin/slapd -h ${SLAPD_URLS} -u openldap -g openldap -f /etc/ldap/slapd.conf
PIDFile=/run/slapd/slapd.pid

[Install]
WantedBy=multi-user.target
UNIT

systemctl enable slapd
