"""The situations in which the reference's desktop client can find its store, each with a home of its own.

A situation is named as the scenarios name it; `prepare` makes it and tells environment and arguments of the client.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.errors import NotHere, TargetError, nearest
from harness.machine.places import CHECKOUT
from harness.machine.session import BUS, PrivateSession
from harness.matrix import this_os
from harness.probes.constant_key import FILE, decrypted

if sys.platform == "linux":
    from harness.machine.secret_service import find_secret_service, start_bus
    from harness.probes.discarding_service import AlteringService, DiscardingService
    from harness.probes.own_keyring import OwnKeyring

__all__ = ["AS_IT_IS", "NO_BUS", "OWN", "SOUND", "Surroundings", "prepare"]

AS_IT_IS = ""
SOUND = "a sound secret store"
OWN = "a secret store of its own"
NO_BUS = "no D-Bus session"
NO_PROVIDER = "a D-Bus session without secret store"
DISCARDING = "a secret store that discards what it is given"
ALTERING = "a secret store that gives other values back"
CHAIN = "a chain of a sound and a weak store"
WEAK = {
    "one that discards values": "keyring.backends.null.Keyring",
    "one that stores nothing": "keyring.backends.fail.Keyring",
    "one that writes plain text": "keyrings.alt.file.PlaintextKeyring",
    "one that encrypts without integrity": "keyrings.alt.file.EncryptedKeyring",
    "one with a constant key": "harness.probes.constant_key.ConstantKeyKeyring",
}
CHAINER = "keyring.backends.chainer.ChainerBackend"


@dataclass(frozen=True)
class Surroundings:
    """What a client process is started with. `folder` holds its home and all else that it could write to."""

    folder: Path
    environment: Mapping[str, str] = field(repr=False)
    arguments: tuple[str, ...] = ()
    keyring: OwnKeyring | None = None  # where it is of this client alone

    def searched(self) -> dict[str, Path | bytes]:
        """What to search for secrets: every file, and the contents of one that has a constant key."""
        opened = decrypted(Path(self.environment["XDG_DATA_HOME"]) / FILE)
        return {"home": self.folder, **({f"{FILE}, decrypted": opened} if opened else {})}


@contextmanager
def prepare(situation: str, machine: PrivateSession, within: Path) -> Iterator[Surroundings]:
    """Make the situation; it ends with the context. Raises NotHere where this machine cannot have it."""
    with TemporaryDirectory(dir=within, prefix="client-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        weak, asked, way = situation.partition(", asked for by ")
        if asked and weak in WEAK:
            yield _asked_for(WEAK[weak], way, folder, machine.environment)
        elif situation == AS_IT_IS:
            yield Surroundings(folder, _home(folder, machine.environment))
        elif situation == SOUND:
            yield Surroundings(folder, _home(folder, _with_secret_service(machine)))
        elif situation == OWN:
            yield from _with_own_keyring(folder, machine)
        elif situation == CHAIN:
            yield _asked_for(CHAINER, "environment", folder, _with_secret_service(machine))
        elif situation in (NO_BUS, NO_PROVIDER, DISCARDING, ALTERING):
            yield from _without(situation, folder, machine)
        else:
            known = [
                SOUND,
                OWN,
                NO_BUS,
                NO_PROVIDER,
                DISCARDING,
                ALTERING,
                CHAIN,
                *(f"{name}, asked for by …" for name in WEAK),
            ]
            raise TargetError(f"the reference knows no situation {situation!r} ({nearest(situation, known)})")


def _with_own_keyring(folder: Path, machine: PrivateSession) -> Iterator[Surroundings]:
    _require_linux(OWN)
    keyring = OwnKeyring(folder / "bus", _home(folder, machine.without_secret_service()))
    try:
        yield Surroundings(folder, keyring.environment, keyring=keyring)
    finally:
        keyring.stop()


def _without(situation: str, folder: Path, machine: PrivateSession) -> Iterator[Surroundings]:
    """Without a sound Secret Service, in four ways."""
    _require_linux(situation)
    base = machine.without_secret_service()
    if situation == NO_BUS:
        yield Surroundings(folder, _home(folder, base))
        return
    find_secret_service()  # whoever has it has a D-Bus daemon, and a command to install both
    bus, address = start_bus(folder, base)
    try:
        surroundings = Surroundings(folder, {**_home(folder, base), BUS: address})
        if situation == NO_PROVIDER:
            yield surroundings
            return
        service = (DiscardingService if situation == DISCARDING else AlteringService)(address)
        try:
            yield surroundings
        finally:
            service.close()
    finally:
        bus.terminate()
        bus.wait(5)


def _asked_for(back_end: str, way: str, folder: Path, base: Mapping[str, str]) -> Surroundings:
    if back_end.startswith("keyrings.alt") or back_end == CHAINER:
        _require_weak_back_ends()
    environment = _home(folder, base)
    if way == "environment":
        return Surroundings(folder, {**environment, "PYTHON_KEYRING_BACKEND": back_end})
    if way == "command line":
        return Surroundings(folder, environment, ("--store", back_end))
    root = environment["LOCALAPPDATA"] if os.name == "nt" else environment["XDG_CONFIG_HOME"]
    configuration = Path(root) / ("Python Keyring" if os.name == "nt" else "python_keyring") / "keyringrc.cfg"
    configuration.parent.mkdir(parents=True)
    configuration.write_text(f"[backend]\ndefault-keyring={back_end}\n")
    return Surroundings(folder, environment)


def _home(folder: Path, base: Mapping[str, str]) -> dict[str, str]:
    """The environment with all folders of one's own below `folder`."""
    places = {
        "HOME": "home",
        **{f"XDG_{name.upper()}_HOME": name for name in ("cache", "config", "data", "state")},
        "XDG_RUNTIME_DIR": "runtime",
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), "tmp"),
    }
    if os.name == "nt":
        places |= {"USERPROFILE": "home", "APPDATA": "config", "LOCALAPPDATA": "data"}
    for name in set(places.values()):
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    path = os.pathsep.join(filter(None, [str(CHECKOUT), base.get("PYTHONPATH", "")]))
    return {**base, **{name: str(folder / place) for name, place in places.items()}, "PYTHONPATH": path}


def _with_secret_service(machine: PrivateSession) -> Mapping[str, str]:
    if machine.service is None:
        raise machine.absent or NotHere("no Secret Service was started for this run", "start the run with one")
    return machine.environment


def _require_linux(situation: str) -> None:
    if this_os() != "linux":
        raise NotHere(f"{situation}: cannot be brought about on {this_os()}", "run this cell on Linux")


def _require_weak_back_ends() -> None:
    if importlib.util.find_spec("keyrings") is None or importlib.util.find_spec("keyrings.alt") is None:
        raise NotHere("the weak back ends of keyrings.alt are not installed", "pip install keyrings.alt")
