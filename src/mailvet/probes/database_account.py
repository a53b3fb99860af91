"""
Reads the account that Dovecot has in its database.

The password is read from Dovecot's settings into memory, and is in nothing that is printed.
"""

import base64
import binascii
from dataclasses import dataclass

from mailvet.context import ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.backend import BackendFile, parse_settings
from mailvet.facts.host import CommandOutput, sections
from mailvet.facts.option_file import OptionFile, parse_options
from mailvet.model import Cause
from mailvet.probes.shell import quote, run
from mailvet.secret import Secret

_SCRIPT = r"""
echo @@schemes; doveadm pw -l
shown() { echo "@@settings $1"; base64 -w 0 -- "$2"; echo; }
SHOWN
exit 0
"""


@dataclass(frozen=True, slots=True)
class DatabaseAccount:
    """
    Dovecot's account in the database.
    """

    user: str
    password: Secret
    database: str


async def database_accounts(
    context: ProbeContext, files: tuple[BackendFile, ...]
) -> tuple[dict[str, DatabaseAccount], CommandOutput]:
    """
    The accounts of *files*, by path, and what ``doveadm pw -l`` printed.

    Raises:
        ProbeError: There is no root shell on the target, or a file is no text.
    """
    paths = [each for file in files for each in (file.path, file.option_file) if each]
    shown = "\n".join(f"shown {number} {quote(each)}" for number, each in enumerate(paths))
    # Encoded, because what a script prints is searched for passwords, and these are masked.
    output = await run(
        context, _SCRIPT.replace("SHOWN", shown), title="doveadm pw -l; the database's password"
    )
    parts = sections(output.stdout)
    texts = {
        path: _decoded(path, parts.get(f"settings {number}", ""))
        for number, path in enumerate(paths)
    }
    accounts = {each.path: _account(each, texts) for each in files}
    return accounts, output.part("schemes", "doveadm pw -l")


def _decoded(path: str, encoded: str) -> str:
    try:
        return base64.b64decode(encoded).decode()
    except (binascii.Error, UnicodeDecodeError) as exc:
        raise ProbeError(Cause.CREDENTIALS, f"{path} is no text in UTF-8") from exc


def _account(file: BackendFile, texts: dict[str, str]) -> DatabaseAccount:
    """
    The account with its password, which *file* has masked.
    """
    options = parse_options(texts.get(file.option_file, ""), file.option_group)
    client = OptionFile(file.option_file, None, options)
    unmasked = BackendFile(
        file.path, None, parse_settings(texts[file.path]), sample=False, client=client
    )
    words = unmasked.connection
    return DatabaseAccount(
        words.get("user", ""), Secret(words.get("password", "")), words.get("dbname", "")
    )
