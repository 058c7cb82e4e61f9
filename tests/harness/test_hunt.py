"""The hunt: orders that a seed stands for, how one is made shorter, and a few of them on the real page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.errors import UsageError
from harness.faults.share import Share
from harness.hunt import LENGTH, Hunt, Moves, orders, search
from harness.probes.interleaving import MOVES, interleaving, read_moves
from harness.redact import Redactor
from harness.targets.base import BaseTarget
from harness.targets.reference import ReferenceTarget


class Played(Hunt):
    """Goes wrong where a refresh that is never answered is followed by a wait."""

    def play(self, moves: Moves, afresh: bool = False) -> list[str]:
        wrong = "never" in moves and "wait" in moves[moves.index("never") :]
        return ["held up"] if wrong else []


@pytest.fixture
def played() -> Played:
    return Played(BaseTarget(), Redactor())


def test_a_seed_always_stands_for_the_same_order() -> None:
    assert interleaving("7/3", LENGTH) == interleaving("7/3", LENGTH)
    assert len({interleaving(f"7/{index}", LENGTH) for index in range(50)}) == 50
    assert set(interleaving(1, 500)) == set(MOVES) - {"restart"}


def test_what_is_printed_can_be_read_again() -> None:
    moves = interleaving(1, LENGTH)
    assert read_moves(" ".join(moves)) == moves
    with pytest.raises(UsageError, match="did you mean 'write'"):
        read_moves("wrte")


def test_the_first_order_that_goes_wrong_is_told_and_made_as_short_as_can_be(played: Played) -> None:
    found = search(played, orders(1, 100), lambda line: None)
    assert found is not None
    moves, wrong = found
    assert wrong == ["held up"]
    assert played.shortest(moves) == ("never", "wait")


def test_how_many_orders_went_well_is_told(played: Played) -> None:
    told: list[str] = []
    played.play = lambda moves, afresh=False: []  # type: ignore[method-assign]
    assert search(played, orders(1, 12), told.append) is None
    assert [line.partition(":")[0] for line in told] == ["10 of 12", "12 of 12"]


def test_shares_of_the_orders_are_all_of_them_together() -> None:
    shares = [orders(7, 10, Share(number, 3)) for number in (1, 2, 3)]
    assert sorted(moves for share in shares for moves in share) == sorted(orders(7, 10))
    assert shares[1][0] == orders(7, 10)[1]


@pytest.fixture
def hunt(reference: ReferenceTarget) -> Iterator[Hunt]:
    hunt = Hunt(reference, reference.redactor)
    yield hunt
    hunt.close()


@pytest.mark.parametrize(
    "moves",
    [
        "write expire never write wait fresh write",
        "offline write expire online lost write 500 reload",
        "expire 401 write",
    ],
)
def test_on_the_real_page_nothing_is_lost_doubled_or_held_up(hunt: Hunt, moves: str) -> None:
    assert hunt.play(read_moves(moves)) == []
