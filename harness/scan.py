"""The search for every secret known: in bytes, in files and in what is packed inside them."""

from __future__ import annotations

import gzip
import io
import os
import secrets as randomness
import sqlite3
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from stat import S_ISLNK, S_ISREG

from harness.observations import Hit, SecretScan
from harness.scan_layers import Bounds, Layer, Unscanned, layers
from harness.secret_forms import Finder, Match, Secret
from harness.secret_marks import marked
from harness.secret_patterns import MARK

__all__ = ["ScanResult", "SecretScanner", "Unscanned", "observe_scan"]

_CHUNK = 2**20  # bytes searched at once
_OVERLAP = 2**15  # bytes that two chunks share: more than the longest secret in its widest form
_LARGEST = 256 * 2**20  # bytes of a file that are read


@dataclass(frozen=True)
class ScanResult:
    """What a search found. `bytes` counts unpacked content too; `kinds` are the containers met (`raw`, `gzip` …);
    what could not be searched is `unscanned`, and then nothing may be concluded from `hits` being empty."""

    bytes: int = 0
    hits: tuple[Hit, ...] = ()
    kinds: frozenset[str] = frozenset()
    unscanned: tuple[Unscanned, ...] = ()

    def __add__(self, other: ScanResult) -> ScanResult:
        return ScanResult(
            self.bytes + other.bytes,
            self.hits + other.hits,
            self.kinds | other.kinds,
            self.unscanned + other.unscanned,
        )


