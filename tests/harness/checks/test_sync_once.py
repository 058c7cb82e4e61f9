"""The checks of SYNC-05, each on a record that passes and on ones that fail, or prove nothing."""

from __future__ import annotations

from typing import Any

import pytest

from harness.observations import HttpExchange, Observation
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, exchange, judge

NOTE, CLIENT = "note-1", "client-1"


def pull(case: str, text: str, made: int, marks: str, acknowledged: int | None = None, **about: str) -> HttpExchange:
    body = {
        "lastMutationIDChanges": {CLIENT: made if acknowledged is None else acknowledged},
        "patch": [{"op": "clear"}, {"op": "put", "key": "n", "value": {"id": NOTE, "text": f"|{text}"}}],
    }
    return exchange(case, 200, body, note=NOTE, client=CLIENT, made=str(made), marks=marks, **about)


def record(**changed: Any) -> list[Observation]:
    """The marks of the other tab, <7>, may stand anywhere. `changed`: observations in the place of those with their
    name, with _ for each space."""
    seen: list[Observation] = [
        pull("before the same again", "<1><2>", 3, "<1><2>"),
        pull("after the same again", "<1><2>", 3, "<1><2>"),
        exchange("the same again", 200, {}),
        exchange("twenty at once", 200, {}),
        pull("after twenty at once", "<1><2><3><4>", 5, "<1><2><3><4>"),
        pull("after a failure", "<1><2><3><4>", 7, "<1><2><3><4>", 5, late="<5><6>", most="5"),
        pull("after the push was sent again", "<1><2><3><4><5><6>", 7, "<1><2><3><4><5><6>"),
        pull("after two tabs", "<1><2><3><4><5><6><9><7><8>", 9, "<1><2><3><4><5><6><7><8><9>"),
        exchange("a push without one of its mutations", 409, {"error": "out_of_order"}),
        pull("after the gap", "<1><2><3><4><5><6><9><7><8><10>", 13, "<1><2><3><4><5><6><7><8><9><10>", 10,
             late="<11><12><13>", most="10"),
        pull("at the end", "<1><2><3><4><5><6><9><7><8><10><11><12><13>", 13,
             "<1><2><3><4><5><6><7><8><9><10><11><12><13>"),
    ]  # fmt: skip
    return [changed.get(one.case.replace(" ", "_"), one) for one in seen]


@pytest.mark.parametrize("expectation", ["SYNC-05.E1", "SYNC-05.E2", "SYNC-05.E3"])
def test_a_server_that_counts_right_passes(expectation: str) -> None:
    assert_passed(judge(expectation, record()))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<1><2><3><3><4>", "<3> is there 2 times"),
        ("<1><2><4>", "<3> is not there"),
        ("<1><2><4><3>", "not in the order"),
        ("<1><2><3><4><5>", "<5> was not to be there yet"),
    ],
)
def test_a_mark_that_is_doubled_lost_early_or_out_of_order_fails(text: str, words: str) -> None:
    wrong = pull("after twenty at once", text, 5, "<1><2><3><4>")
    assert_failed(judge("SYNC-05.E1", record(after_twenty_at_once=wrong)), words)


def test_an_effect_without_its_acknowledgement_fails() -> None:
    wrong = pull("after twenty at once", "<1><2><3><4>", 5, "<1><2><3><4>", 4)
    assert_failed(judge("SYNC-05.E1", record(after_twenty_at_once=wrong)), "acknowledged 4 of 5")


def test_a_note_that_was_not_pulled_proves_nothing() -> None:
    assert_unknown(judge("SYNC-05.E1", record(at_the_end=exchange("at the end", 500, note=NOTE, made="1", marks=""))))


def test_a_refused_repetition_or_one_with_an_effect_fails() -> None:
    refused = exchange("the same again", 409, {"error": "conflict"})
    assert_failed(judge("SYNC-05.E2", record(the_same_again=refused)), "HTTP 409 conflict")
    lost = exchange("the same again", 200, {"error": "ClientStateNotFound"})
    assert_failed(judge("SYNC-05.E2", record(the_same_again=lost)), "ClientStateNotFound")
    doubled = pull("after the same again", "<1><2><1><2>", 3, "<1><2>")
    assert_failed(judge("SYNC-05.E2", record(after_the_same_again=doubled)), "had an effect")


def test_what_comes_after_a_gap_and_is_taken_acknowledged_or_lost_fails() -> None:
    taken = exchange("a push without one of its mutations", 200, {})
    assert_failed(judge("SYNC-05.E3", record(a_push_without_one_of_its_mutations=taken)), "with a gap was accepted")
    early = pull("after the gap", "<10><12>", 13, "<10>", 10, late="<11><12><13>", most="10")
    assert_failed(judge("SYNC-05.E3", record(after_the_gap=early)), "<12> was applied without")
    told = pull("after the gap", "<10>", 13, "<10>", 13, late="<11><12><13>", most="10")
    assert_failed(judge("SYNC-05.E3", record(after_the_gap=told)), "13 is acknowledged, and 10 at most")
    lost = pull("at the end", "<10><11><13>", 13, "<10><11><12><13>")
    assert_failed(judge("SYNC-05.E3", record(at_the_end=lost)), "<12> is not there once")
