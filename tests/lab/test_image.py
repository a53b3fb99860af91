"""
The recipe of the base image.
"""

from lab.image import base_image, debian_sources, read_packages
from lab.place import HOME

TARGETS = """\
http://mirror.test/debian/|bookworm|main|Debian
http://mirror.test/debian/|bookworm-updates|main|Debian
http://mirror.test/debian-security/|bookworm-security|main|$(ORIGIN)
http://mirror.test/debian/|bookworm|contrib|Debian
http://other.test/|bookworm|main|Other
http://other.test/|nodistro|main|Other
http://mirror.test/debian/|trixie|main|Debian
"""


def test_the_machines_own_mirror_is_used() -> None:
    """
    Debian's main archive is taken from the sources of the machine, and nothing else is.
    """
    assert debian_sources(TARGETS) == [
        "deb http://mirror.test/debian/ bookworm main",
        "deb http://mirror.test/debian/ bookworm-updates main",
        "deb http://mirror.test/debian-security/ bookworm-security main",
    ]


def test_tag_is_a_digest_of_the_recipe() -> None:
    """
    The same recipe has the same name, on whichever checkout.
    """
    assert base_image("mail") == base_image("mail")
    assert base_image("mail") != base_image("backend")
    assert len(base_image("mail").rpartition(":")[2]) == 16


def test_package_lists_have_comments_and_are_sorted() -> None:
    """
    All lists of packages can be read, and a reader finds a package in them.
    """
    for path in (HOME / "packages.txt", *(HOME / "image").glob("*-packages.txt")):
        packages = read_packages(path)

        assert packages == sorted(set(packages))
        assert not any("#" in package for package in packages)
