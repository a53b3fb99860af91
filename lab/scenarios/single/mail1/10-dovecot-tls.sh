# Guide 1.1.2, Configuring TLS encryption on a Dovecot server. 1.1.1 (dnf install) is the image's part.

install -d -m 755 /etc/pki/dovecot/certs
install -d -m 700 /etc/pki/dovecot/private
install -m 644 "/mnt/files/$LAB_MACHINE.crt" /etc/pki/dovecot/certs/$LAB_NAME.crt
install -m 644 /mnt/files/ca.crt /etc/pki/dovecot/certs/ca.crt
install -m 600 "/mnt/files/$LAB_MACHINE.key" /etc/pki/dovecot/private/$LAB_NAME.key

# Step 1. The key is readable by root only.
chown root:root /etc/pki/dovecot/private/$LAB_NAME.key
chmod 600 /etc/pki/dovecot/private/$LAB_NAME.key

# Step 2. 4096 bits as the guide has it, but the group of RFC 7919: no minutes of searching for a prime, and a
# client can recognise it.
openssl genpkey -genparam -algorithm DH -pkeyopt group:ffdhe4096 -out /etc/dovecot/dh.pem

# Step 3. Every path that Dovecot is to read a value from begins with "<". Debian's certificate is replaced.
# ssl = required, not yes: the guide says that no clear-text login is taken, and this setting alone ensures it.
# The cipher list leaves out what is not forward secret or not authenticated encryption; the guide names none.
cat > /etc/dovecot/conf.d/10-ssl.conf <<CONF
ssl = required
ssl_cert = </etc/pki/dovecot/certs/$LAB_NAME.crt
ssl_key = </etc/pki/dovecot/private/$LAB_NAME.key
ssl_ca = </etc/pki/dovecot/certs/ca.crt
ssl_dh = </etc/dovecot/dh.pem
ssl_min_protocol = TLSv1.2
ssl_cipher_list = ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20
ssl_prefer_server_ciphers = yes
CONF
