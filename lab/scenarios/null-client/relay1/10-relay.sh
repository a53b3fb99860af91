# The relay of guide 2.4, as far as the null client sees it: it trusts the clients' network and takes mail for the domain.

postconf -e \
    'inet_interfaces = all' \
    'myhostname = relay1.example.com' \
    'mydomain = example.com' \
    'myorigin = $mydomain' \
    'mydestination = $mydomain, $myhostname, localhost' \
    "mynetworks = 127.0.0.0/8 [::1]/128 $LAB_TRUSTED_NETWORK" \
    'smtpd_recipient_restrictions = permit_mynetworks, reject' \
    'smtpd_banner = $myhostname ESMTP'
while read -r user; do
    useradd --no-create-home --shell /usr/sbin/nologin "$user"
done < /mnt/files/accounts
touch -d '10 seconds ago' /etc/postfix/main.cf /etc/postfix/master.cf
newaliases
systemctl enable postfix
systemctl disable dovecot firewalld
