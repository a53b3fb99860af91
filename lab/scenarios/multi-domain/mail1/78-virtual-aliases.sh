# Guide 2.5, Configuring Postfix as a destination for multiple domains.

# Step 1, without the angle brackets of the guide's example: they would become part of the addresses.
cat > /etc/postfix/virtual <<'CONF'
# Addresses of the shop.
info@shop.example bob@example.com
sales@shop.example carol@example.com
orders@shop.example
    carol@example.com
CONF

# Steps 2 and 3. Nothing in the guide makes Postfix responsible for the domain; virtual_alias_domains does.
postmap hash:/etc/postfix/virtual
postconf -e \
    'virtual_alias_maps = hash:/etc/postfix/virtual' \
    'virtual_alias_domains = shop.example'
touch -d '10 seconds ago' /etc/postfix/main.cf
