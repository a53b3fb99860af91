# Guide 1.5, Automatically subscribing users to IMAP mailboxes.

cat > /etc/dovecot/conf.d/15-mailboxes.conf <<'CONF'
namespace inbox {
  mailbox Drafts {
    special_use = \Drafts
    auto = subscribe
  }
  mailbox Junk {
    special_use = \Junk
    auto = subscribe
  }
  mailbox Trash {
    special_use = \Trash
    auto = subscribe
  }
  mailbox Sent {
    special_use = \Sent
    auto = subscribe
  }
  mailbox Templates {
    auto = create
  }
  mailbox Notes {
    auto = no
  }
}
CONF
