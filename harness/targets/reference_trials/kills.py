"""A client is killed between any two steps of storing a value over another one."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.targets.reference_trials.disk import disk
from harness.targets.reference_trials.places import folder_of, open_store, small_entries
from harness.targets.reference_trials.tracing import changes_of, in_a_fork, kill_at
from reference_impl.parts import Parts
from reference_impl.session_store.errors import SessionStoreError

__all__ = ["Folder", "killed_set"]

_AT_ONCE = 100  # bytes of a small value that the disk takes: a kill can meet a half-written file
ADDRESS = ("prod", "killed", "refresh_token")


class Folder:
    """A folder that can be looked at, and put back to what it was."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._copy = path.with_name(path.name + "-before")

    def keep(self) -> None:
        shutil.rmtree(self._copy, ignore_errors=True)
        shutil.copytree(self.path, self._copy)

    def put_back(self) -> None:
        shutil.rmtree(self.path)
        shutil.copytree(self._copy, self.path)

    def state(self) -> frozenset[tuple[str, int, int, int]]:
        """Names, modes, sizes and times of all files."""
        found = set()
        for file in self.path.rglob("*"):
            try:
                told = file.stat()
            except FileNotFoundError:
                continue
            found.add((file.name, stat.S_IMODE(told.st_mode), told.st_size, told.st_mtime_ns))
        return frozenset(found)

    def names(self) -> set[str]:
        return {str(file.relative_to(self.path)) for file in self.path.rglob("*") if file.is_file()}

    def modes(self) -> dict[str, str]:
        """The mode of each file, in octal."""
        return {name: f"{stat.S_IMODE((self.path / name).stat().st_mode):04o}" for name in sorted(self.names())}

    def holding(self, text: str) -> list[str]:
        return [name for name in sorted(self.names()) if text.encode() in (self.path / name).read_bytes()]


def killed_set(environ: Mapping[str, str], parts: Parts, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """`old` and `new` are the values, `small` whether entries are as small as a Credential Locker's; `needle`, a piece
    of the new value, is looked for in all files."""
    parts = small_entries(parts) if given["small"] else parts
    folder = Folder(folder_of(environ))
    with disk(None if given["small"] else _AT_ONCE) as seen:
        opened = open_store(environ, parts, "killed")
        opened.set(*ADDRESS, given["old"])
        folder.keep()
        usual = folder.names()

        def work() -> None:
            opened.set(*ADDRESS, given["new"])

        changes, after, unsynced = in_a_fork(
            lambda: [changes_of(work, folder.state), sorted(folder.names()), seen.unsynced]
        )
        usual |= set(after)
        points = []
        for number, place in changes:
            folder.put_back()
            killed = kill_at(number, work)
            point = {
                "place": place,
                "killed": killed,
                "temporary": sorted(folder.names() - usual),
                "modes": folder.modes(),
                "clear": folder.holding(given["needle"]),
            }
            point |= in_a_fork(lambda: _read_again(environ, parts, given))
            point["left"] = sorted(folder.names() - usual)
            in_a_fork(lambda: _clear(environ, parts))
            points.append({**point, "uncleared": sorted(folder.names() - {"vault", "lock"})})
    return {"points": points, "unsynced": unsynced, "mode": opened.status().mode}


def _read_again(environ: Mapping[str, str], parts: Parts, given: Mapping[str, Any]) -> dict[str, str]:
    """What another start of the client finds."""
    store = open_store(environ, parts, "killed")
    if store.status().mode != "encrypted-file":
        return {"found": "error", "error": f"the store did not open: {store.rejections[-1].reason}"}
    try:
        value = store.get(*ADDRESS)
    except SessionStoreError as error:
        return {"found": "error", "error": type(error).__name__}
    names = {given["old"]: "old", given["new"]: "new"}
    return {"found": names.get(str(value), "other"), "error": ""}


def _clear(environ: Mapping[str, str], parts: Parts) -> None:
    store = open_store(environ, parts, "killed")
    if store.status().mode == "encrypted-file":
        store.clear(*ADDRESS[:2])
