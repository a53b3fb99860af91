# What RHEL's crypto policy FIPS does, in Debian's words: the module of the provider says that TLS 1.2 needs Extended
# Master Secret, and programs that read this configuration take every algorithm from it.

install -d -m 755 /etc/fips
openssl fipsinstall -quiet -ems_check -module "$(openssl version -m | cut -d'"' -f2)/fips.so" -out /etc/fips/module.cnf
cat > /etc/fips/openssl.cnf <<'CONF'
config_diagnostics = 1
openssl_conf = settings
postfix = settings
.include /etc/fips/module.cnf
[settings]
providers = providers
alg_section = algorithms
ssl_conf = policy
[providers]
fips = fips_sect
base = base
[base]
activate = 1
[algorithms]
default_properties = fips=yes
[policy]
system_default = policy_default
[policy_default]
SignatureAlgorithms = ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512:ECDSA+SHA224:RSA+SHA224
CONF
