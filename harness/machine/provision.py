"""What a run needs of the machine: each thing found, installed where that is allowed, or said to be absent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.errors import NotHere
from harness.machine.browsers import find_firefox, find_webkit, install_firefox
from harness.machine.chromium import find_chromium, install_chromium
from harness.machine.debian import apt_install
from harness.machine.npm import ALLURE, OPENAUTH
from harness.machine.replicache import find_bundle, make_bundle
from harness.machine.secret_service import PACKAGES, find_secret_service
from harness.machine.shell import find_shell, install_shell

__all__ = ["NEEDS", "OPENAUTH_NEED", "Need", "Provisioned", "needs_of", "provision"]

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Provisioned:
    """One thing: whether it was here, was installed now, or is absent, and then the one command that mends it."""

    what: str
    state: Literal["here", "installed", "absent"]
    detail: str
    mend: str = ""

    def __str__(self) -> str:
        return f"{self.what}: {self.state}, {self.detail}" + (f"; to mend it: {self.mend}" if self.mend else "")


@dataclass(frozen=True)
class Need:
    """How a thing is found and, if ever, installed. Both raise NotHere."""

    what: str
    find: Callable[[], Path]
    install: Callable[[], Path] | None = None


def install_secret_service() -> Path:
    """Installs gnome-keyring and D-Bus, as root on Debian. Raises NotHere."""
    apt_install("Secret Service", *PACKAGES)
    return find_secret_service()


NEEDS = (
    Need("Chromium", find_chromium, install_chromium),
    Need("Secret Service", find_secret_service, install_secret_service),
    Need("Desktop shell", find_shell, install_shell),
    Need("Allure", ALLURE.find, ALLURE.install),
    Need("Replicache", find_bundle, make_bundle),
    Need("Firefox", find_firefox),
    Need("WebKit", find_webkit),
)
FIREFOX_NEED = Need("Firefox", find_firefox, install_firefox)  # of those only who ask for its cells
OPENAUTH_NEED = Need("OpenAuth", OPENAUTH.find, OPENAUTH.install)  # of those only who verify it


def needs_of(selection: Mapping[str, str], *further: Need) -> tuple[Need, ...]:
    """Further needs, and those of the cells that were asked for in the place of the same ones."""
    asked = (FIREFOX_NEED,) if selection.get("browser") == "firefox" else ()
    return tuple({need.what: need for need in (*further, *asked)}.values())


def provision(
    allow_install: bool, tell: Tell = lambda line: None, needs: tuple[Need, ...] = NEEDS
) -> list[Provisioned]:
    """Meets every need as far as it can, in order. `tell` gets a line before each installation starts."""
    return [_meet(need, allow_install, tell) for need in needs]


def _meet(need: Need, allow_install: bool, tell: Tell) -> Provisioned:
    try:
        return Provisioned(need.what, "here", str(need.find()))
    except NotHere as absent:
        if not allow_install or need.install is None:
            return Provisioned(need.what, "absent", absent.what, absent.mend)
    tell(f"installing {need.what} …")
    try:
        return Provisioned(need.what, "installed", str(need.install()))
    except NotHere as absent:
        return Provisioned(need.what, "absent", absent.what, absent.mend)
