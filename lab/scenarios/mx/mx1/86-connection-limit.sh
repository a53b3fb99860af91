# 2.10.2. A limit that can be tried without being a nuisance; its time unit is short so that one audit does not hinder the next.
postconf -e 'smtpd_client_connection_rate_limit = 60' 'anvil_rate_time_unit = 10s'
touch -d '10 seconds ago' /etc/postfix/main.cf
