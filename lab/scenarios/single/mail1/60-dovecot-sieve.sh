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

# A filter for all users, as the guide's introduction mentions one: mail that a spam filter marked goes to Junk.
# Users' processes cannot write here, so the script is compiled now.
install -d -m 755 /etc/dovecot/sieve
cat > /etc/dovecot/sieve/spam.sieve <<'SIEVE'
require ["fileinto"];
if header :is "X-Spam-Flag" "YES" {
  fileinto "Junk";
  stop;
}
SIEVE
cat > /etc/dovecot/conf.d/90-sieve.conf <<'CONF'
plugin {
  sieve = file:~/sieve;active=~/.dovecot.sieve
  sieve_before = /etc/dovecot/sieve/
}
CONF
sievec /etc/dovecot/sieve/spam.sieve
chmod 644 /etc/dovecot/sieve/spam.svbin
