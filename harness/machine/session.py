"""A session that belongs to one run: home, temporary folder, runtime folder, D-Bus and keyring, made and removed by it.

The user's own are never touched. A guardian clears away when the run is killed; `sweep` does when both were.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType

from harness.errors import NotHere
from harness.machine.guardian import Guardian
from harness.machine.leftovers import MARK, SEPARATOR, end_processes, folder_of, new_run, remove_folder
from harness.machine.secret_service import SecretService

__all__ = ["PrivateSession"]

BUS = "DBUS_SESSION_BUS_ADDRESS"
# What would lead a child to the user's own session.
_LEADS_OUT = (BUS, "GNOME_KEYRING_CONTROL", "GNOME_KEYRING_PID", "SSH_AUTH_SOCK", "DISPLAY", "WAYLAND_DISPLAY")


class PrivateSession:
    """`environment` is for the run's children. Where no Secret Service could be had, `absent` says why."""

    def __init__(self, run: str, folder: Path) -> None:
        self.run = run
        self.folder = folder
        self.absent: NotHere | None = None
        self.service: SecretService | None = None
        self._guardian: Guardian | None = None
        self._base = _environment(run, folder)

    @classmethod
    def start(cls, secret_service: bool = True) -> PrivateSession:
        """Makes the folder (readable by this user only), its guardian and, if asked for, a Secret Service."""
        run = new_run()
        folder = folder_of(run)
        folder.mkdir(mode=0o700)
        session = cls(run, folder)
        try:
            session._open(secret_service)
        except BaseException:
            session.stop()
            raise
        return session

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def environment(self) -> Mapping[str, str]:
        """Everything that a child needs, as a whole environment (not to be merged with the run's own)."""
        bus = {BUS: self.service.address} if self.service else {}
        return MappingProxyType({**self._base, **bus})

    def without_secret_service(self) -> Mapping[str, str]:
        """The same without a bus: what a login over ssh, or a container, looks like."""
        return MappingProxyType(self._base)

    def stop(self) -> None:
        """Ends all that the run started and removes its folder. May be called twice."""
        try:
            if self.service:
                self.service.stop()
        finally:
            end_processes(self.run)
            remove_folder(self.folder)
            if self._guardian:
                guardian, self._guardian = self._guardian, None
                guardian.dismiss()

    def __enter__(self) -> PrivateSession:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _open(self, secret_service: bool) -> None:
        self._guardian = Guardian(self.run, self.folder)
        for name in ("home", "tmp", "runtime"):
            (self.folder / name).mkdir(mode=0o700)
        if not secret_service:
            return
        try:
            self.service = SecretService.start(self.folder / "bus", self._base)
        except NotHere as absent:
            self.absent = absent


def _environment(run: str, folder: Path) -> dict[str, str]:
    home, temporary = str(folder / "home"), str(folder / "tmp")
    outer = os.environ.get(MARK)
    return {
        **{name: value for name, value in os.environ.items() if name not in _LEADS_OUT},
        MARK: SEPARATOR.join(filter(None, [outer, run])),
        "HOME": home,
        "XDG_CACHE_HOME": f"{home}/.cache",
        "XDG_CONFIG_HOME": f"{home}/.config",
        "XDG_DATA_HOME": f"{home}/.local/share",
        "XDG_STATE_HOME": f"{home}/.local/state",
        "XDG_RUNTIME_DIR": str(folder / "runtime"),
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), temporary),
        **({"USERPROFILE": home, "APPDATA": home, "LOCALAPPDATA": home} if os.name == "nt" else {}),
    }
