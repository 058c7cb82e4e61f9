from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl.session_store.errors import NotFound, Torn
from reference_impl.session_store.memory import MemoryBackEnd
from reference_impl.session_store.model import Entry, Limit
from reference_impl.session_store.splitting import SplitEntries

TOKEN = Entry("app", "dev", "alice", "refresh_token")
SMALL = Limit(200, "utf-16-le")
TEXTS = st.text(max_size=20).map(lambda text: text * 40)  # most need several parts


class Killed(BaseException):
    """The process ends before this operation of the back end."""


class Counting(MemoryBackEnd):
    """Entries of 100 UTF-16 characters, refused beyond; ends before its n-th change."""

    limit = SMALL

    def __init__(self) -> None:
        super().__init__()
        self.left: int | None = None

    def write(self, entry: Entry, stored: str) -> None:
        assert len(stored.encode(SMALL.encoding)) <= SMALL.max_bytes
        self._count()
        super().write(entry, stored)

    def delete(self, entry: Entry) -> None:
        self._count()
        super().delete(entry)

    def _count(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Killed


@settings(deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_the_last_text_is_read_and_nothing_else_is_left(texts: list[str]) -> None:
    back_end = Counting()
    entries = SplitEntries(back_end)
    for text in texts:
        entries.write(TOKEN, text)
        assert entries.read(TOKEN) == text
    entries.delete(TOKEN)
    assert back_end.entries() == ()


@pytest.mark.parametrize("then", ["new " * 100, "new " * 40, "new"], ids=["as long", "shorter", "in one entry"])
def test_a_new_text_leaves_nothing_of_the_old_one(then: str) -> None:
    back_end, untouched = Counting(), Counting()
    entries = SplitEntries(back_end)
    for text in ("old " * 100, "older " * 100, then):
        entries.write(TOKEN, text)
    SplitEntries(untouched).write(TOKEN, then)
    assert sorted(map(len, contents(back_end))) == sorted(map(len, contents(untouched))), "as if it were the first"
    entries.write(TOKEN, "old " * 100)
    entries.write(TOKEN, then)
    assert len(contents(back_end)) == len(contents(untouched)), "whichever slot it lay in"


def contents(back_end: MemoryBackEnd) -> list[str]:
    return [back_end.read(entry) for entry in back_end.entries()]


@settings(max_examples=60, deadline=None)
@given(TEXTS, TEXTS, st.integers(0, 60))
def test_a_kill_before_any_change_leaves_the_old_text_or_the_new_one_and_the_next_clear_leaves_nothing(
    old: str, new: str, kill: int
) -> None:
    back_end = Counting()
    entries = SplitEntries(back_end)
    entries.write(TOKEN, old)
    back_end.left = kill
    with suppress(Killed):
        entries.write(TOKEN, new)
    back_end.left = None
    restarted = SplitEntries(back_end)
    assert restarted.read(TOKEN) in (old, new)
    restarted.delete(TOKEN)
    assert back_end.entries() == ()


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.integers(0, 60))
def test_a_clear_that_was_killed_is_completed_by_the_next_one(text: str, kill: int) -> None:
    back_end = Counting()
    entries = SplitEntries(back_end)
    entries.write(TOKEN, text)
    back_end.left = kill
    with suppress(Killed):
        entries.delete(TOKEN)
    back_end.left = None
    with suppress(NotFound):
        SplitEntries(back_end).delete(TOKEN)
    assert back_end.entries() == ()


def test_a_missing_and_a_foreign_part_are_told_as_torn() -> None:
    back_end = Counting()
    entries = SplitEntries(back_end)
    entries.write(TOKEN, "long " * 100)
    part = next(entry for entry in back_end.entries() if "~1" in entry.item)
    kept = back_end.read(part)
    back_end.write(part, kept[::-1])
    with pytest.raises(Torn, match="not of one value"):
        entries.read(TOKEN)
    back_end.delete(part)
    with pytest.raises(Torn, match="missing"):
        entries.read(TOKEN)
