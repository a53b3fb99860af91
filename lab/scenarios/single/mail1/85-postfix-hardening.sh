# Guide 2.10.2, Postfix configuration options for limiting DoS attacks. 2.10.1: the accounts have no shell from the start.

# An audit connects some fifty times a minute, from outside mynetworks; the lab makes many of them. Real hosts have lower
# limits, and exempt the auditing machine.
postconf -e \
    'smtpd_client_connection_rate_limit = 1000' \
    'smtpd_client_message_rate_limit = 1000' \
    'anvil_rate_time_unit = 60s' \
    'smtpd_client_event_limit_exceptions = $mynetworks' \
    'default_process_limit = 100' \
    'message_size_limit = 10240000' \
    'header_size_limit = 102400' \
    'queue_minfree = 20971520'
touch -d '10 seconds ago' /etc/postfix/main.cf
