"""Which strings a process holds: they are found wherever an object has them, and told by digests only."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.errors import TargetError
from harness.probes import held_strings

WHOLE, PART, BYTES = (f"{name}-of-forty-three-characters-{'x' * 20}" for name in ("whole", "part", "bytes"))


@dataclass
class Holder:
    whole: str
    header: dict[str, str]
    raw: bytes


def test_strings_of_objects_are_found_and_others_are_not() -> None:
    holder = Holder(WHOLE, {"Authorization": f"Bearer {PART}"}, BYTES.encode())
    gone = held_strings._digest(secrets.token_urlsafe(32))
    digests = frozenset(held_strings._digest(text) for text in (WHOLE, PART, BYTES)) | {gone}
    lengths = frozenset({len(WHOLE), len(PART), len(BYTES), 43})
    count, found = held_strings._look(lengths, digests)
    assert count > 1000
    assert {held_strings._digest(text) for text in (WHOLE, PART, BYTES)} <= set(found)
    assert gone not in found
    assert holder.whole == WHOLE


def test_no_file_holds_what_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_strings, "PATIENCE", 0.2)
    with pytest.raises(TargetError, match="does not tell"):
        held_strings.ask(tmp_path, [WHOLE])
    assert all(WHOLE not in file.read_text() for file in tmp_path.iterdir())
    assert list(tmp_path.iterdir())
