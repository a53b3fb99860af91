# Both servers synchronise all users when they start. A host counts as up when that is done: whatever is changed before
# makes a sync fail, and Dovecot tries again after five minutes only.

cat > /usr/local/sbin/first-sync <<'SCRIPT'
#!/bin/sh
for try in $(seq 60); do
    waiting=$(doveadm replicator status '*' 2>/dev/null | sed 1d | awk '$2 != "none" || $(NF-1) == "-" || $NF != "-"' | wc -l)
    [ "$waiting" -gt 0 ] || exit 0
    [ $((try % 10)) -gt 0 ] || doveadm replicator replicate '*'
    sleep 0.5
done
exit 0
SCRIPT
chmod 755 /usr/local/sbin/first-sync
cat > /etc/systemd/system/first-sync.service <<'UNIT'
[Unit]
Description=Wait until all users are synchronised with the partner
After=dovecot.service

[Service]
Type=oneshot
ExecStart=/usr/local/sbin/first-sync

[Install]
WantedBy=multi-user.target
UNIT
systemctl enable first-sync
