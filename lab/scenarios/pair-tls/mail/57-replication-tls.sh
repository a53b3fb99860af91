# Guide 1.4 step 1, with TLS: the listener needs ssl = yes, and the other server's certificate is verified with
# ssl_client_ca_file. The guide's ssl_ca (1.1.2) makes Dovecot want revocation lists of this authority as well, unless
# ssl_require_crl = no.

sed -i 's/= tcp:/= tcps:/; s/port = 12345/&\n    ssl = yes/' /etc/dovecot/conf.d/10-replication.conf
cat >> /etc/dovecot/conf.d/10-replication.conf <<'CONF'
ssl_require_crl = no
ssl_client_ca_file = /etc/pki/dovecot/certs/ca.crt
CONF
