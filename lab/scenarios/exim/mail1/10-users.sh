# Users of the system, who have Maildirs. Exim has a list of its own for SMTP AUTH.

while IFS=: read -r user password; do
    useradd -m -s /usr/sbin/nologin "$user"
    echo "$user:$password" | chpasswd
    su -s /bin/sh -c 'maildirmake ~/Maildir 2>/dev/null || maildirmake.courier ~/Maildir' "$user"
    echo "$user:$(printf %s "$password" | openssl passwd -6 -stdin)"
done < /mnt/files/passwords > /etc/exim4/passwd
chown root:Debian-exim /etc/exim4/passwd
chmod 640 /etc/exim4/passwd
