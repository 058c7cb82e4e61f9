from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.session_store import ItemDamaged, ValueRefused
from reference_impl.session_store.model import Entry, Limit
from reference_impl.session_store.values import decode, encode

WINDOWS = Limit(2_560, "utf-16-le")


@given(st.one_of(st.text(), st.binary()))
def test_every_accepted_value_comes_back_exactly(value: str | bytes) -> None:
    try:
        stored = encode(value, Limit())
    except ValueRefused:
        assert isinstance(value, str)
        assert "\0" in value
        return
    assert decode(stored) == value
    assert type(decode(stored)) is type(value)


@given(st.text(st.characters(categories=["Cs"]), min_size=1))
def test_a_lone_surrogate_is_refused_without_being_quoted(value: str) -> None:
    with pytest.raises(ValueRefused) as refused:
        encode(value, Limit())
    assert refused.value.__cause__ is None


def test_the_limit_counts_the_bytes_that_the_back_end_counts() -> None:
    room = 2_560 // 2 - len("text:")
    encode("a" * room, WINDOWS)
    with pytest.raises(ValueRefused, match="2562 bytes"):
        encode("a" * (room + 1), WINDOWS)


@pytest.mark.parametrize("stored", ["", "plain", "b64:%%", "tex"])
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
