#!/bin/bash
# Prepare a machine for the suite and its lab: Debian packages, then a virtual environment in .venv.
# Does nothing that has been done already, so every make target may call it. Arguments are further
# lists of packages.
set -eu
cd "$(dirname "$0")/.."

# Two make runs at once must not install into the same place.
mkdir -p lab/.state
exec 9> lab/.state/prepare.lock
flock 9

stamp=.venv/prepared
as_root=
[ "$(id -u)" -eq 0 ] || as_root=sudo

say() { echo "mailvet: $*" >&2; }
die() { say "$*"; exit 2; }

install_packages() {
    local missing=() present
    command -v dpkg-query >/dev/null || { say "not a Debian system: install what lab/packages.txt lists"; return; }
    present=$(dpkg-query --show --showformat='|${Package} ${db:Status-Status}|' "$@" 2>/dev/null) || true
    for package in "$@"; do
        [[ $present == *"|$package installed|"* ]] || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    [ -z "$as_root" ] || command -v sudo >/dev/null || die "run as root, or install sudo: ${missing[*]} must be installed"
    say "installing Debian packages: ${missing[*]}"
    $as_root apt-get -qq update
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends "${missing[@]}" >/dev/null
}

find_python() {
    command -v python3 >/dev/null || install_packages python3 python3-venv
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        die "python3 is $(python3 -V 2>&1), and 3.11 or later is needed"
    python3 -c 'import ensurepip' 2>/dev/null || install_packages python3-venv
}

make_environment() {
    local constraints=()
    [ ! -e constraints.txt ] || constraints=(-c constraints.txt)
    if [ -e "$stamp" ] && [ ! pyproject.toml -nt "$stamp" ] && [ ! constraints.txt -nt "$stamp" ]; then
        return
    fi
    say "installing the suite into .venv"
    [ -x .venv/bin/python ] || python3 -m venv .venv
    .venv/bin/python -m pip install --quiet --quiet "${constraints[@]}" -e '.[test]'
    touch "$stamp"
}

# shellcheck disable=SC2046 # package names have no spaces
install_packages $(sed 's/#.*//' lab/packages.txt "$@")
find_python
make_environment
