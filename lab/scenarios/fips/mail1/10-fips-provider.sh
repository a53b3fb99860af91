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
[providers]
fips = fips_sect
base = base
[base]
activate = 1
[algorithms]
default_properties = fips=yes
CONF
