# Guide 1.3, prerequisites: connections to the MariaDB server support TLS encryption.

install -d -m 755 /etc/mysql/tls
install -m 644 /mnt/files/db1.crt /etc/mysql/tls/db1.crt
install -m 600 -o mysql -g mysql /mnt/files/db1.key /etc/mysql/tls/db1.key
cat > /etc/mysql/mariadb.conf.d/90-lab.cnf <<'CONF'
[mysqld]
bind-address = 0.0.0.0
skip-name-resolve
ssl_cert = /etc/mysql/tls/db1.crt
ssl_key = /etc/mysql/tls/db1.key
tls_version = TLSv1.2,TLSv1.3
# Small: many of these run side by side.
innodb_buffer_pool_size = 16M
innodb_log_file_size = 4M
performance_schema = off
CONF
