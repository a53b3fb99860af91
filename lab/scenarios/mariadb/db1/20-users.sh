# Guide 1.3, prerequisites: the database dovecotDB with the table users, hashed passwords, and an account for Dovecot that
# may read the table. The guide's text asks for no more; REQUIRE SSL keeps a server that lost its TLS from being asked in
# clear text.

socket=/run/mysqld/build.sock
install -d -o mysql -g mysql /run/mysqld
mariadbd --user=mysql --skip-networking --socket="$socket" --pid-file=/run/mysqld/build.pid >/dev/null 2>&1 &
for attempt in $(seq 300); do
    mariadb-admin --socket="$socket" ping >/dev/null 2>&1 && break
    sleep 0.1
done

{
    cat <<'SQL'
CREATE DATABASE dovecotDB;
CREATE TABLE dovecotDB.users (username VARCHAR(128) NOT NULL PRIMARY KEY, password VARCHAR(255) NOT NULL);
SQL
    echo "CREATE USER dovecot@'%' IDENTIFIED BY '$(cat /mnt/files/secret-dovecot-sql)' REQUIRE SSL;"
    echo "GRANT SELECT ON dovecotDB.users TO dovecot@'%';"
    # Most passwords are of the default scheme; one carries the name of another one before it.
    while IFS=: read -r user password; do
        if [ "$user" = carol ]; then
            hash="{SHA256-CRYPT}$(printf %s "$password" | openssl passwd -5 -stdin)"
        else
            hash=$(printf %s "$password" | openssl passwd -6 -stdin)
        fi
        echo "INSERT INTO dovecotDB.users VALUES ('$user', '$hash');"
    done < /mnt/files/passwords
    # An address that is read by several people: a user like all others, but nobody's account.
    echo "INSERT INTO dovecotDB.users VALUES ('info', '$(head -c 24 /dev/urandom | base64 | openssl passwd -6 -stdin)');"
} | mariadb --socket="$socket"

mariadb-admin --socket="$socket" shutdown
wait
systemctl enable mariadb
