# Exim in Debian's split configuration: port 25 for everybody, 587 and 465 for users who log in inside TLS.

install -m 644 "/mnt/files/$LAB_MACHINE.crt" /etc/exim4/exim.crt
install -m 640 -g Debian-exim "/mnt/files/$LAB_MACHINE.key" /etc/exim4/exim.key
cat > /etc/exim4/update-exim4.conf.conf <<CONF
dc_eximconfig_configtype='internet'
dc_other_hostnames='example.com'
dc_local_interfaces=''
dc_readhost=''
dc_relay_domains=''
dc_minimaldns='false'
dc_relay_nets='$LAB_TRUSTED_NETWORK'
dc_smarthost=''
CFILEMODE='644'
dc_use_split_config='true'
dc_hide_mailname=''
dc_mailname_in_oh='true'
dc_localdelivery='maildir_home'
CONF
echo "$LAB_NAME" > /etc/mailname
cat > /etc/exim4/conf.d/main/00_local <<CONF
MAIN_HARDCODE_PRIMARY_HOSTNAME = $LAB_NAME
MAIN_TLS_ENABLE = yes
MAIN_TLS_CERTIFICATE = /etc/exim4/exim.crt
MAIN_TLS_PRIVATEKEY = /etc/exim4/exim.key
MAIN_TLS_TRY_VERIFY_HOSTS =
CHECK_RCPT_LOCAL_ACL_FILE = /etc/exim4/rcpt
daemon_smtp_ports = 25 : 465 : 587
tls_on_connect_ports = 465
tls_require_ciphers = NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-DHE-RSA:-CIPHER-ALL:+AES-256-GCM:+AES-128-GCM:+CHACHA20-POLY1305
MAIN_HOST_LOOKUP =
rfc1413_query_timeout = 0s
smtp_accept_max = 100
smtp_banner = \$primary_hostname ESMTP
CONF
cat > /etc/exim4/rcpt <<'CONF'
  deny
    condition = ${if or{{={$received_port}{587}}{={$received_port}{465}}}}
    !authenticated = *
    message = log in first
CONF
cat > /etc/exim4/conf.d/auth/40_local <<'CONF'
plain_server:
  driver = plaintext
  public_name = PLAIN
  server_condition = "${if crypteq{$auth3}{${extract{1}{:}{${lookup{$auth2}lsearch{/etc/exim4/passwd}{$value}{*:*}}}}}{1}{0}}"
  server_set_id = $auth2
  server_prompts = :
  server_advertise_condition = ${if eq{$tls_in_cipher}{}{}{*}}
login_server:
  driver = plaintext
  public_name = LOGIN
  server_prompts = "Username:: : Password::"
  server_condition = "${if crypteq{$auth2}{${extract{1}{:}{${lookup{$auth1}lsearch{/etc/exim4/passwd}{$value}{*:*}}}}}{1}{0}}"
  server_set_id = $auth1
  server_advertise_condition = ${if eq{$tls_in_cipher}{}{}{*}}
CONF
update-exim4.conf
systemctl enable exim4
