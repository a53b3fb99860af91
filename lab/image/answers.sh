#!/bin/sh
# Run by mmdebstrap on the image in $1 before packages are installed: answers to their questions.
# Unanswered, Postfix's configuration depends on the machine that builds the image; on some it gets no protocols at all.
set -eu
chroot "$1" debconf-set-selections <<'ANSWERS'
postfix postfix/main_mailer_type select Internet Site
postfix postfix/mailname string localhost
postfix postfix/destinations string localhost
postfix postfix/mynetworks string 127.0.0.0/8 [::1]/128
postfix postfix/protocols select all
ANSWERS
