"""
The base image: a Debian with the mail servers' packages, made without a container registry.
"""

import fcntl
import hashlib
import os
import shlex
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.commands import as_root, attempt, require, run, step
from lab.place import HOME
from lab.podman import image_exists, podman

SUITE = "bookworm"
NEWER = "trixie"
_SUITES = {"fips": NEWER}
"""Debian 12 has no FIPS provider, and no Postfix that can be told to use one."""

REPOSITORY = "localhost/mailvet-base"
_FOLDER = HOME / "image"
_ANSWERS = _FOLDER / "answers.sh"
_CUSTOMIZE = _FOLDER / "customize.sh"
_PROXY = _FOLDER / "flawed-proxy"
"""For mutants: no setting gives today's servers the flaws that it has."""


def base_image(kind: str) -> str:
    """
    Return the name of a base image; its tag is a digest of the recipe.

    Args:
        kind: What it is for, and the name of its list of packages: ``mail``, ``backend``.
    """
    digest = hashlib.sha256(f"{_suite(kind)} {kind}".encode())
    for path in (_packages(kind), _ANSWERS, _CUSTOMIZE, _PROXY, Path(__file__)):
        digest.update(path.read_bytes())
    return f"{REPOSITORY}:{digest.hexdigest()[:16]}"


def ensure_base_image(kind: str) -> str:
    """
    Build the base image of a *kind* unless it is there, and return its name.
    """
    image = base_image(kind)
    if image_exists(image):
        return image
    require("mmdebstrap")
    with _lock(), tempfile.TemporaryDirectory(prefix="mailvet-image-") as folder:
        if not image_exists(image):
            with step(f"building the lab's {kind} image (about a minute, once)"):
                _build(kind, image, Path(folder))
    return image


def remove_base_images() -> None:
    """
    Forget the base images of all recipes.
    """
    found = podman("images", "--quiet", "--filter", f"reference={REPOSITORY}").split()
    if found:
        podman("rmi", *dict.fromkeys(found), what="removing the base image (still in use?)")


def read_packages(path: Path) -> list[str]:
    """
    Read a list of packages, one a line, with comments.
    """
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    return [line for line in lines if line]


def debian_sources(targets: str, suite: str = SUITE) -> list[str]:
    """
    Pick the lines of Debian's own archive from what apt says about its sources, for *suite*.

    *targets* has lines ``uri|release|component|origin``; the origin is empty before the first
    ``apt-get update``. Other archives of the machine are no business of the image.
    """
    found = []
    for line in targets.splitlines():
        uri, release, component, origin = line.split("|")
        known = release == SUITE or release.startswith(f"{SUITE}-")
        if known and component == "main" and origin in {"Debian", "", "$(ORIGIN)"}:
            found.append(f"deb {uri} {release.replace(SUITE, suite)} {component}")
    return found


def _suite(kind: str) -> str:
    return _SUITES.get(kind, SUITE)


def _packages(kind: str) -> Path:
    return _FOLDER / f"{kind}-packages.txt"


def _build(kind: str, image: str, folder: Path) -> None:
    archive = folder / "base.tar"
    options = folder / "apt.conf"
    options.write_text(_apt_options())
    sources = folder / "debian.list"
    suite = _suite(kind)
    sources.write_text("".join(f"{line}\n" for line in _machine_sources(suite)))
    include = ",".join(read_packages(_packages(kind)))
    argv = [
        "mmdebstrap", "--variant=minbase", "--format=tar", f"--include={include}",
        f"--aptopt={options}", "--aptopt=Acquire::Languages \"none\"",
        "--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
        "--dpkgopt=path-exclude=/usr/share/doc/*", f"--essential-hook={_ANSWERS}",
        f"--customize-hook={_CUSTOMIZE}",
        f"--customize-hook=copy-in {shlex.quote(str(_PROXY))} /usr/local/sbin",
        suite, str(archive),
    ]  # fmt: skip
    # Without a list, mmdebstrap takes Debian's default mirror.
    if sources.stat().st_size:
        argv.append(str(sources))
    run(as_root(argv), what="mmdebstrap")
    podman("import", "--change", 'CMD ["/sbin/init"]', str(archive), image)


def _machine_sources(suite: str) -> list[str]:
    form = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)"
    done = attempt(["apt-get", "indextargets", "--format", form, "Created-By: Packages"])
    return debian_sources(done.stdout.decode(), suite)


def _apt_options() -> str:
    done = attempt(["apt-config", "dump"])
    wanted = ("Acquire::http", "Acquire::https", "Acquire::Check-", "Acquire::Retries")
    lines = done.stdout.decode().splitlines()
    return "".join(f"{line}\n" for line in lines if line.startswith(wanted))


@contextmanager
def _lock() -> Iterator[None]:
    path = Path(tempfile.gettempdir()) / f"mailvet-image-{os.getuid()}.lock"
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
