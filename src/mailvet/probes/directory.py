"""
Reads how Dovecot's directory is asked, the defaults of OpenLDAP's client library included.
"""

from mailvet.acts import Acts, Commands, Scope
from mailvet.context import FactSpec, ProbeContext
from mailvet.errors import ProbeError
from mailvet.facts.backend import BackendFacts
from mailvet.facts.directory import LIBRARY_FILES, SHARED, DirectoryFacts, parse_library
from mailvet.facts.ldap_settings import ldap_settings
from mailvet.model import Cause
from mailvet.probes.shell import quote, run

_LIBRARY = r"""
library() { echo "@@library $1"; [ ! -f "$2" ] || grep -iE '^[[:space:]]*TLS_' -- "$2"; }
FILES
[ ! -f /etc/openldap/ldap.conf ] || [ ! -f SHARED ] || echo @@shared
exit 0
"""


async def probe_directory(context: ProbeContext) -> DirectoryFacts:
    """
    Dovecot's settings of the directory, completed by those of the client library.

    Raises:
        ProbeError: BLOCKED if no directory is declared; there is no root shell on the target; or
            no file with settings exists.
    """
    if "ldap" not in context.target.roles:
        raise ProbeError(Cause.BLOCKED, "the profile does not declare a directory")
    backend: BackendFacts = await context.fact("backend_settings")
    settings = ldap_settings(await context.fact("dovecot"), backend)
    own = [each.get("ldaprc_path") for each in settings if each.get("ldaprc_path")]
    paths = tuple(dict.fromkeys((*LIBRARY_FILES, *own)))
    script = "\n".join(f"library {number} {quote(path)}" for number, path in enumerate(paths))
    title = f"grep TLS_ {' '.join(paths)}"
    output = await run(
        context, _LIBRARY.replace("FILES", script).replace("SHARED", SHARED), title=title
    )
    shared = "@@shared" in output.stdout
    return DirectoryFacts(settings, parse_library(output, paths), shared, (output.evidence(),))


def _acts(scope: Scope) -> Acts:
    if "ldap" not in scope.target.roles:
        return ()
    return (Commands("TLS settings of OpenLDAP's client library"),)


FACTS = (
    FactSpec(
        "directory",
        probe_directory,
        DirectoryFacts,
        acts=_acts,
        needs=("backend_settings", "dovecot"),
    ),
)
