# Guide 1.8, Enabling server-side email filtering using Sieve.

# Step 2.
cat > /etc/dovecot/conf.d/20-managesieve.conf <<'CONF'
protocols = $protocols sieve
CONF

# The guide stops there: scripts can be uploaded and activated, and none is ever run. The plug-in that runs them has to
# be loaded where mail is delivered.
cat > /etc/dovecot/conf.d/20-lmtp.conf <<'CONF'
protocol lmtp {
  mail_plugins = $mail_plugins sieve
  postmaster_address = postmaster@example.com
}
CONF
