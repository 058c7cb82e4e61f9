"""The generations of a secret, as a pure model."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from reference_impl.rotation import Generation, Generations
from reference_impl.rotation.parameter import decode, encode

FIRST = Generations((Generation("a", "value of a", 0.0),))


def test_a_new_generation_is_accepted_before_it_is_used_and_the_old_one_after_it_was() -> None:
    both = FIRST.rotated("b", "value of b", now=100, lead=60, overlap=30)
    assert [(both.current(t).name, [g.name for g in both.accepted(t)]) for t in (100, 159, 160, 189, 190)] == [
        ("a", ["a", "b"]),
        ("a", ["a", "b"]),
        ("b", ["a", "b"]),
        ("b", ["a", "b"]),
        ("b", ["b"]),
    ]


def test_an_emergency_leaves_nothing_but_the_new_generation() -> None:
    replaced = FIRST.rotated("b", "", 100, 60, 30).replaced("c", "", 110)
    assert (replaced.current(110).name, [g.name for g in replaced.accepted(110)]) == ("c", ["c"])


def test_a_rotation_that_is_taken_back_before_it_began_leaves_no_trace() -> None:
    undone = FIRST.rotated("b", "", 100, 60, 30).rolled_back(110, overlap=30)
    assert [(g.name, g.ends_at) for g in undone.accepted(1_000_000)] == [("a", None)]


def test_a_rotation_that_is_taken_back_later_keeps_what_the_new_generation_made_good_for_the_overlap() -> None:
    undone = FIRST.rotated("b", "", 100, 60, 30).rolled_back(170, overlap=30)
    assert undone.current(170).name == "a"
    assert {g.name for g in undone.accepted(199)} == {"a", "b"}
    assert {g.name for g in undone.accepted(200)} == {"a"}


def test_nothing_that_has_ended_comes_back() -> None:
    with pytest.raises(LookupError, match="has ended"):
        FIRST.rotated("b", "", 100, 60, 30).rolled_back(190, overlap=30)
    with pytest.raises(LookupError, match="may be used"):
        Generations(()).current(0)


@given(
    st.dictionaries(
        st.text(), st.lists(st.builds(Generation, st.text(), st.text(), st.floats(0, 1e10), st.none() | st.floats(0)))
    )
)
@settings(deadline=None, max_examples=50)
def test_the_parameter_holds_every_generation_as_it_is(made: dict[str, list[Generation]]) -> None:
    finite = {s: Generations(tuple(g for g in kept if g.ends_at != float("inf"))) for s, kept in made.items()}
    assert decode(encode(finite)) == finite


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1}', '{"a": [{"name": "secret"}]}'])
def test_a_parameter_that_is_not_usable_is_told_without_being_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="not usable") as caught:
        decode(text)
    assert "secret" not in str(caught.value)


class AnyOrderOfRotations(RuleBasedStateMachine):
    """Planned rotations, undone ones and time, in any order: there is always exactly one to use, and it is good.

    What was made with a generation stays good for the overlap after it was used for the last time.
    """

    LEAD, OVERLAP = 60.0, 90.0

    def __init__(self) -> None:
        super().__init__()
        self.now, self.made = 1000.0, 0
        self.generations = FIRST
        self.last_used: dict[str, float] = {}

    @rule()
    def rotate(self) -> None:
        self.made += 1
        self.generations = self.generations.rotated(f"g{self.made}", "", self.now, self.LEAD, self.OVERLAP)

    @precondition(lambda self: len(self.generations.accepted(self.now)) > 1)
    @rule()
    def roll_back(self) -> None:
        self.generations = self.generations.rolled_back(self.now, self.OVERLAP)

    @rule(seconds=st.sampled_from([0.5, 20.0, 61.0, 95.0, 500.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def the_one_in_use_is_good_and_so_is_what_was_used_lately(self) -> None:
        good = {each.name for each in self.generations.accepted(self.now)}
        used = self.generations.current(self.now).name
        assert used in good
        self.last_used[used] = self.now
        assert {name for name, at in self.last_used.items() if self.now < at + self.OVERLAP} <= good


TestAnyOrderOfRotations = AnyOrderOfRotations.TestCase
TestAnyOrderOfRotations.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
