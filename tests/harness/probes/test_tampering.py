from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.probes.second_user import can_be_another, read_as_another
from harness.probes.tampering import changes, tampered


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=200))
def test_every_change_is_one_and_the_first_and_the_last_byte_are_among_them(whole: bytes) -> None:
    made = dict(changes(whole))
    assert all(data != whole for change, data in made.items() if whole)
    if whole:
        assert made["byte 0 flipped"][1:] == whole[1:]
        assert made[f"byte {len(whole) - 1} flipped"][:-1] == whole[:-1]
    assert made["emptied"] == b""


def test_each_file_is_put_back_after_each_change_even_when_the_reading_fails(tmp_path: Path) -> None:
    files = [tmp_path / "one", tmp_path / "other"]
    for file in files:
        file.write_bytes(b"0123456789")
    read: list[bytes] = []

    def look() -> str:
        read.append(b"".join(file.read_bytes() for file in files))
        return "tampered"

    trials = tampered(files, tmp_path, look)
    assert {trial.file for trial in trials} == {"one", "other"}
    assert b"0123456789" * 2 not in read
    with pytest.raises(ZeroDivisionError):
        tampered(files, tmp_path, lambda: str(1 // 0))
    assert [file.read_bytes() for file in files] == [b"0123456789"] * 2


@pytest.mark.skipif(not can_be_another(), reason="only root can start a process of another user")
def test_another_user_reads_what_is_open_to_all_and_not_what_is_ones_own(tmp_path: Path) -> None:
    (tmp_path / "open").write_bytes(b"for everybody")
    (tmp_path / "open").chmod(0o644)
    (tmp_path / "own").write_bytes(b"for the owner")
    (tmp_path / "own").chmod(0o600)
    (tmp_path / "closed").mkdir(mode=0o700)
    (tmp_path / "closed" / "inner").write_bytes(b"in a closed folder")
    (tmp_path / "closed" / "inner").chmod(0o644)
    tmp_path.chmod(0o755)
    got = read_as_another({"files": tmp_path})
    assert got.able
    assert b"for everybody" in got.read
    assert b"for the owner" not in got.read
    assert b"in a closed folder" not in got.read
