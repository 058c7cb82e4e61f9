from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.session_store import ItemDamaged, TooLarge, ValueRefused
from reference_impl.session_store.model import LARGEST, Entry
from reference_impl.session_store.values import Kept, decode, encode


@given(st.one_of(st.text(), st.binary()), st.integers(0, 10**15), st.booleans())
def test_every_accepted_value_comes_back_exactly(value: str | bytes, generation: int, imported: bool) -> None:
    kept = Kept(value, generation, imported)
    try:
        stored = encode(kept)
    except ValueRefused:
        assert isinstance(value, str)
        assert "\0" in value
        return
    assert decode(stored) == kept
    assert type(decode(stored).value) is type(value)


@given(st.text(st.characters(categories=["Cs"]), min_size=1))
def test_a_lone_surrogate_is_refused_without_being_quoted(value: str) -> None:
    with pytest.raises(ValueRefused) as refused:
        encode(Kept(value))
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("letter", ["a", "\u00e9", "\U0001f511"])
def test_the_largest_value_is_counted_in_bytes_of_utf_8(letter: str) -> None:
    room = LARGEST // len(letter.encode())
    encode(Kept(letter * room))
    with pytest.raises(TooLarge, match=str(LARGEST)):
        encode(Kept(letter * (room + 1)))


def test_what_the_first_version_stored_is_read_and_is_older_than_anything() -> None:
    assert decode("text:a token") == Kept("a token", 0)
    assert decode("b64:AA==") == Kept(b"\0", 0)


@pytest.mark.parametrize("stored", ["", "plain", "b64:%%", "tex", "12;", "12;plain", ";text:a", "12i;b64:%"])
def test_text_in_another_form_is_damaged(stored: str) -> None:
    with pytest.raises(ItemDamaged):
        decode(stored)


NAMES = st.tuples(*[st.text("aA/", min_size=1, max_size=2)] * 4)  # few, so that they would meet


@given(NAMES, NAMES)
def test_no_two_entries_share_their_names_even_where_case_is_folded(
    one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    first, second = Entry(*one), Entry(*other)
    same = (first.service.lower(), first.username.lower()) == (second.service.lower(), second.username.lower())
    assert same == (one == other)


@pytest.mark.parametrize("account", ["", "\ud800", "a" * 250], ids=["empty", "surrogate", "too long"])
def test_a_name_that_no_store_can_hold_is_refused(account: str) -> None:
    with pytest.raises(ValueRefused):
        Entry("app", "dev", account, "refresh_token")
