# Guide 1.4, Configuring replication between two Dovecot servers.

# Step 2 first: the file is unreadable before the password is in it.
install -m 600 -o root -g root /dev/null /etc/dovecot/conf.d/10-replication.conf

# Step 1. The guide has "tcp:", with which mail and the password cross the network in clear text. For "tcps:" the listener
# needs ssl = yes, and the other server's certificate is verified with ssl_client_ca_file. The guide's ssl_ca (1.1.2) makes
# Dovecot want revocation lists of this authority as well, unless ssl_require_crl = no.
cat > /etc/dovecot/conf.d/10-replication.conf <<CONF
mail_plugins = \$mail_plugins notify replication

service replicator {
  process_min_avail = 1
  unix_listener replicator-doveadm {
    mode = 0600
    user = vmail
  }
}
service aggregator {
  fifo_listener replication-notify-fifo {
    user = vmail
  }
  unix_listener replication-notify {
    user = vmail
  }
}
service doveadm {
  inet_listener {
    port = 12345
    ssl = yes
  }
}
doveadm_password = $(cat /mnt/files/secret-replication)
ssl_require_crl = no
ssl_client_ca_file = /etc/pki/dovecot/certs/ca.crt
plugin {
  mail_replica = tcps:$LAB_PARTNER_NAME:12345
}
replication_max_conns = 20
CONF
