"""
SMTP servers in a few lines, and one that is asked up to RCPT and no further.
"""

from collections.abc import Awaitable, Callable

from tests.fakes.stubs import Visit


def smtp_server(
    begin: Callable[[Visit], Callable[[str], str]],
) -> Callable[[Visit], Awaitable[None]]:
    """
    A server with STARTTLS; what *begin* returns for a session answers all its other commands.
    """

    async def play(visit: Visit) -> None:
        answer = begin(visit)
        await visit.send("220 stub ESMTP\r\n")
        while (verb := (line := await visit.line()).upper()) != "QUIT":
            if verb.startswith("EHLO"):
                await visit.send("250-stub\r\n250 STARTTLS\r\n")
            elif verb == "STARTTLS":
                await visit.send("220 go\r\n")
                await visit.start_tls()
            else:
                await visit.send(f"{answer(line)}\r\n")

    return play


def mail_server(
    policy: Callable[[str], str],
    *,
    mail: str = "250 Ok",
    tls_only: bool = False,
    patience: int = 100,
) -> Callable[[Visit], Awaitable[None]]:
    """
    A server that answers RCPT as *policy* says, and hangs up after *patience* refusals.
    """

    def begin(visit: Visit) -> Callable[[str], str]:
        refused = 0

        def answer(line: str) -> str:
            nonlocal refused
            verb = line.upper()
            if verb.startswith("MAIL"):
                return "530 5.7.0 STARTTLS first" if tls_only and not visit.secured else mail
            if verb.startswith("RCPT"):
                reply = policy(line.partition("<")[2].partition(">")[0])
                refused += reply.startswith("5")
                return reply if refused <= patience else "421 4.7.0 Error"
            assert verb == "RSET", f"the probe goes beyond RCPT: {line}"
            return "250 Ok"

        return answer

    return smtp_server(begin)
