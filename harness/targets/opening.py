"""Which target a name or a path means, and how it is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UsageError, nearest
from harness.faults.registry import Fault
from harness.machine.provision import OPENAUTH_NEED, Need
from harness.machine.session import PrivateSession
from harness.ports import Target
from harness.redact import Redactor
from harness.targets.base import Leave

__all__ = ["TARGETS", "Opening", "find_target"]


Opens = Callable[[PrivateSession, Redactor, Leave, Sequence[Fault]], Target]


@dataclass(frozen=True)
class Opening:
    """How a target is opened. `foreign`: nobody here wrote it, so no fault can be seeded in it; `needs`: what it must
    find on this machine."""

    open: Opens
    foreign: bool = True
    needs: tuple[Need, ...] = ()


def find_target(name: str) -> Opening:
    """The target of this name, or the one that the TOML file at this path describes.

    Raises UsageError for a name that is none, Mistakes for a faulty description.
    """
    if name in TARGETS:
        return TARGETS[name]
    path = Path(name)
    if path.suffix != ".toml" and not path.is_file():
        raise UsageError(f"--target: {name!r} is no target ({nearest(name, [*TARGETS, 'FILE.toml'])})")
    return _described(path)


# What a target is made of is imported when one is opened: what only plans need not wait a second for its libraries.


def _described(path: Path) -> Opening:
    from harness.targets.electron_file import describes_shell

    return _described_shell(path) if describes_shell(path) else _described_issuer(path)


def _described_shell(path: Path) -> Opening:
    from harness.targets.electron_file import load_shell

    description = load_shell(path)

    def open_shell(machine: PrivateSession, redactor: Redactor, leave: Leave, faults: Sequence[Fault]) -> Target:
        from harness.targets.electron import ElectronTarget

        return ElectronTarget(description, machine, redactor, leave)

    return Opening(open_shell)


def _described_issuer(path: Path) -> Opening:
    from harness.targets.description_file import load_description

    description = load_description(path)

    def open_described(machine: PrivateSession, redactor: Redactor, leave: Leave, faults: Sequence[Fault]) -> Target:
        from harness.targets.oauth import OAuthTarget

        return OAuthTarget(description, machine, redactor, leave)

    return Opening(open_described)


def _open_reference(machine: PrivateSession, redactor: Redactor, leave: Leave, faults: Sequence[Fault]) -> Target:
    from harness.targets.reference import ReferenceTarget

    return ReferenceTarget.open(machine, redactor, faults)


def _open_openauth(variant: str) -> Opens:
    def open_variant(machine: PrivateSession, redactor: Redactor, leave: Leave, faults: Sequence[Fault]) -> Target:
        from harness.targets.openauth import OpenAuthTarget

        return OpenAuthTarget.start(variant, machine, redactor, leave)

    return open_variant


TARGETS: Mapping[str, Opening] = {
    "reference": Opening(_open_reference, foreign=False),
    "openauth": Opening(_open_openauth("openauth"), needs=(OPENAUTH_NEED,)),
    "openauth-hardened": Opening(_open_openauth("openauth-hardened"), needs=(OPENAUTH_NEED,)),
}
"""The targets that come along, by name."""
