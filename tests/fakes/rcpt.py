"""
A server that is asked up to RCPT, and no further.
"""

from collections.abc import Awaitable, Callable

from tests.fakes.stubs import Visit


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

    async def play(visit: Visit) -> None:
        refused = 0
        await visit.send("220 stub ESMTP\r\n")
        while (verb := (line := await visit.line()).upper()) != "QUIT":
            if verb.startswith("EHLO"):
                await visit.send("250-stub\r\n250 STARTTLS\r\n")
            elif verb == "STARTTLS":
                await visit.send("220 go\r\n")
                await visit.start_tls()
            elif verb.startswith("MAIL"):
                locked = tls_only and not visit.secured
                await visit.send("530 5.7.0 STARTTLS first\r\n" if locked else f"{mail}\r\n")
            elif verb.startswith("RCPT"):
                answer = policy(line.partition("<")[2].partition(">")[0])
                refused += answer.startswith("5")
                await visit.send(f"{answer if refused <= patience else '421 4.7.0 Error'}\r\n")
            else:
                assert verb == "RSET", f"the probe goes beyond RCPT: {line}"
                await visit.send("250 Ok\r\n")

    return play
