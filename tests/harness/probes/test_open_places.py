from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from harness.probes import open_places
from harness.probes.open_places import appeared_since


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place that is open to all, alone."""
    monkeypatch.setattr(open_places, "PLACES", (str(tmp_path), str(tmp_path / "missing")))
    return tmp_path


def test_what_appeared_at_the_top_or_one_folder_deeper_is_found(place: Path) -> None:
    (place / "old").write_bytes(b"old")
    os.utime(place / "old", (1, 1))
    began = time.time() - 1
    (place / "new").write_bytes(b"new")
    (place / "folder").mkdir()
    (place / "folder" / "inner").write_bytes(b"inner")
    (place / "authassay-run-1").mkdir()
    (place / "authassay-run-1" / "own").write_bytes(b"own")
    assert appeared_since(began) == {str(place / "new"): b"new", str(place / "folder" / "inner"): b"inner"}


def test_links_and_large_files_are_left_out(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_places, "LARGEST", 3)
    (place / "large").write_bytes(b"1234")
    (place / "link").symlink_to(place / "large")
    assert appeared_since(0) == {}


def test_no_more_files_than_bounded_are_read(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_places, "MOST", 2)
    for number in range(5):
        (place / str(number)).write_bytes(b"x")
    assert len(appeared_since(0)) == 2
