"""
What the interpreter itself says about connections and programs, whichever library asks for them.
"""

import sys
from typing import Any

from mailvet.permit import current

_REACHES_OUT = frozenset(
    {
        "socket.connect",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "socket.gethostbyaddr",
        "socket.sendmsg",
        "socket.sendto",
        "subprocess.Popen",
        "os.exec",
        "os.posix_spawn",
        "os.spawn",
        "os.system",
    }
)


class _State:
    """
    Hooks of the interpreter cannot be removed; this says what they do now.
    """

    hooked = False
    sealed = False


class ReachesOutError(Exception):
    """
    Something tried to reach another host or to start a program although nothing may.
    """


def watch(*, sealed: bool) -> None:
    """
    Holds every connection to the permit of the fact that it is for.

    With *sealed*, nothing connects, asks a name server or starts a program at all.
    """
    _State.sealed = sealed
    if not _State.hooked:
        _State.hooked = True
        sys.addaudithook(_see)


def _see(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _REACHES_OUT:
        return
    if _State.sealed:
        raise ReachesOutError(f"{event} during --plan, which touches nothing")
    permit = current()
    if event == "socket.connect" and permit is not None and isinstance(arguments[1], tuple):
        host, port, *_ = arguments[1]
        permit.opened(str(host), int(port))
