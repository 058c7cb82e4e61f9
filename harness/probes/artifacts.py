"""Searches the artifacts of a build, unpacked as deep as they are packed, for the public values of every stage."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.observations import ArtifactValues, FoundValue
from harness.scan_layers import Layer, layers

__all__ = ["StageValue", "observe_values"]


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
            for value in values:
                if value.is_in(layer.data):
                    found[FoundValue(value.stage, value.what, layer.place)] = None
    return tuple(found), files - 1


def _finds_planted(values: tuple[StageValue, ...]) -> bool:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, value in enumerate(values):
            archive.writestr(f"{number}.map", f'{{"url":"https://{value.value}/"}}')
    found, _ = _search("planted", packed.getvalue(), values)
    return bool(values) and {(one.stage, one.what) for one in found} == {(one.stage, one.what) for one in values}
