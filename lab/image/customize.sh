#!/bin/sh
# Run by mmdebstrap on the unpacked image, whose root directory is $1.
set -eu
root=$1

# Nothing in a lab host lives long enough for these, and each of them delays or disturbs a boot.
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
    systemd-tmpfiles-clean.timer getty@tty1.service console-getty.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done

# The kernel's log belongs to the machine, not to a container.
[ ! -e "$root/etc/rsyslog.conf" ] || sed -i 's/^module(load="imklog")/#&/' "$root/etc/rsyslog.conf"

# A lab host must never reach the Internet: a probe that a mutant lets through would otherwise send real mail.
cat > "$root/etc/systemd/system/no-way-out.service" <<'UNIT'
[Unit]
Description=Remove the default route, so that no mail leaves the lab
DefaultDependencies=no
Before=basic.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=-/usr/sbin/ip route del default

[Install]
WantedBy=basic.target
UNIT
mkdir -p "$root/etc/systemd/system/basic.target.wants"
ln -s ../no-way-out.service "$root/etc/systemd/system/basic.target.wants/no-way-out.service"

# Every host gets the lab's own key when it is configured; the image's would be the same on all machines of the world.
rm -f "$root"/etc/ssh/ssh_host_*
rm -f "$root"/etc/apt/apt.conf.d/99mmdebstrap "$root"/etc/apt/sources.list
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/debconf/*-old "$root"/var/log/apt "$root"/var/log/dpkg.log
