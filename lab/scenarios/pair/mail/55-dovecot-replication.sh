# Guide 1.4, Configuring replication between two Dovecot servers.

# Step 2 first: the file is unreadable before the password is in it.
install -m 600 -o root -g root /dev/null /etc/dovecot/conf.d/10-replication.conf

# Step 1. "tcp:", as the guide has it: mail and the password cross the network in clear text, and the profile says that
# nobody else is on the way. Encrypted replication is the scenario pair-tls: with it Dovecot's syncs hang now and then.
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
  }
}
doveadm_password = $(cat /mnt/files/secret-replication)
plugin {
  mail_replica = tcp:$LAB_PARTNER_NAME:12345
}
replication_max_conns = 20
CONF
