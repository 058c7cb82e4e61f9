"""The search of artifacts for values of stages: as deep as they are packed, and as whole names only."""

from __future__ import annotations

import base64
import gzip
import io
import zipfile
from pathlib import Path

import pytest

from harness.observations import FoundValue
from harness.probes.artifacts import StageValue, observe_values

VALUES = (
    StageValue("dev", "issuer host", "auth.dev.example"),
    StageValue("prod", "issuer host", "auth.example"),
    StageValue("prod", "audience", "shop-api"),
)


def packed(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def found(tmp_path: Path, data: bytes) -> tuple[FoundValue, ...]:
    (tmp_path / "app.zip").write_bytes(data)
    seen = observe_values("a build", tmp_path / "app.zip", VALUES, {"stage": "dev"})
    assert seen.planted_found
    assert seen.searched == {"dev": ("issuer host",), "prod": ("issuer host", "audience")}
    return seen.found


@pytest.mark.parametrize("wrap", [lambda data: data, gzip.compress, lambda data: packed(inner=data)])
def test_a_value_is_found_however_deep_it_is_packed(tmp_path: Path, wrap: object) -> None:
    assert callable(wrap)
    (one,) = found(tmp_path, packed(map=wrap(b'{"u":"https://auth.example/token"}')))
    assert (one.stage, one.what) == ("prod", "issuer host")
    assert one.place.startswith("app.zip!map")


ENCODED = {
    "base64": base64.b64encode(b'{"u":"https://auth.example/token"}'),
    "base64 at another place of its group": base64.b64encode(b'{"ur":"https://auth.example/token"}'),
    "base64 without padding": base64.urlsafe_b64encode(b"auth.example").rstrip(b"="),
    "base64 behind a letter": b"x" + base64.b64encode(b"https://auth.example/token?"),
    "hex": b"https://auth.example".hex().encode(),
    "hex in capitals": b"https://auth.example".hex().upper().encode(),
    "UTF-16": "https://auth.example/".encode("utf-16-le"),
    "UTF-16, big end first": "https://auth.example/".encode("utf-16-be"),
    "percent": b"https%3A%2F%2Fauth%2Eexample%2F",
    "from its end": b"https://auth.example/"[::-1],
}


@pytest.mark.parametrize("encoding", ENCODED)
def test_a_value_is_found_in_the_usual_encodings(tmp_path: Path, encoding: str) -> None:
    assert {(one.stage, one.what) for one in found(tmp_path, packed(file=ENCODED[encoding]))} == {
        ("prod", "issuer host")
    }


@pytest.mark.parametrize("text", [b"xauth.example", b"my.auth.example", b"shop-api-dev", b"a-shop-api"])
def test_a_part_of_a_longer_name_is_another_name(tmp_path: Path, text: bytes) -> None:
    assert found(tmp_path, packed(file=text)) == ()


def test_an_own_value_does_not_count_as_that_of_a_shorter_name(tmp_path: Path) -> None:
    assert {one.stage for one in found(tmp_path, packed(stamp=b'"auth.dev.example"'))} == {"dev"}


def test_without_values_nothing_could_have_been_found(tmp_path: Path) -> None:
    (tmp_path / "app.zip").write_bytes(packed(a=b"b"))
    assert not observe_values("a build", tmp_path / "app.zip", (), {}).planted_found
