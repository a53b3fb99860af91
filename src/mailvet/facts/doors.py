"""
The directories above a socket that keep accounts away from it, whatever its own mode says.
"""

from mailvet.facts.files import DirectoryStat, FileStat
from mailvet.facts.socket_talk import SocketTalk

_SEARCH = 0o001
_WRITE = 0o002


def doors(stat: FileStat) -> tuple[DirectoryStat, ...]:
    """
    Directories on the way that strangers cannot pass, nearest first.
    """
    return tuple(each for each in stat.parents if not each.mode & _SEARCH)


def effective_reach(stat: FileStat | None, talks: tuple[SocketTalk, ...]) -> str:
    """
    Whether a socket with the wrong mode is really open, as strangers' *talks* with it showed.

    The mode of the socket is not enough for that: who cannot search one of the directories above
    it does not come to it.
    """
    names = ", ".join(dict.fromkeys(each.account for each in talks))
    intruders = ", ".join(dict.fromkeys(each.account for each in talks if each.opened))
    if intruders:
        return f"an exposure (can connect: {intruders})"
    if not names or not all(each.denied for each in talks):
        return "whether others can connect was not seen"
    words = f"a deviation, not an exposure (refused: {names})"
    if stat is None or not stat.mode & _WRITE or not doors(stat):
        return words
    return f"{words}, because {_described(doors(stat)[0])} lies on the way"


def _described(directory: DirectoryStat) -> str:
    acl = f" + {', '.join(directory.acl)}" if directory.acl else ""
    return f"{directory.path} ({directory.owner}:{directory.group} {directory.mode:o}{acl})"
