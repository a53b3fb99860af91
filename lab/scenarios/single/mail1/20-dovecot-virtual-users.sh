# Guide 1.1.3, Preparing Dovecot to use virtual users.

# Step 1.
useradd --home-dir /var/mail/ --shell /usr/sbin/nologin vmail

# Step 2 sets an SELinux context, and only for another path than /var/mail/.

# Step 3. Debian ships the directory setgid; chmod keeps that bit, so ls shows drwx--S---.
chown vmail:vmail /var/mail/
chmod 700 /var/mail/

# Step 4. %n leaves out the domain: with two domains, users of the same name would share a mailbox. Here is one domain.
# 1.1.4 step 1: first_valid_uid. See 30-dovecot-pam.sh for why it is not enough.
cat > /etc/dovecot/conf.d/10-mail.conf <<'CONF'
mail_location = sdbox:/var/mail/%n/
first_valid_uid = 1000
namespace inbox {
  inbox = yes
}
CONF
