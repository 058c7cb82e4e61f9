"""Bytes of a zip that lie outside of its entries are breaches: no statement can name them."""

from __future__ import annotations

import io
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.harness.evidence.small_bundle import Sealed

SECRET = b"-----BEGIN PRIVATE KEY-----"


def places(archive: Sealed) -> set[str]:
    return {breach.place for breach in archive.audit().breaches}


@pytest.fixture
def archive(sealed: Sealed) -> Sealed:
    return sealed.zipped()


def test_bytes_before_the_first_entry_are_named(archive: Sealed) -> None:
    archive.folder.write_bytes(SECRET + archive.folder.read_bytes())
    assert places(archive) == {"bundle.zip@0"}


def test_bytes_after_the_end_are_named(archive: Sealed) -> None:
    size = archive.folder.stat().st_size
    archive.folder.write_bytes(archive.folder.read_bytes() + SECRET)
    assert places(archive) == {f"bundle.zip@{size + len(SECRET)}"}


def test_a_comment_on_the_archive_is_named(archive: Sealed) -> None:
    size = archive.folder.stat().st_size
    with zipfile.ZipFile(archive.folder, "a") as file:
        file.comment = SECRET
    assert places(archive) == {f"bundle.zip@{size}"}


def test_bytes_before_the_directory_are_named(archive: Sealed) -> None:
    data = archive.folder.read_bytes()
    with zipfile.ZipFile(archive.folder) as file:
        start = file.start_dir
    end = struct.unpack("<I", data[-6:-2])[0] + len(SECRET)
    archive.folder.write_bytes(data[:start] + SECRET + data[start:-6] + struct.pack("<I", end) + data[-2:])
    assert places(archive) == {f"bundle.zip@{start}"}


@pytest.mark.parametrize("field", ["comment", "extra"])
def test_what_is_hung_on_an_entry_is_named(archive: Sealed, field: str) -> None:
    with zipfile.ZipFile(archive.folder) as old:
        files = {entry: old.read(entry) for entry in old.infolist()}
    with zipfile.ZipFile(archive.folder, "w") as new:
        for entry, content in files.items():
            if entry.filename == "controls.json":
                setattr(entry, field, {"comment": SECRET, "extra": struct.pack("<HH", 0xCAFE, 200) + bytes(200)}[field])
            new.writestr(entry, content)
    breaches = archive.audit().breaches
    assert breaches
    assert all(b.place.startswith("bundle.zip@") and "controls.json" in b.detail for b in breaches)


def test_a_folder_that_holds_bytes_is_named(archive: Sealed) -> None:
    folder = zipfile.ZipInfo("more/")
    with zipfile.ZipFile(archive.folder, "a") as file:
        file.writestr(folder, SECRET)
    assert places(archive) == {"more/"}


def test_a_zip_written_to_a_pipe_holds(sealed: Sealed, tmp_path: Path) -> None:
    class Pipe(io.RawIOBase):
        """It cannot go back, so sizes stand behind each entry."""

        written = b""

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            self.written += bytes(data)  # type: ignore[call-overload]
            return len(data)  # type: ignore[arg-type]

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(path for path in sealed.folder.rglob("*") if path.is_file()):
            file.write(path, path.relative_to(sealed.folder))
    (tmp_path / "piped.zip").write_bytes(pipe.written)
    assert replace(sealed, folder=tmp_path / "piped.zip").audit().breaches == ()
