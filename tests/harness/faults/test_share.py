"""A share of the faults."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.faults.share import WHOLE, Share, parse_share

FAULTS = {f"F-TOKEN-0{number % 7}-x{number}": number for number in range(23)}


@given(st.integers(1, 40))
def test_every_fault_is_in_one_share_and_in_one_only(count: int) -> None:
    shares = [Share(number, count).of(FAULTS) for number in range(1, count + 1)]
    assert sorted(id for share in shares for id in share) == sorted(FAULTS)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_the_whole_is_all_of_them_and_the_order_in_which_they_are_given_does_not_matter() -> None:
    assert WHOLE.of(FAULTS) == FAULTS
    assert Share(2, 4).of(FAULTS) == Share(2, 4).of(dict(reversed(FAULTS.items())))


def test_a_share_is_written_as_it_is_read() -> None:
    assert (parse_share("2/4"), str(parse_share("2/4"))) == (Share(2, 4), "2/4")


@pytest.mark.parametrize("text", ["", "2", "0/4", "5/4", "1/0", "-1/4", "1/4/2", " 1/4", "a/b", "1/99999"])
def test_what_is_no_share_is_told_with_what_is_one(text: str) -> None:
    with pytest.raises(UsageError, match=r"--share: .* write one as 1/4"):
        parse_share(text)
