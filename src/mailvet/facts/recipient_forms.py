"""
Forms of recipient address that lead to a foreign domain on servers that take them apart.

They come from the times when mail was routed by its senders, and from what relays were caught at.
"""

from dataclasses import dataclass

USER = "probe"


@dataclass(frozen=True, slots=True)
class RecipientForm:
    """
    One way to write a recipient.

    Attributes:
        technique: What is special about it, in words.
        address: The address, without the angle brackets of RCPT TO.
        foreign: Whether it is foreign however it is read; who accepts it relays. The others may
            be mailboxes of the server's own, by a catch-all for example.
    """

    technique: str
    address: str
    foreign: bool = False

    def __str__(self) -> str:
        return f"{self.technique}: <{self.address}>".replace("\0", "\\0")


def recipient_forms(
    domain: str, host: str, literal: str, foreign: str, further: tuple[str, ...] = ()
) -> tuple[RecipientForm, ...]:
    """
    Every form for a server that has *domain*, and *further* domains that it takes mail for.

    Args:
        domain: Its mail domain.
        host: Its own name.
        literal: Its address as an address literal.
        foreign: A domain that it has nothing to do with.
        further: Domains of other classes, such as those that it hands on to another host.
    """
    return (
        *_percent_hacks(domain, host, literal, foreign),
        *_quoted(domain, literal, foreign),
        *_routes(domain, host, literal, foreign),
        *_bang_paths(domain, host, literal, foreign),
        *_odd_domains(domain, foreign),
        *_odd_local_parts(domain, foreign),
        *(form for each in further if each != domain for form in _in_another(each, foreign)),
    )


def _percent_hacks(domain: str, host: str, literal: str, x: str) -> tuple[RecipientForm, ...]:
    return (
        RecipientForm("percent hack", f"{USER}%{x}@{domain}"),
        RecipientForm("percent hack, server's name", f"{USER}%{x}@{host}"),
        RecipientForm("percent hack, address literal", f"{USER}%{x}@{literal}"),
        RecipientForm("percent hack without a domain", f"{USER}%{x}"),
        RecipientForm("URL-encoded at sign", f"{USER}%40{x}@{domain}"),
    )


def _quoted(domain: str, literal: str, x: str) -> tuple[RecipientForm, ...]:
    return (
        RecipientForm("address in quotes", f'"{USER}@{x}"'),
        RecipientForm("percent hack in quotes", f'"{USER}%{x}"'),
        RecipientForm("quoted local part", f'"{USER}@{x}"@{domain}'),
        RecipientForm("quoted local part, address literal", f'"{USER}@{x}"@{literal}'),
        RecipientForm("quoted percent hack", f'"{USER}%{x}"@{domain}'),
    )


def _routes(domain: str, host: str, literal: str, x: str) -> tuple[RecipientForm, ...]:
    return (
        RecipientForm("two at signs", f"{USER}@{x}@{domain}"),
        RecipientForm("two at signs, address literal", f"{USER}@{x}@{literal}"),
        RecipientForm("source route", f"@{host}:{USER}@{x}", foreign=True),
        RecipientForm("source route, address literal", f"@{literal}:{USER}@{x}", foreign=True),
        RecipientForm("source route of two hops", f"@{domain},@{host}:{USER}@{x}", foreign=True),
    )


def _bang_paths(domain: str, host: str, literal: str, x: str) -> tuple[RecipientForm, ...]:
    return (
        RecipientForm("bang path", f"{x}!{USER}"),
        RecipientForm("bang path with a domain", f"{x}!{USER}@{domain}"),
        RecipientForm("bang path, address literal", f"{x}!{USER}@{literal}"),
        RecipientForm("bang path of two hops", f"{host}!{x}!{USER}"),
        RecipientForm("bang path in quotes", f'"{x}!{USER}"@{domain}'),
    )


def _odd_domains(domain: str, x: str) -> tuple[RecipientForm, ...]:
    return (
        RecipientForm("trailing dot", f"{USER}@{x}.", foreign=True),
        RecipientForm("upper case", f"{USER}@{x.upper()}", foreign=True),
        RecipientForm("blank before the domain", f"{USER}@ {x}", foreign=True),
        RecipientForm("foreign address literal", f"{USER}@[192.0.2.1]", foreign=True),
        RecipientForm("foreign IPv6 literal", f"{USER}@[IPv6:2001:db8::1]", foreign=True),
        RecipientForm("foreign address, no literal", f"{USER}@192.0.2.1", foreign=True),
        RecipientForm("foreign address as one number", f"{USER}@#3221225985", foreign=True),
        RecipientForm("NUL behind a foreign domain", f"{USER}@{x}\0@{domain}"),
        RecipientForm("text behind the angle bracket", f"{USER}@{x}>@{domain}"),
        RecipientForm("percent sign in the domain", f"{USER}@{x}%{domain}"),
        RecipientForm("a name below the domain", f"{USER}@mailvet-nowhere.{domain}"),
    )


def _odd_local_parts(domain: str, x: str) -> tuple[RecipientForm, ...]:
    return (
        RecipientForm("foreign domain as address extension", f"{USER}+{x}@{domain}"),
        RecipientForm("forged SRS address", f"SRS0=aaaa=aa={x}={USER}@{domain}"),
        RecipientForm("forged VERP address", f"{USER}={x}@{domain}"),
        RecipientForm("command as local part", f'"|/bin/true"@{domain}'),
        RecipientForm("file as local part", f"/dev/null@{domain}"),
        RecipientForm("list of addresses as local part", f'":include:/dev/null"@{domain}'),
        RecipientForm("option as local part", f"-f{USER}@{domain}"),
    )


def _in_another(domain: str, x: str) -> tuple[RecipientForm, ...]:
    return (
        RecipientForm("percent hack", f"{USER}%{x}@{domain}"),
        RecipientForm("quoted local part", f'"{USER}@{x}"@{domain}'),
        RecipientForm("two at signs", f"{USER}@{x}@{domain}"),
        RecipientForm("bang path with a domain", f"{x}!{USER}@{domain}"),
    )
