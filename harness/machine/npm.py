"""What comes from npm, at the versions that a folder of this checkout locks, each under a folder of `.nox` of its own.

The other files of that folder go there too: a script finds its packages only from beside them.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from harness.errors import NotHere
from harness.machine.commands import run_bounded
from harness.machine.node import find_node, npm_command, npm_environment
from harness.machine.places import CHECKOUT, TOOLS

__all__ = ["ALLURE", "OPENAUTH", "LockedPackages"]

SECONDS = 300.0


@dataclass(frozen=True)
class LockedPackages:
    """Packages with their lock in the folder `locked_in`, installed in `folder`. `entry` is the path under
    `node_modules` that is of use, `mend` what installs them."""

    what: str
    locked_in: Path
    folder: Path
    entry: str
    mend: str

    def find(self) -> Path:
        """The path of `entry`, as it is locked. Raises NotHere."""
        entry, stamp = self.folder / "node_modules" / self.entry, self.folder / "stamp"
        if entry.exists() and stamp.is_file() and stamp.read_text() == self._digest():
            return entry
        raise NotHere(f"no {self.what} as {self._place} locks it", self.mend)

    def install(self) -> Path:
        """Installs what the lock says, by `npm ci`. Raises NotHere with npm's reason."""
        node = find_node()
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "stamp").unlink(missing_ok=True)  # a half-made installation must not look whole
        for file in self._files:
            shutil.copyfile(file, self.folder / file.name)
        options = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error")
        command = [*npm_command(node), "ci", *options]
        outcome = run_bounded(command, seconds=SECONDS, environment=npm_environment(node), folder=self.folder)
        if not outcome.ok:
            where = self.folder.relative_to(CHECKOUT) if self.folder.is_relative_to(CHECKOUT) else self.folder
            raise NotHere(f"no {self.what}: npm: {outcome.line}", f"npm ci --prefix {where}")
        (self.folder / "stamp").write_text(self._digest())
        return self.find()

    @property
    def _files(self) -> list[Path]:
        return sorted(file for file in self.locked_in.iterdir() if file.is_file())

    @property
    def _place(self) -> str:
        return self.locked_in.relative_to(CHECKOUT).as_posix()

    def _digest(self) -> str:
        return hashlib.sha256(b"\0".join(file.read_bytes() for file in self._files)).hexdigest()


ALLURE = LockedPackages(
    "Allure",
    CHECKOUT / "reports" / "allure",
    TOOLS / "allure",
    "allure/cli.js",
    "python3 noxfile.py -s verify (without --no-install)",
)
OPENAUTH = LockedPackages(
    "OpenAuth",
    CHECKOUT / "harness" / "targets" / "openauth_server",
    TOOLS / "openauth",
    "@openauthjs/openauth",
    "authassay run --target openauth",
)
