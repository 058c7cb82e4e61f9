"""The audit's search for secrets: plain and encoded ones, and nothing that takes for ever."""

from __future__ import annotations

import base64
import gzip
import zipfile
from collections.abc import Callable

import pytest

from harness.evidence.breach import Breach
from harness.evidence.seal import seal
from harness.evidence.secret_search import SecretSearch
from harness.time_limit import TimeLimit
from tests.harness.evidence.small_bundle import PREDICATE, Sealed

FOR_EVER = 60.0  # seconds; what would not end is ended, and fails
VALUE = "2YotnFZFEjr1zCsicMWpAA"
TEXT = f'{{"access_token": "{VALUE}", "to": "Zoë"}}'.encode()
ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "base64": base64.b64encode,
    "base64 behind a letter": lambda text: b"x" + base64.b64encode(text),
    "base64url": lambda text: base64.urlsafe_b64encode(b"~~~???" + text).rstrip(b"="),
    "hex": lambda text: text.hex().encode(),
    "hex in capitals behind a digit": lambda text: b"0" + text.hex().upper().encode(),
    "percent": lambda text: b"".join(b"%%%02X" % byte for byte in text),
    "percent twice": lambda text: b"".join(b"%%25%02x" % byte for byte in text),
    "escapes": lambda text: b"".join(b"\\u%04x" % ord(letter) for letter in text.decode()),
    "UTF-16 LE": lambda text: text.decode().encode("utf-16-le"),
    "UTF-16 BE": lambda text: text.decode().encode("utf-16-be"),
    "UTF-16 in base64": lambda text: base64.b64encode(text.decode().encode("utf-16-le")),
    "base64 in base64": lambda text: base64.b64encode(base64.b64encode(text)),
}


def search(data: bytes) -> list[Breach]:
    return list(SecretSearch().in_file("file", data))


@pytest.mark.parametrize("name", ENCODINGS)
def test_an_encoded_secret_is_named_with_its_line_and_not_told(name: str) -> None:
    encoded = ENCODINGS[name](TEXT)
    breaches = search(b"line 1\nline 2 <" + encoded + b">\nline 3\n")
    assert {breach.place for breach in breaches} == {"file:2"}
    assert all("encoded as" in breach.detail and VALUE not in breach.detail for breach in breaches)


def test_an_encoded_secret_is_found_wherever_chunks_meet() -> None:
    encoded = base64.b64encode(TEXT)
    for before in (2**20 - 30, 2**20 - 1, 2**20, 2**20 + 2**14):
        assert search(b" " * before + encoded), before


def test_a_secret_in_the_plain_is_named_once() -> None:
    assert len(search(TEXT.replace(b'"', b'\\"'))) == 1


def test_digests_marks_and_encoded_words_are_no_secrets() -> None:
    mark = "{{access_token:0123456789abcdef:43}}"
    words = base64.b64encode(f'{{"access_token": "{mark}", "error": "invalid_grant"}}'.encode())
    assert search(b"d" * 64 + b" " + words + b" /oauth2/authorize/with/a/long/path " + bytes(range(256)) * 40) == []


def test_a_file_that_the_statement_does_not_name_is_not_read(sealed: Sealed) -> None:
    (sealed.folder / "added").write_bytes(TEXT)
    (breach,) = sealed.audit().breaches
    assert (breach.kind, breach.place) == ("completeness", "added")
    assert "was not read" in breach.detail


def test_a_blob_that_the_statement_does_not_name_supports_no_finding(sealed: Sealed) -> None:
    (blob,) = (sealed.folder / "blobs").iterdir()
    content = blob.read_bytes()
    blob.unlink()
    seal(sealed.folder, PREDICATE, sealed.public_key.with_name("signer.pem"))
    blob.write_bytes(content)
    assert {"completeness", "observation"} <= {breach.kind for breach in sealed.audit().breaches}


@pytest.mark.parametrize(
    ("bound", "most"), [("LARGEST_SEARCHED", 50_000), ("MOST_SEARCHED", 60_000), ("MOST_DECODED", 1_000)]
)
def test_what_exceeds_a_bound_of_the_search_is_a_breach(
    sealed: Sealed, monkeypatch: pytest.MonkeyPatch, bound: str, most: int
) -> None:
    monkeypatch.setattr(f"harness.evidence.secret_search.{bound}", most)
    breaches = sealed.audit().breaches
    assert breaches
    assert all(
        "could not be searched for secrets" in breach.detail and str(most) in breach.detail for breach in breaches
    )


def test_zeros_that_a_statement_names_end_at_the_bound(sealed: Sealed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.evidence.secret_search.LARGEST_SEARCHED", 2**20)
    monkeypatch.setattr("harness.evidence.secret_search.MOST_SEARCHED", 2**21)
    for number in range(6):
        (sealed.folder / "allure-results" / f"{number}.bin").write_bytes(bytes(16 * 2**20))
    seal(sealed.folder, PREDICATE, sealed.public_key.with_name("signer.pem"))
    with zipfile.ZipFile(sealed.zipped().folder) as archive:
        assert sum(entry.compress_size for entry in archive.infolist()) < 2**20
    with TimeLimit(FOR_EVER):
        breaches = sealed.zipped().audit().breaches
    assert {f"allure-results/{number}.bin" for number in range(6)} <= {breach.place for breach in breaches}


def test_thousands_of_small_gzip_streams_hide_nothing_behind_them() -> None:
    with TimeLimit(FOR_EVER):
        (breach,) = search(gzip.compress(b"") * 50_000 + gzip.compress(TEXT))
    assert breach.place.startswith("file!gzip@1000000")
