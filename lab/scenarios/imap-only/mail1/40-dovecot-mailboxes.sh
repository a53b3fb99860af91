# Guide 1.5, with each value that auto can have, on mailboxes with a special use and on one without: spam and deleted mail
# are there for clients that ask, and nobody has to look at them; the archive is made by whoever wants one.

cat > /etc/dovecot/conf.d/15-mailboxes.conf <<'CONF'
namespace inbox {
  mailbox Drafts {
    special_use = \Drafts
    auto = subscribe
  }
  mailbox Sent {
    special_use = \Sent
    auto = subscribe
  }
  mailbox Junk {
    special_use = \Junk
    auto = create
  }
  mailbox Trash {
    special_use = \Trash
    auto = create
  }
  mailbox Archive {
    special_use = \Archive
    auto = no
  }
  mailbox "Important Emails" {
    auto = create
  }
}
CONF
