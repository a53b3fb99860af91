"""
Who but root could read a private key, or put other files in the place of keys and certificates.
"""

from collections.abc import Iterable

from mailvet.facts.files import FileFacts, FileStat

_OTHERS = 0o077
_STRANGERS = 0o027
_GROUP_WRITES = 0o020
_OTHERS_WRITE = 0o002


def exposed_keys(files: FileFacts, paths: Iterable[str], *, private: bool) -> tuple[str, ...]:
    """
    Those of *paths* that belong to somebody else than root, or that others may read.

    An access control list needs no look of its own: what it grants at most shows in the bits of the
    group. Unless keys must be *private*, a group without a list may read them.
    """
    found = (files.stat(path) for path in paths)
    return tuple(str(each) for each in found if each and _exposed(each, private=private))


def _exposed(file: FileStat, *, private: bool) -> bool:
    strict = private or bool(file.acl)
    return file.owner != "root" or bool(file.permissions & (_OTHERS if strict else _STRANGERS))


def missing_files(files: FileFacts, paths: Iterable[str]) -> tuple[str, ...]:
    """
    Those of *paths* that do not exist.
    """
    return tuple(path for path in paths if files.stat(path) is None)


def unsafe_directories(files: FileFacts, paths: Iterable[str]) -> tuple[str, ...]:
    """
    Directories above *paths* in which somebody else than root may put files.

    The sticky bit does not help: it keeps others from removing a file, not from adding one before.
    """
    found: dict[str, None] = {}
    for path in paths:
        file = files.stat(path)
        for each in file.parents if file else ():
            by_group = each.mode & _GROUP_WRITES and (each.group != "root" or each.acl)
            if each.owner != "root" or each.mode & _OTHERS_WRITE or by_group:
                found[f"{each.path} {each.owner}:{each.group} {each.mode:o}"] = None
    return tuple(found)