class SecretScanner:
    """Looks for secrets in all their forms; with `hashed` for their SHA-1 and SHA-256 too, as in events. Marks are no
    hits, nor are parts of a secret that stand in `public` text as they are: they tell nothing of it. All of a secret
    is one wherever it stands. `expanded` is how many bytes one file may unpack to."""

    def __init__(
        self, secrets: Iterable[Secret], hashed: bool = False, expanded: int = Bounds.expanded, public: bytes = b""
    ) -> None:
        self._finder = Finder(hashed)
        self._lock = threading.Lock()
        self._expanded = expanded
        self._public = public
        self._kinds: set[str] = set()
        for secret in secrets:
            self.add(secret)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of secrets that are looked for, sorted."""
        return tuple(sorted(self._kinds))

    def add(self, secret: Secret) -> None:
        with self._lock:
            self._finder.add(secret)
            self._kinds.add(secret.kind)

    def scan_bytes(self, place: str, data: bytes) -> list[Hit]:
        """The hits in the bytes as they stand, each secret and transform told once."""
        hits: dict[Hit, None] = {}
        place = self._told(place)
        for start in range(0, max(1, len(data)), _CHUNK):
            for match in self._matches(data[start : start + _CHUNK + _OVERLAP]):
                hits[Hit(place, match.form.secret.mark, match.form.transform)] = None
        return list(hits)

    def scan_content(self, place: str, data: bytes) -> ScanResult:
        """The hits in the bytes and in all that is packed inside them."""
        result = ScanResult()
        for layer in layers(place, data, Bounds(expanded=self._expanded)):
            if isinstance(layer, Unscanned):
                result += ScanResult(unscanned=(replace(layer, place=self._told(layer.place)),))
            else:
                result += self._scan_layer(layer)
        return result

    def scan_tree(self, path: Path, label: str = "") -> ScanResult:
        """The hits in a file, or in all files below a folder, their names and the targets of links included. Places
        are told relative to `path`, after the label."""
        label = label or path.name
        if not path.exists():
            return ScanResult(unscanned=(Unscanned(label, "it does not exist"),))
        result = ScanResult()
        for file, place in _files(path, label):
            result += ScanResult(hits=tuple(self.scan_bytes(place, place.encode("utf-8", "surrogateescape"))))
            result += self._scan_file(file, place)
        return result

    def _told(self, place: str) -> str:
        """The place as it may be told: a file may be named by a secret."""
        name = place.encode("utf-8", "surrogateescape")
        with self._lock:
            return marked(name, self._finder.find(name), whole_characters=True).decode("utf-8", "replace")

    def _matches(self, data: bytes) -> Iterator[Match]:
        with self._lock:
            found = self._finder.find(data)
        marks = [mark.span() for mark in MARK.finditer(data)] if found else []
        found = [m for m in found if not (m.part and m.part in self._public)]
        return (m for m in found if not any(start <= m.start and m.end <= end for start, end in marks))

    def _scan_layer(self, layer: Layer) -> ScanResult:
        hits = tuple(self.scan_bytes(layer.place, layer.data))
        return ScanResult(len(layer.data), hits, frozenset({layer.kind}))

    def _scan_file(self, file: Path, place: str) -> ScanResult:
        try:
            status = file.lstat()
            if S_ISLNK(status.st_mode):
                return self.scan_content(place, os.fsencode(file.readlink()))
            if not S_ISREG(status.st_mode):
                return ScanResult()  # a socket or a pipe holds nothing
            if status.st_size > _LARGEST:
                return ScanResult(unscanned=(Unscanned(place, f"it holds {status.st_size} bytes"),))
            return self.scan_content(place, file.read_bytes())
        except FileNotFoundError:
            return ScanResult()  # gone since it was listed
        except OSError as error:
            return ScanResult(unscanned=(Unscanned(place, f"it cannot be read: {error.strerror}"),))


def observe_scan(
    case: str,
    paths: Mapping[str, Path | bytes] | Iterable[Path],
    scanner: SecretScanner,
    plant: bool = True,
    about: Mapping[str, str] | None = None,
) -> SecretScan:
    """The observation of a search in these places, by label. A secret planted in a copy of every kind of container
    met must be found the same way. `planted_found` is False too where a place could not be searched, which
    `about["unscanned"]` tells: no check can pass on such a scan."""
    places: Mapping[str, Path | bytes] = paths if isinstance(paths, Mapping) else {str(path): path for path in paths}
    result = ScanResult()
    for label, place in places.items():
        result += scanner.scan_tree(place, label) if isinstance(place, Path) else scanner.scan_content(label, place)
    missed = "; ".join(f"{one.place}: {one.reason}" for one in result.unscanned[:20])
    kinds = scanner.kinds
    return SecretScan(
        case=case,
        about={**(about or {}), **({"unscanned": missed} if missed else {})},
        places=tuple(places),
        bytes=result.bytes,
        kinds=kinds,
        hits=result.hits,
        planted_found=plant and not missed and _finds_planted(scanner, result.kinds | {"raw"}),
    )


def _files(path: Path, label: str) -> Iterator[tuple[Path, str]]:
    if not path.is_dir():
        yield path, label
        return
    for folder, folders, names in os.walk(path):
        links = [name for name in folders if Path(folder, name).is_symlink()]
        for name in sorted([*names, *links]):
            file = Path(folder, name)
            yield file, f"{label}/{file.relative_to(path).as_posix()}"


def _finds_planted(scanner: SecretScanner, kinds: Iterable[str]) -> bool:
    value = randomness.token_urlsafe(32).encode()
    planted = Secret(value, "planted", "{{planted:0000000000000000:43}}")
    scanner.add(planted)
    with tempfile.TemporaryDirectory(prefix="authassay-planted-") as folder:
        for kind in kinds:
            Path(folder, kind).write_bytes(_PLANTERS[kind](value))
        hits = scanner.scan_tree(Path(folder), "planted").hits
    return all(any(hit.mark == planted.mark and _of_kind(hit.place, kind) for hit in hits) for kind in kinds)


def _of_kind(place: str, kind: str) -> bool:
    """Whether the place is inside the container planted, not the container's own bytes."""
    return place.startswith(f"planted/{kind}") and ("!" in place) == (kind != "raw")


def _zipped(value: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("planted", value * 2)
    return out.getvalue()


def _database(value: bytes) -> bytes:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE planted (value TEXT)")
        connection.execute("INSERT INTO planted VALUES (?)", (value.decode(),))
        connection.commit()
        return connection.serialize()


def _table(value: bytes) -> bytes:
    """A LevelDB table of one packed block."""

    def block(key: bytes, value: bytes) -> bytes:
        entry = bytes((0, len(key), len(value))) + key + value + bytes(4) + (1).to_bytes(4, "little")
        return bytes((len(entry), (len(entry) - 1) << 2)) + entry  # one literal of up to 60 bytes

    data = block(b"k", value)
    index = block(b"k", bytes((0, len(data))))
    body = data + b"\x01" + bytes(4) + index + b"\x01" + bytes(4)
    footer = bytes((0, 0, len(data) + 5, len(index)))
    return body + footer.ljust(40, b"\0") + 0xDB4775248B7D1157.to_bytes(8, "little")


_PLANTERS: Mapping[str, Callable[[bytes], bytes]] = {
    "raw": bytes,
    "gzip": gzip.compress,
    "zip": _zipped,
    "sqlite": _database,
    "leveldb": _table,
}
