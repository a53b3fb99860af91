"""
Two Dovecot servers that replicate with each other, seen side by side.
"""

from dataclasses import dataclass

from mailvet.facts.replication import Replica, ReplicationSide
from mailvet.model import Cause

_TCP = frozenset({"tcp", "tcps"})


@dataclass(frozen=True, slots=True)
class PairFacts:
    """
    The audited server and its partner.

    Attributes:
        own: The audited server.
        other: Its partner; None if nothing could be seen there.
        why_alone: Why not.
        why_alone_cause: The same as a cause.
        partner_names: Names and addresses of the partner in the inventory, resolved.
        same_password: Whether both have the same ``doveadm_password``; None if that is not known.
        same_users: Whether both list the same users; None if that is not known.
    """

    own: ReplicationSide
    other: ReplicationSide | None
    why_alone: str
    why_alone_cause: Cause
    partner_names: tuple[str, ...]
    same_password: bool | None
    same_users: bool | None

    @property
    def names_partner(self) -> str:
        """
        What is wrong with the partner that the audited server names; empty if nothing is.
        """
        return self._wrong(self.own, self.other, self.partner_names)

    @property
    def is_named(self) -> str:
        """
        What is wrong with the partner that the other server names; empty if nothing is.
        """
        return self._wrong(self.other, self.own, ()) if self.other else self.why_alone

    def _wrong(
        self, side: ReplicationSide, other: ReplicationSide | None, names: tuple[str, ...]
    ) -> str:
        if not side.replicas:
            return f"{side.host} names no partner"
        replica = side.replicas[0]
        if replica.scheme not in _TCP:
            return f"{side.host}: {replica.value} is neither tcp: nor tcps:"
        places = {replica.host, *replica.addresses}
        if places & set(side.addresses):
            return f"{side.host}: {replica.value} leads to itself"
        known = {*names, *(other.addresses if other else ())}
        if not places & known:
            shown = ", ".join(replica.addresses) or "unknown address"
            return f"{side.host}: {replica.value} ({shown}) leads to somebody else"
        if other and not other.serves(replica.port):
            return f"{side.host}: {replica.value}, but {other.host} does not listen there"
        return ""

    @property
    def differences(self) -> tuple[str, ...]:
        """
        What differs in the way in which the two ask for accounts.
        """
        if self.other is None:
            return ()
        own, other = self.own, self.other
        found = [
            f"{what}: {', '.join(mine)} and {', '.join(theirs)}"
            for what, mine, theirs in (
                ("password databases", own.passdbs, other.passdbs),
                ("user databases", own.userdbs, other.userdbs),
            )
            if mine != theirs
        ]
        here, there = dict(own.backend), dict(other.backend)
        found += [
            f"{name}: {here.get(name, 'unset')!r} and {there.get(name, 'unset')!r}"
            for name in sorted({*here, *there})
            if here.get(name) != there.get(name)
        ]
        return tuple(found)

    @property
    def clear_ways(self) -> tuple[str, ...]:
        """
        Where mail or the password would cross the network in clear text, or to anybody.
        """
        found = []
        for side, other in ((self.own, self.other), (self.other, self.own)):
            if side is None:
                continue
            for replica in side.replicas:
                found += _open(side, replica, other)
        return tuple(found)


def _open(side: ReplicationSide, replica: Replica, other: ReplicationSide | None) -> list[str]:
    if replica.scheme != "tcps":
        return [f"{side.host}: {replica.value} is not encrypted"]
    listener = other.serves(replica.port) if other else None
    found = []
    if listener is not None and not listener.tls and other is not None:
        found.append(f"{other.host}: the listener on {replica.port} has no ssl = yes")
    if not side.client_ca:
        found.append(f"{side.host}: neither ssl_client_ca_file nor ssl_client_ca_dir is set")
    return found
