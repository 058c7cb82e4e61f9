"""A failure tells all that is wrong, its reason the first of it, and two trials what they have in common."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.checks.common import Complaint, conclude
from harness.checks.symptoms import joined
from harness.checks.trials import confirmed
from harness.model import Judgement, Symptom, Verdict
from tests.harness.checks.records import exchange

FIVE = [Complaint(f"number {name}", replace(exchange("call", 200), id=f"s#{name}")) for name in "abcde"]


def failed(*texts: str, trial: int = 1) -> Judgement:
    return conclude([Complaint(text, replace(exchange("call", 200), id=f"{trial}#{text}")) for text in texts], "")


def test_the_reason_names_three_and_the_symptoms_are_all() -> None:
    judgement = conclude(FIVE, "all is well")
    assert judgement.reason == "number a; number b; number c, and 2 more"
    assert judgement.shown_by == ("s#a", "s#b", "s#c")
    assert judgement.symptoms == tuple(Symptom(f"number {name}", (f"s#{name}",)) for name in "abcde")


def test_what_is_well_has_no_symptoms() -> None:
    assert conclude([], "all is well") == Judgement(Verdict.PASSED, "all is well")


def test_what_both_trials_saw_is_shown_by_both_and_comes_first() -> None:
    judgement = confirmed([failed("once", "after 3 s"), failed("after 4 s", "at the end", trial=2)])
    assert judgement.reason == "after 3 s"
    assert judgement.shown_by == ("1#after 3 s", "2#after 4 s")
    assert [(one.text, one.shown_by) for one in judgement.symptoms] == [
        ("after 3 s", ("1#after 3 s", "2#after 4 s")),
        ("once", ("1#once",)),
        ("at the end", ("2#at the end",)),
    ]


def test_secrets_of_two_trials_are_no_difference() -> None:
    marks = [f"{{{{code:{digit * 16}:43}}}}/b64 came" for digit in "ab"]
    assert len(joined([Symptom(marks[0])], [Symptom(marks[1])])) == 1
    assert len(joined([Symptom(marks[0])], [Symptom(marks[1].replace("code", "jwt"))])) == 2


def test_two_trials_that_fail_in_different_ways_confirm_nothing() -> None:
    judgement = confirmed([failed("this"), failed("that", trial=2)])
    told = "two trials failed in different ways, and neither confirms the other (this; that)"
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, told)
    assert judgement.shown_by == ("1#this", "2#that")
    assert [one.text for one in judgement.symptoms] == ["this", "that"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from("abc"), max_size=6), st.lists(st.sampled_from("abc"), max_size=6))
def test_nothing_that_a_trial_saw_is_lost(first: list[str], second: list[str]) -> None:
    one, other = (
        [Symptom(text, (f"{t}#{n}",)) for n, text in enumerate(texts)] for t, texts in ((1, first), (2, second))
    )
    shown = [id for symptom in joined(one, other) for id in symptom.shown_by]
    assert sorted(shown) == sorted(id for symptom in (*one, *other) for id in symptom.shown_by)
