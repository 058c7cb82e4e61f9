"""Packs one stage's artifacts from an explicit list of files and folders: what is not named here is in no artifact, and
nothing is packed before it has been searched (search.py)."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import reference_impl
from reference_impl.build.outputs import BuildError
from reference_impl.build.search import search
from reference_impl.config.build_stamp import FILE_NAME, BuildStamp

SOURCES = Path(reference_impl.__file__).parent
# Of the build machine's environment, each with its form; never by prefix.
PUBLIC_VARIABLES = {
    "BUILD_NUMBER": re.compile("[0-9][0-9A-Za-z.+_-]{0,39}"),
    "BUILD_COMMIT": re.compile("[0-9a-f]{7,64}"),
}
WEB = ("web/static", "web/templates", "web/internal")
INTERNAL = ("web/internal/", "web/templates/selector.html", "web/templates/switch.html")  # of internal builds alone
KINDS = (".py", ".html", ".css", ".svg", ".js", ".json")
DESKTOP = (
    "config",
    "desktop",
    "session_store",
    "web",
)  # config/ reads servers' configuration too, and needs the next two
DESKTOP_MODULES = (
    "aws.py",
    "secret_parameters.py",
    "__init__.py",
    "account.py",
    "clock.py",
    "id_token.py",
    "json_text.py",
    "known_stages.py",
    "loopback.py",
    "oauth_client.py",
    "origin.py",
    "parts.py",
    "revocations.py",
    "slow_senders.py",
    "token_manager.py",
)
CA_NAME = "ca.pem"
EPOCH = (1980, 1, 1, 0, 0, 0)  # every entry's time, so that equal contents give equal artifacts

Contents = Mapping[str, bytes]


@dataclass(frozen=True)
class Packer:
    """Packs for the stage of a stamp. ``environ``: the build machine's. ``tell``: a line of the build's log."""

    stamp: BuildStamp
    environ: Mapping[str, str]
    tell: Callable[[str], None]
    ca_file: Path | None = None

    def pack(self, folder: Path) -> tuple[Path, ...]:
        """Write ``web.zip`` and ``desktop.zip`` into the folder; return their paths. Raises BuildError, and writes
        nothing, where something is found that may be in neither."""
        self.tell(f"packing for {self.stamp.stage}")
        settings = self.settings()
        for name in settings:
            self.log_setting(name, settings[name])
        packed = {"web.zip": self.web(settings), "desktop.zip": self.desktop(settings)}
        faults = [f"{name}: {find}" for name, contents in packed.items() for find in self.finds(contents)]
        if faults:
            raise BuildError(*faults)
        return tuple(self._write(folder / name, contents) for name, contents in packed.items())

    def settings(self) -> dict[str, str]:
        """Return what of the build machine's environment goes into the clients: an explicit list, whatever else is
        called as if it were public. Raises BuildError for one that is not of its form."""
        given = {name: self.environ[name] for name in PUBLIC_VARIABLES if name in self.environ}
        wrong = [name for name, value in given.items() if not PUBLIC_VARIABLES[name].fullmatch(value)]
        if wrong:
            raise BuildError(*(f"{name} is not like {PUBLIC_VARIABLES[name].pattern}" for name in wrong))
        return given

    def finds(self, contents: Contents) -> Iterable[str]:
        """Return what an artifact may not hold, a sentence each."""
        return search(contents, self.stamp.foreign, self.environ)

    def log_setting(self, name: str, value: str) -> None:
        """Say that a setting is packed, and not what it is."""
        self.tell(f"setting {name} ({len(value)} characters)")

    def web(self, settings: Mapping[str, str]) -> dict[str, bytes]:
        """Return the web client's static files, by their paths."""
        found = [
            file for file in _files(SOURCES, WEB) if file.suffix != ".py" and self.holds(file.relative_to(SOURCES))
        ]
        files = {file.relative_to(SOURCES / "web").as_posix(): file.read_bytes() for file in found}
        return {**files, FILE_NAME: self.stamp_bytes(), "settings.json": _json(settings)}

    def desktop(self, settings: Mapping[str, str]) -> dict[str, bytes]:
        """Return the desktop application's files, by their paths: the client's modules and the stamp beside them."""
        files = {
            f"reference_impl/{path.as_posix()}": (SOURCES / path).read_bytes()
            for path in client_files()
            if self.holds(path)
        }
        if self.ca_file is not None:
            files[f"reference_impl/{CA_NAME}"] = self.ca_file.read_bytes()
        stamp = {f"reference_impl/{FILE_NAME}": self.stamp_bytes()}
        return {**files, **stamp, "reference_impl/settings.json": _json(settings)}

    def holds(self, path: Path) -> bool:
        """Say whether a file is in this build: environment selector and debug page are in internal builds alone."""
        return self.stamp.internal or not path.as_posix().startswith(INTERNAL)

    def stamp_bytes(self) -> bytes:
        """Return the stamp as it is packed."""
        return self.stamp.as_json().encode()

    def _write(self, path: Path, contents: Contents) -> Path:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in sorted(contents):
                archive.writestr(zipfile.ZipInfo(name, EPOCH), contents[name], zipfile.ZIP_DEFLATED)
        self.tell(f"packed {path.name}: {len(contents)} files, sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}")
        return path


def client_files() -> Iterator[Path]:
    """Return the files that a client needs, relative to the package."""
    yield from (Path(name) for name in DESKTOP_MODULES)
    yield from (file.relative_to(SOURCES) for file in _files(SOURCES, DESKTOP) if "__pycache__" not in file.parts)


def _files(root: Path, folders: tuple[str, ...]) -> Iterator[Path]:
    for folder in folders:
        yield from (file for file in sorted((root / folder).rglob("*")) if file.suffix in KINDS)


def _json(settings: Mapping[str, str]) -> bytes:
    return json.dumps(dict(settings), sort_keys=True).encode()
