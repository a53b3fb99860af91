"""
What a target must be like.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mailvet.model.endpoint import Endpoint, Protocol


@dataclass(frozen=True, slots=True)
class ExpectTlsPolicy:
    """
    What somebody who writes down rules for TLS allows. Empty lists and 0 say nothing.

    Attributes:
        name: Whose rules, and of when.
        versions: Protocol versions that may be accepted.
        required: Those of them that must be.
        suites: Patterns of suites that may be accepted, as ``fnmatch`` has them, of the
            registry's names without ``TLS_``.
        groups: Groups for the key exchange that may be accepted, as the registry names them.
        signatures: Patterns of schemes with which TLS 1.2 may sign the key exchange, of the
            registry's names (``*_sha256``).
        rsa_bits: Least size of RSA keys in certificates, in bits.
        ec_bits: Least size of keys on elliptic curves in certificates, in bits.
        dh_bits: Least size of Diffie-Hellman primes, in bits.
        hashes: Hashes that signatures in certificates may be made with; names of OpenSSL.
        ems: ``offered`` if TLS 1.2 must have Extended Master Secret, ``enforced`` if it must also
            be refused without.
        certificate_days: Longest time for which a certificate may be valid, in days.
    """

    name: str = ""
    versions: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    suites: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()
    rsa_bits: int = 0
    ec_bits: int = 0
    dh_bits: int = 0
    hashes: tuple[str, ...] = ()
    ems: str = ""
    certificate_days: int = 0


@dataclass(frozen=True, slots=True)
class ExpectTls:
    """
    What TLS must be like.

    Attributes:
        minimum: Oldest protocol version that may be negotiated.
        minimum_days: Days that a certificate must at least remain valid.
        ems_required: Whether TLS 1.2 without Extended Master Secret must be refused (FIPS mode).
        tls13: Whether TLS 1.3 must be available.
        public_trust_smtp: Whether port 25 must show a certificate that clients can verify.
        key_files_private: Whether only root may read key files.
        dh_bits: Least size of Diffie-Hellman parameters, in bits.
        policy: Rules that every port must keep to; the profiles ``tls/*`` have some.
    """

    minimum: str = "TLSv1.2"
    minimum_days: int = 14
    ems_required: bool = False
    tls13: bool = True
    public_trust_smtp: bool = True
    key_files_private: bool = True
    dh_bits: int = 2048
    policy: ExpectTlsPolicy = field(default_factory=ExpectTlsPolicy)

    @property
    def ems_enforced(self) -> bool:
        """
        Whether FIPS mode or the rules want TLS 1.2 without Extended Master Secret refused.
        """
        return self.ems_required or self.policy.ems == "enforced"

    def verifiable_on(self, endpoint: Endpoint) -> bool:
        """
        Whether clients verify the certificate on *endpoint*; other mail servers usually do not.
        """
        return endpoint.protocol is not Protocol.SMTP or self.public_trust_smtp


@dataclass(frozen=True, slots=True)
class ExpectRelay:
    """
    Who may send through the target without a password.

    Attributes:
        trusted_networks: Networks that mynetworks may contain, in CIDR notation.
        foreign_domains: Two domains that the target must never be responsible for, used in
            envelopes only: no message is sent to them.
    """

    trusted_networks: tuple[str, ...] = ()
    foreign_domains: tuple[str, ...] = ("example.org", "example.net")


@dataclass(frozen=True, slots=True)
class ExpectMail:
    """
    Names and domains of the deployment.

    Attributes:
        domain: The mail domain; empty means that no local recipient is known.
        hostname: What the server calls itself; empty means the name in the inventory.
        delivery_deadline: Seconds after which a message that did not arrive is lost.
        sender_restricted: Whether an account may send with its own addresses only.
    """

    domain: str = ""
    hostname: str = ""
    delivery_deadline: float = 20.0
    sender_restricted: bool = False


@dataclass(frozen=True, slots=True)
class ExpectAliases:
    """
    Addresses that Postfix redirects (virtual aliases).

    Attributes:
        domains: Domains besides that of the mailboxes, all of whose addresses are aliases.
        known: Aliases, and the address that each leads to. Where that is a test account's, a
            message is sent.
        directory: Likewise, those that only an LDAP directory has.
        catch_all: Whether mail for every address of these domains is wanted.
    """

    domains: tuple[str, ...] = ()
    known: Mapping[str, str] = field(default_factory=dict)
    directory: Mapping[str, str] = field(default_factory=dict)
    catch_all: bool = False

    @property
    def every(self) -> dict[str, str]:
        """
        All aliases with their addresses.
        """
        return {**self.known, **self.directory}

    @property
    def hosted(self) -> tuple[str, ...]:
        """
        The domains of all of them.
        """
        named = (each.rpartition("@")[2] for each in self.every)
        return tuple(dict.fromkeys((*self.domains, *named)))


@dataclass(frozen=True, slots=True)
class ExpectLogin:
    """
    How users log in.

    Attributes:
        mechanisms: SASL mechanisms that submission must offer and accept.
        other_mechanisms: SASL mechanisms that services may offer as well, with * and ?; by default
            those that are no weaker inside TLS.
        failing_logins: Most failing logins that one run may make on purpose: two for each service,
            again two where a reload of the server came in between, and up to two with an empty
            password. A lower number leaves services unverified.
        sasl: Kind of SASL service that Postfix must ask: ``dovecot``, or ``cyrus``, of which only
            the settings in Postfix are judged.
        broken_clients: Whether submission must announce AUTH in the form ``AUTH=`` too, which
            some very old clients look for.
    """

    mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN")
    other_mechanisms: tuple[str, ...] = (
        "SCRAM-*",
        "OAUTHBEARER",
        "XOAUTH2",
        "GSSAPI",
        "GS2-*",
        "EXTERNAL",
    )
    failing_logins: int = 30
    sasl: str = "dovecot"
    broken_clients: bool = False


@dataclass(frozen=True, slots=True)
class ExpectMailboxes:
    """
    Mailboxes that every user must find, or not find.

    Attributes:
        special_use: Special-use attributes of RFC 6154 without the backslash; such mailboxes must
            be subscribed.
        not_subscribed: Those of ``special_use`` whose mailboxes must be created only, for clients
            that ask for them.
        created: Mailboxes that must exist for a new user and not be subscribed; empty means those
            with ``auto = create`` in the configuration.
        not_created: Mailboxes that must not exist for a new user; empty means those with
            ``auto = no`` in the configuration.
    """

    special_use: tuple[str, ...] = ("Drafts", "Junk", "Trash", "Sent")
    not_subscribed: tuple[str, ...] = ()
    created: tuple[str, ...] = ()
    not_created: tuple[str, ...] = ()

    @property
    def subscribed(self) -> tuple[str, ...]:
        """
        Special-use attributes whose mailboxes must be subscribed.
        """
        return tuple(use for use in self.special_use if use not in self.not_subscribed)

    def auto(self, use: str) -> str:
        """
        What Dovecot's ``auto`` must be for the mailbox with the special use *use*.
        """
        return "create" if use in self.not_subscribed else "subscribe"


@dataclass(frozen=True, slots=True)
class ExpectDovecot:
    """
    How Dovecot must be set up.

    Attributes:
        protocols: The exact set of ``protocols``.
        mail_user: Account that owns all mail.
        mail_root: Directory below which all mail is kept; empty means wherever it is configured.
        lmtp_socket: Path of the LMTP socket; empty means wherever it is configured.
        lmtp_socket_owner: Owner that the LMTP socket must have.
        lmtp_socket_modes: Acceptable modes of that socket, octal as text.
        auth_socket_modes: Acceptable modes of the socket on which Postfix asks for passwords.
        mail_format: Mailbox format (``sdbox``, ``mdbox``, ``maildir`` …); empty accepts any.
        mail_files: Most files and folders of the mail store that one audit looks at.
        first_valid_uid: Lowest uid of users who may log in; accounts below are the system's.
        listeners: TCP ports of Dovecot beyond those of the declared services.
        trusted_proxies: Networks of proxies that ``login_trusted_networks`` may name.
        other_backends: Drivers of password and user databases that may be there beside the one that
            the profile declares: ``passwd-file`` for service accounts, for example.
        backend_recovery: Seconds after which logins must work again when the database or directory
            is back.
        config_files: Configuration files, by name or path, beyond those of the packages and the
            guide; they may override what other files set.
    """

    protocols: tuple[str, ...] = ()
    mail_user: str = "vmail"
    mail_root: str = ""
    lmtp_socket: str = ""
    lmtp_socket_owner: str = "postfix"
    lmtp_socket_modes: tuple[str, ...] = ("600", "660")
    auth_socket_modes: tuple[str, ...] = ("600", "660")
    mail_format: str = ""
    mail_files: int = 200_000
    first_valid_uid: int = 1000
    listeners: tuple[int, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    other_backends: tuple[str, ...] = ()
    backend_recovery: float = 150.0
    config_files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExpectReplication:
    """
    How two Dovecot servers must replicate.

    Attributes:
        port: TCP port of the doveadm service on which the partner comes.
        limit: Seconds after which a change must have reached the partner.
        recovery: Seconds after which both must agree again, when one was away and is back.
        trials: How often each change is tried in one run.
        account: Name of the account in the inventory in whose mail this is tried; empty means the
            last one that is not fresh.
        max_connections: The value of ``replication_max_conns``; 0 accepts any.
        partner_addresses: Addresses from which the partner connects, for the firewall; empty means
            its address in the inventory.
        private_link: Whether the way between the partners is theirs alone, so that it need not be
            encrypted.
    """

    port: int = 12345
    limit: float = 10.0
    recovery: float = 120.0
    trials: int = 3
    account: str = ""
    max_connections: int = 0
    partner_addresses: tuple[str, ...] = ()
    private_link: bool = False


@dataclass(frozen=True, slots=True)
class ExpectLmtp:
    """
    How Dovecot takes mail over the network.

    Attributes:
        port: TCP port of the LMTP service.
        implicit_tls: Whether TLS starts with the connection; otherwise with STARTTLS.
        client_addresses: Addresses from which the SMTP servers connect, for the firewall; empty
            means the address of the host that the inventory calls ``mta``.
        private_link: Whether the way to the SMTP servers need not be encrypted.
    """

    port: int = 24
    implicit_tls: bool = False
    client_addresses: tuple[str, ...] = ()
    private_link: bool = False


@dataclass(frozen=True, slots=True)
class ExpectPostfix:
    """
    How Postfix must be set up.

    Attributes:
        listeners: TCP ports of Postfix beyond those of the declared services.
    """

    listeners: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ExpectNullClient:
    """
    Where a host that receives no mail hands its own over.

    Attributes:
        relays: Hosts that ``relayhost`` may name, with ``:port`` behind them where that is not 25;
            empty accepts any.
        origin: Domain that addresses without one must get; empty means that it does not matter.
    """

    relays: tuple[str, ...] = ()
    origin: str = ""


@dataclass(frozen=True, slots=True)
class ExpectHardening:
    """
    Limits that Postfix must have; 0 means that any limit will do.

    Attributes:
        connection_rate: Most connections of a client in one time unit.
        message_rate: Most messages of a client in one time unit.
        rate_time_unit: That time unit, in seconds.
        process_limit: Most processes of one service.
        header_limit: Most octets of a message's header.
        message_size: Most octets of a message.
        queue_minfree: Least octets that must be free for the queue.
        exempt: Networks and names that may be exempt from the limits, besides mynetworks: the
            auditing machine's, for example.
        shell_users: Accounts of people that may have a shell: administrators.
    """

    connection_rate: int = 0
    message_rate: int = 0
    rate_time_unit: int = 60
    process_limit: int = 0
    header_limit: int = 0
    message_size: int = 0
    queue_minfree: int = 0
    exempt: tuple[str, ...] = ()
    shell_users: tuple[str, ...] = ("root",)


@dataclass(frozen=True, slots=True)
class Expectations:
    """
    What a target must be like, one table for each subject.
    """

    tls: ExpectTls = field(default_factory=ExpectTls)
    relay: ExpectRelay = field(default_factory=ExpectRelay)
    mail: ExpectMail = field(default_factory=ExpectMail)
    aliases: ExpectAliases = field(default_factory=ExpectAliases)
    login: ExpectLogin = field(default_factory=ExpectLogin)
    mailboxes: ExpectMailboxes = field(default_factory=ExpectMailboxes)
    dovecot: ExpectDovecot = field(default_factory=ExpectDovecot)
    replication: ExpectReplication = field(default_factory=ExpectReplication)
    lmtp: ExpectLmtp = field(default_factory=ExpectLmtp)
    postfix: ExpectPostfix = field(default_factory=ExpectPostfix)
    null_client: ExpectNullClient = field(default_factory=ExpectNullClient)
    hardening: ExpectHardening = field(default_factory=ExpectHardening)
