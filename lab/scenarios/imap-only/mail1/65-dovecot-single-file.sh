# Guide 1.9, How Dovecot processes configuration files: all settings in dovecot.conf, and no include in it.
# Files that the settings name by path, such as the parameters of Diffie-Hellman, stay where they are.

doveconf -nP > /root/dovecot.conf
cp /root/dovecot.conf /etc/dovecot/dovecot.conf
rm -r /root/dovecot.conf /etc/dovecot/conf.d
