"""The files of a bundle, in a folder or a .zip, read without trust: nothing is unpacked to disk, no link is followed,
and sizes and numbers are bounded."""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from harness.errors import EvidenceError
from harness.evidence.zip_layout import outside_entries

__all__ = ["LARGEST_BUNDLE", "LARGEST_FILE", "BundleFiles", "Strange", "named_only", "open_files"]

LARGEST_FILE = 256 * 2**20  # bytes
LARGEST_BUNDLE = 4 * 2**30  # bytes, unpacked
MOST_FILES = 500_000
# What zipfile raises on a hostile archive: RuntimeError also where it does not know the compression or the version.
_BROKEN = (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError, ValueError)


@dataclass(frozen=True)
class Strange:
    """Something in a bundle that has no place there: a link, an empty folder, a name that leads outside."""

    place: str
    detail: str


class BundleFiles(ABC):
    """The names of a bundle's files, sorted, what is strange among them, and their content."""

    names: tuple[str, ...]
    strange: tuple[Strange, ...]

    @abstractmethod
    def read(self, name: str) -> bytes:
        """The content of a file. Raises EvidenceError where it is missing, too large or broken."""

    def get(self, name: str) -> bytes | None:
        """The content, or None where there is no such file."""
        place = bisect_left(self.names, name)
        return self.read(name) if self.names[place : place + 1] == (name,) else None


def open_files(path: Path) -> BundleFiles:
    """The files at `path`, a folder or a .zip. Raises EvidenceError where it is neither."""
    if path.is_dir():
        return _Folder(path)
    if path.is_file() and zipfile.is_zipfile(path):
        return _Archive(path)
    what = "is neither a folder nor a zip" if path.exists() else "does not exist"
    raise EvidenceError(f"{path}: no bundle: it {what}; give the folder that a run wrote below reports/out")


def named_only(files: BundleFiles, named: Container[str]) -> BundleFiles:
    """The files of which `named` holds the name: the others cannot be read."""
    return _Named(files, named)


class _Named(BundleFiles):
    def __init__(self, files: BundleFiles, named: Container[str]) -> None:
        self._files = files
        self.names, self.strange = tuple(name for name in files.names if name in named), files.strange

    def read(self, name: str) -> bytes:
        return self._files.read(name)


class _Folder(BundleFiles):
    def __init__(self, root: Path) -> None:
        self._root = root
        names: list[str] = []
        strange: list[Strange] = []
        for name, path in _walk(root):
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode):
                names.append(name)
            elif stat.S_ISDIR(mode):
                strange.append(Strange(name + "/", "an empty folder"))
            else:
                strange.append(Strange(name, "a link or a device, no file"))
            _bound(len(names), 0)
        self.names, self.strange = tuple(sorted(names)), tuple(strange)

    def read(self, name: str) -> bytes:
        path = self._root / name
        try:
            if path.stat().st_size > LARGEST_FILE:
                raise EvidenceError(f"it holds more than {LARGEST_FILE} bytes")
            return path.read_bytes()
        except OSError as error:
            raise EvidenceError(f"it cannot be read: {error.strerror}") from None


def _walk(root: Path) -> Iterator[tuple[str, Path]]:
    """Everything but folders that hold something; links to folders are not entered."""
    for folder, folders, files in os.walk(root):
        folders.sort()
        inner = [name for name in folders if Path(folder, name).is_symlink()]
        for name in [*files, *inner]:
            path = Path(folder, name)
            yield path.relative_to(root).as_posix(), path
        if not files and not folders and Path(folder) != root:
            yield Path(folder).relative_to(root).as_posix(), Path(folder)


class _Archive(BundleFiles):
    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
            entries = self._zip.infolist()
        except _BROKEN as error:
            raise EvidenceError(f"{path}: the zip cannot be read: {error}") from None
        self._entries: dict[str, zipfile.ZipInfo] = {}
        strange = [Strange(f"{path.name}@{place}", what) for place, what in outside_entries(path, self._zip)]
        for entry in entries:
            trouble = self._trouble(entry)
            if trouble:
                strange.append(Strange(entry.filename, trouble))
            elif not entry.is_dir():
                self._entries[entry.filename] = entry
        _bound(len(entries), sum(entry.file_size for entry in entries))
        used = {f"{parent}/" for name in self._entries for parent in PurePosixPath(name).parents}
        empty = {entry.filename for entry in entries if entry.is_dir()} - used
        strange += [Strange(name, "an empty folder") for name in sorted(empty)]
        self._entries = _without_top(self._entries)
        self.names, self.strange = tuple(sorted(self._entries)), tuple(strange)

    def read(self, name: str) -> bytes:
        try:
            with self._zip.open(self._entries[name]) as stream:
                data = stream.read(LARGEST_FILE + 1)
        except KeyError:
            raise EvidenceError("it is missing") from None
        except _BROKEN as error:
            raise EvidenceError(f"it cannot be unpacked: {error}") from None
        if len(data) > LARGEST_FILE:
            raise EvidenceError(f"it holds more than {LARGEST_FILE} bytes")
        return data

    def _trouble(self, entry: zipfile.ZipInfo) -> str:
        name = entry.filename
        mode = entry.external_attr >> 16
        if name.startswith("/") or "\\" in name or ":" in name or ".." in PurePosixPath(name).parts:
            return "a name that leads outside the bundle"
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            return "a link or a device, no file"
        if entry.is_dir() and (entry.file_size or entry.compress_size > 2):  # 2 bytes: nothing, deflated
            return "a folder that holds bytes of its own"
        return "a second file of this name" if name in self._entries else ""


def _without_top(entries: dict[str, zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """The entries without the one folder that all of them lie in, where the folder itself was packed."""
    tops = {name.split("/", 1)[0] for name in entries}
    if len(tops) != 1 or any("/" not in name for name in entries):
        return entries
    return {name.split("/", 1)[1]: entry for name, entry in entries.items()}


def _bound(files: int, size: int) -> None:
    if files > MOST_FILES or size > LARGEST_BUNDLE:
        raise EvidenceError(f"the bundle is too large: at most {MOST_FILES} files and {LARGEST_BUNDLE} bytes are read")
