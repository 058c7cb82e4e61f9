"""Searches the artifacts of a build, unpacked as deep as they are packed and in the usual encodings, for the public
values of every stage."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.observations import ArtifactValues, FoundValue
from harness.scan_layers import Layer, layers
from harness.secret_views import views

__all__ = ["StageValue", "observe_values"]


BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{12,}")
HEX = re.compile(rb"(?:[0-9A-Fa-f]{2}){8,}")


@dataclass(frozen=True)
class StageValue:
    """A public value that belongs to one stage: a host name, an identifier. `what` names it."""

    stage: str
    what: str
    value: str

    def is_in(self, data: bytes) -> bool:
        """Whether it stands there as a whole: not as a part of a longer name."""
        return re.search(rb"(?<![\w.-])%b(?![\w-])" % re.escape(self.value.encode()), data) is not None


def observe_values(case: str, artifact: Path, values: Iterable[StageValue], about: Mapping[str, str]) -> ArtifactValues:
    """The observation of a search in an artifact."""
    known, data = tuple(values), artifact.read_bytes()
    found, files = _search(artifact.name, data, known)
    searched: dict[str, tuple[str, ...]] = {}
    for value in known:
        searched[value.stage] = (*searched.get(value.stage, ()), value.what)
    return ArtifactValues(
        case=case,
        about=about,
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        files=files,
        searched=searched,
        found=found,
        planted_found=_finds_planted(known),
    )


def _search(place: str, data: bytes, values: tuple[StageValue, ...]) -> tuple[tuple[FoundValue, ...], int]:
    found: dict[FoundValue, None] = {}
    files = 0
    for layer in layers(place, data):
        if isinstance(layer, Layer):
            files += 1
            readings = b"\n\n".join(_readings(layer.data))
            for value in values:
                if value.is_in(readings):
                    found[FoundValue(value.stage, value.what, layer.place)] = None
    return tuple(found), files - 1


def _readings(data: bytes) -> Iterator[bytes]:
    """The bytes as they are, from their end, and with one encoding undone: escapes, UTF-16, hex, base64 wherever its
    first group begins."""
    yield data
    yield data[::-1]
    yield from (view.data for view in views(data))
    for run in HEX.finditer(data):
        yield bytes.fromhex(run[0].decode())
    for run in BASE64.finditer(data):
        text = run[0].translate(bytes.maketrans(b"-_", b"+/"))
        for start in range(4):
            yield base64.b64decode(text[start : start + (len(text) - start) // 4 * 4])
        yield base64.b64decode(text + b"=" * (-len(text) % 4)) if len(text) % 4 != 1 else b""


def _finds_planted(values: tuple[StageValue, ...]) -> bool:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, value in enumerate(values):
            archive.writestr(f"{number}.map", f'{{"url":"https://{value.value}/"}}')
    found, _ = _search("planted", packed.getvalue(), values)
    return bool(values) and {(one.stage, one.what) for one in found} == {(one.stage, one.what) for one in values}
