"""The search for secrets: in bytes, in files, and in what is packed inside them."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import os
import sqlite3
import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from harness.leveldb import BadTable, snappy
from harness.observations import Hit
from harness.redact import Redactor
from harness.scan import SecretScanner, observe_scan

TOKEN = "q7Zk2vXw9LmR4tYb8NsD1cHf6JgP3aUe5oIy0xWzQiM"


@pytest.fixture
def redactor() -> Redactor:
    redactor = Redactor()
    redactor.register(TOKEN, "refresh_token")
    return redactor


@pytest.fixture
def scanner(redactor: Redactor) -> SecretScanner:
    return SecretScanner(redactor.secrets())


def zipped(content: bytes, name: str = "inner") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute("CREATE TABLE cookies (name TEXT, value BLOB)")
        connection.execute("INSERT INTO cookies VALUES ('sid', ?)", (base64.b64encode(TOKEN.encode()),))
        connection.commit()


def cache_entry(content: bytes) -> bytes:
    return b"a header of the browser's cache" + gzip.compress(content) + b"and a trailer"


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "zip": zipped,
    "gzip": gzip.compress,
    "gzip in the middle of a file": cache_entry,
    "gzip in zip": lambda content: zipped(gzip.compress(content)),
    "zip in gzip": lambda content: gzip.compress(zipped(content)),
}


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("form", ["raw", "hex", "base64"])
def test_a_secret_is_found_in(scanner: SecretScanner, tmp_path: Path, packing: str, form: str) -> None:
    secret = {"raw": TOKEN, "hex": TOKEN.encode().hex(), "base64": base64.b64encode(TOKEN.encode()).decode()}[form]
    (tmp_path / "file").write_bytes(PACKINGS[packing](f"some text {secret} more".encode() * 3))
    (hit,) = scanner.scan_tree(tmp_path, "profile").hits
    assert hit.place.startswith("profile/file!")
    assert hit.mark.startswith("{{refresh_token:")


def test_a_secret_is_found_in_rows_of_a_database(scanner: SecretScanner, tmp_path: Path) -> None:
    database(tmp_path / "Cookies")
    places = {hit.place for hit in scanner.scan_tree(tmp_path, "profile").hits}
    assert "profile/Cookies!table cookies" in places


def test_a_row_that_spans_pages_is_read_whole(redactor: Redactor, tmp_path: Path) -> None:
    long = hashlib.sha512(b"1").hexdigest() * 100
    redactor.register(long, "password")
    scanner = SecretScanner(redactor.secrets())
    with closing(sqlite3.connect(tmp_path / "db")) as connection:
        connection.execute("CREATE TABLE big (value TEXT)")
        connection.execute("INSERT INTO big VALUES (?)", (long,))
        connection.commit()
    assert any(hit.place == "x/db!table big" for hit in scanner.scan_tree(tmp_path, "x").hits)


def test_a_packed_leveldb_block_is_unpacked() -> None:
    # "abcd" as a literal, then 8 bytes copied from 4 back (Snappy's format_description.txt §2)
    assert snappy(b"\x0c\x0cabcd\x11\x04", 100) == b"abcdabcdabcd"
    with pytest.raises(BadTable, match="holds 12 bytes"):
        snappy(b"\x0c\x0cabcd\x11\x04", 10)
    with pytest.raises(BadTable, match="before its start"):
        snappy(b"\x0c\x0cabcd\x11\x09", 100)


def test_a_stream_of_snappy_chunks_is_searched(scanner: SecretScanner) -> None:
    def chunk(kind: int, content: str) -> bytes:
        return bytes([kind]) + (len(content) + 4).to_bytes(3, "little") + bytes(4) + content.encode()

    begin = b"\xff\x06\x00\x00sNaPpY"
    halves = chunk(1, TOKEN[:20]) + chunk(1, TOKEN[20:])
    assert "body!snappy" in {hit.place for hit in scanner.scan_content("body", begin + halves).hits}
    for broken in (halves[:-1], chunk(2, "of no known kind"), chunk(0, "no Snappy")):
        assert scanner.scan_content("body", begin + broken).unscanned


def test_a_hit_names_secret_place_and_transform_but_not_the_secret(scanner: SecretScanner, redactor: Redactor) -> None:
    hits = scanner.scan_bytes("log", f"x {TOKEN.encode().hex()[:40]} y".encode())
    assert hits == [Hit("log", redactor.register(TOKEN, "refresh_token"), "hex")]


def test_marks_are_no_hits(scanner: SecretScanner, redactor: Redactor) -> None:
    assert scanner.scan_bytes("log", redactor.data(f"a {TOKEN} b {TOKEN[4:30]}".encode())) == []


def test_digests_count_only_where_they_are_asked_for(redactor: Redactor) -> None:
    event = hashlib.sha256(TOKEN.encode()).hexdigest().encode()
    assert SecretScanner(redactor.secrets()).scan_bytes("event", event) == []
    assert SecretScanner(redactor.secrets(), hashed=True).scan_bytes("event", event)[0].transform == "sha256"


def test_eleven_characters_are_no_hit_and_twelve_are(scanner: SecretScanner) -> None:
    for start in range(12):
        assert not scanner.scan_bytes("x", b"." * start + TOKEN[5:16].encode() + b".")
        assert scanner.scan_bytes("x", b"." * start + TOKEN[5:17].encode() + b".")


URL = b"https://app.users.example/callback"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (URL, False),
        (b"see app.users.example or %68ttps%3A%2F%2Fapp.users.example%2Fcallback", False),
        (TOKEN[-12:].encode() + b"/" + URL, True),
        (TOKEN.encode() + b"/" + URL, True),
        (TOKEN[:12].encode(), True),
        (base64.b64encode(TOKEN.encode() + b"/" + URL), True),
    ],
)
def test_a_part_of_a_secret_is_no_hit_where_all_of_it_is_public_text(text: bytes, found: bool) -> None:
    redactor = Redactor()
    redactor.register(TOKEN.encode() + b"/" + URL, "code")
    redactor.publish(f"redirect_uris: {URL.decode()}", "short")
    assert b"short" not in redactor.public
    scanner = SecretScanner(redactor.secrets(), public=redactor.public)
    assert bool(scanner.scan_bytes("a file", text)) is found
    assert SecretScanner(redactor.secrets()).scan_bytes("a file", text), "without public text each of them is one"


def test_all_of_a_secret_is_a_hit_though_it_is_public_text(redactor: Redactor) -> None:
    redactor.publish(TOKEN)
    scanner = SecretScanner(redactor.secrets(), public=redactor.public)
    assert scanner.scan_bytes("a file", TOKEN.encode())


def test_a_secret_across_the_border_of_two_chunks_is_found(scanner: SecretScanner) -> None:
    for before in (2**20 - 20, 2**20 - 43, 2**20):
        assert scanner.scan_bytes("big", b"." * before + TOKEN.encode())


def test_file_names_and_targets_of_links_are_searched(scanner: SecretScanner, tmp_path: Path) -> None:
    (tmp_path / TOKEN).touch()
    (tmp_path / "link").symlink_to(f"/nowhere/{TOKEN}")
    hits = scanner.scan_tree(tmp_path, "x").hits
    assert len(hits) == 2
    assert not any(TOKEN in hit.place for hit in hits)


def test_a_link_to_a_folder_is_not_entered(scanner: SecretScanner, tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (outside / "file").write_text(TOKEN)
    (inside / "link").symlink_to(outside)
    assert not scanner.scan_tree(inside, "x").hits


def test_a_named_pipe_does_not_hold_the_search_up(scanner: SecretScanner, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_text(TOKEN)
    assert len(scanner.scan_tree(tmp_path).hits) == 1


class TestWhatCannotBeSearched:
    def test_a_bomb_ends_at_the_bound_and_is_told(self, redactor: Redactor) -> None:
        scanner = SecretScanner(redactor.secrets(), expanded=10_000)
        for bomb in (gzip.compress(bytes(10**6)), zipped(bytes(10**6)), zipped(zipped(bytes(10**6)))):
            result = scanner.scan_content("bomb", bomb)
            assert "expands to more" in result.unscanned[0].reason
            assert result.bytes < 25_000

    def test_too_deep_a_nest_is_told(self, scanner: SecretScanner) -> None:
        content = b"deep"
        for _ in range(6):
            content = gzip.compress(content)
        assert "nested deeper" in scanner.scan_content("nest", content).unscanned[0].reason

    @pytest.mark.parametrize(
        "broken",
        [gzip.compress(os.urandom(1000))[:500], zipped(os.urandom(1000))[:500], b"SQLite format 3\0" + bytes(500)],
        ids=["gzip", "zip", "sqlite"],
    )
    def test_a_broken_container_is_told(self, scanner: SecretScanner, broken: bytes) -> None:
        assert scanner.scan_content("broken", broken).unscanned

    def test_what_does_not_exist_is_told(self, scanner: SecretScanner, tmp_path: Path) -> None:
        assert scanner.scan_tree(tmp_path / "nothing").unscanned[0].reason == "it does not exist"


class TestTheObservation:
    def test_it_tells_what_was_searched_and_that_a_planted_secret_was_found(
        self, scanner: SecretScanner, tmp_path: Path
    ) -> None:
        database(tmp_path / "Cookies")
        (tmp_path / "cache.gz").write_bytes(gzip.compress(b"nothing"))
        (tmp_path / "trace.zip").write_bytes(zipped(b"nothing"))
        seen = observe_scan("after logout", {"the browser's profile": tmp_path}, scanner)
        assert seen.places == ("the browser's profile",)
        assert seen.kinds == ("refresh_token",)
        assert seen.bytes > 8192
        assert seen.planted_found
        assert {hit.place for hit in seen.hits} == {
            "the browser's profile/Cookies",
            "the browser's profile/Cookies!table cookies",
        }

    def test_bytes_in_memory_are_searched_like_files(self, scanner: SecretScanner) -> None:
        seen = observe_scan("login", {"event": gzip.compress(TOKEN.encode())}, scanner)
        assert seen.hits
        assert seen.planted_found

    def test_a_scanner_that_finds_nothing_does_not_find_the_planted_secret(
        self, scanner: SecretScanner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(SecretScanner, "scan_bytes", lambda *_: [])
        assert not observe_scan("broken", [tmp_path], scanner).planted_found

    def test_nothing_can_be_concluded_where_something_was_not_searched(
        self, scanner: SecretScanner, tmp_path: Path
    ) -> None:
        seen = observe_scan("gone", {"profile": tmp_path / "gone"}, scanner)
        assert not seen.planted_found
        assert seen.about["unscanned"] == "profile: it does not exist"


def test_a_thousand_secrets_are_looked_for_in_a_megabyte_within_a_second() -> None:
    redactor = Redactor()
    for number in range(1000):
        redactor.register(hashlib.sha256(str(number).encode()).hexdigest()[:43], "access_token")
    scanner = SecretScanner(redactor.secrets())
    text = base64.b64encode(os.urandom(786_000))
    started = time.process_time()
    assert scanner.scan_bytes("text", text) == []
    assert time.process_time() - started < 1
