# Guide 1.1.4, Using PAM as the Dovecot authentication backend, and 2.10.3 step 1c (mechanisms).

# Step 2. The users' mail belongs to vmail, whatever /etc/passwd says.
cat > /etc/dovecot/conf.d/auth-system.conf.ext <<'CONF'
passdb {
  driver = pam
}
userdb {
  driver = passwd
  override_fields = uid=vmail gid=vmail home=/var/mail/%n/
}
CONF

# The guide says that first_valid_uid keeps system accounts out. With override_fields it is vmail's uid that is compared,
# so root could log in over IMAPS. PAM has to ask for the account's own uid.
sed -i '/^@include common-auth/i auth requisite pam_succeed_if.so uid >= 1000 quiet' /etc/pam.d/dovecot

# %Ln: Postfix hands over alice@example.com, and /etc/passwd knows alice. With Dovecot's default (%Lu) LMTP answers
# 550 User doesn't exist. That the domain is right is for Postfix to check (mydestination).
cat > /etc/dovecot/conf.d/10-auth.conf <<'CONF'
disable_plaintext_auth = yes
auth_username_format = %Ln
auth_mechanisms = plain login
!include auth-system.conf.ext
CONF

# The accounts: no home directory, no shell (2.10.1).
while read -r user; do
    useradd --no-create-home --shell /usr/sbin/nologin "$user"
done < /mnt/files/accounts
# The hash that RHEL 9 makes; Debian's takes fifteen times as long at every login.
chpasswd -c SHA512 < /mnt/files/passwords
