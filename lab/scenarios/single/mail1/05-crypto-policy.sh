# RHEL 9's crypto policy DEFAULT lets nobody sign handshakes with SHA-1. Debian has no policies, and
# Postfix takes OpenSSL's security level down to 0 for other mail servers.

sed -i 's/^\[openssl_init\].*/&\nssl_conf = crypto_policy/' /etc/ssl/openssl.cnf
cat >> /etc/ssl/openssl.cnf <<'CONF'

[crypto_policy]
system_default = crypto_policy_default

[crypto_policy_default]
SignatureAlgorithms = ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448:rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512:ECDSA+SHA224:RSA+SHA224
CONF
