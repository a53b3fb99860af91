# Make a machine of the base image reachable: names, the lab's ssh keys, sshd.
# Run first on every machine. Files of the lab are in /mnt/files while a machine is configured.

install -m 644 /mnt/files/hosts /etc/hosts
install -m 600 /mnt/files/ssh_host_ed25519_key /etc/ssh/ssh_host_ed25519_key
install -m 644 /mnt/files/ssh_host_ed25519_key.pub /etc/ssh/ssh_host_ed25519_key.pub
install -d -m 700 /root/.ssh
install -m 600 /mnt/files/authorized_keys /root/.ssh/authorized_keys

cat > /etc/ssh/sshd_config.d/lab.conf <<'CONF'
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
UseDNS no
CONF

# For the machines that run sshd alone, without systemd to make it.
install -d -m 755 /run/sshd
