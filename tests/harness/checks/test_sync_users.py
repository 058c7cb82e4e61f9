"""The checks of SYNC-09, each on a record that passes and on ones that fail, or prove nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.checks.sync_users import ADDED, ADDITION, FOREIGN_NOTES, LINES, NAMED, ONLY_PUSHED, PULL, PUSH
from harness.observations import HttpExchange, Observation
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, exchange, judge


def look(case: str, space: str, last: int = 1) -> HttpExchange:
    patch = [{"op": "put", "key": "note/1", "value": {"id": "1", "text": LINES[space]}}]
    return exchange(case, 200, {"cookie": 3, "lastMutationIDChanges": {"c": last}, "patch": patch}, space=space)


def refusal(case: str, name: str) -> HttpExchange:
    status, error = (404, "not_found") if name.startswith(("the workspace", "a workspace")) else (403, "forbidden")
    return exchange(case, status, {"error": error}, named=name)


def record(*others: Observation) -> list[Observation]:
    """`others` come last, and count for those of their case and name."""
    attacks = [refusal(PUSH, name) for name in NAMED]
    attacks += [refusal(PULL, name) for name in NAMED if name != ONLY_PUSHED]
    looks = [look(case, space) for case in ("before", "after") for space in LINES]
    additions = [exchange(ADDITION, 200, {}, note=whose) for whose in ("his own", *FOREIGN_NOTES)]
    return [
        *attacks,
        *looks,
        *additions,
        exchange("what is his", 200, {"patch": [f"mine, {ADDED}"]}, user="second"),
        *others,
    ]


@pytest.mark.parametrize("expectation", ["SYNC-09.E1", "SYNC-09.E2", "SYNC-09.E3"])
def test_a_server_that_keeps_users_apart_passes(expectation: str) -> None:
    assert_passed(judge(expectation, record()))


def test_an_error_in_the_words_of_the_protocol_is_a_refusal() -> None:
    told = exchange(PUSH, 200, {"error": "ClientStateNotFound"}, named=NAMED[2])
    assert_passed(judge("SYNC-09.E1", record(told)))


@pytest.mark.parametrize("name", NAMED)
def test_a_foreign_push_that_is_taken_fails(name: str) -> None:
    assert_failed(judge("SYNC-09.E1", record(exchange(PUSH, 200, {}, named=name))), f"a foreign push, {name}")


@pytest.mark.parametrize("changes", [{"last": 2}, {"space": "workspace", "last": 2}])
def test_a_change_of_what_is_the_first_users_fails(changes: dict[str, Any]) -> None:
    after = look("after", **{"space": "own", **changes})
    assert_failed(judge("SYNC-09.E1", record(after)), "lastMutationIDChanges of the first user has changed")


def test_a_line_that_the_second_user_added_to_a_note_of_the_first_fails() -> None:
    for space, line in LINES.items():
        patch = [{"op": "put", "key": "note/1", "value": {"id": "1", "text": f"{line}, and {ADDED}"}}]
        body = {"cookie": 3, "lastMutationIDChanges": {"c": 1}, "patch": patch}
        after = exchange("after", 200, body, space=space)
        assert_failed(judge("SYNC-09.E1", record(after)), f"patch of the first user has changed ({space})")


@pytest.mark.parametrize("whose", FOREIGN_NOTES)
def test_an_addition_may_be_refused_and_must_have_been_tried(whose: str) -> None:
    assert_passed(judge("SYNC-09.E1", record(exchange(ADDITION, 403, {"error": "forbidden"}, note=whose))))
    untried = [o for o in record() if not (isinstance(o, HttpExchange) and o.about.get("note") == whose)]
    assert_unknown(judge("SYNC-09.E1", untried))
    assert_unknown(judge("SYNC-09.E1", record(exchange(ADDITION, None, note=whose))))


def test_an_addition_without_effect_on_a_note_of_his_own_proves_nothing() -> None:
    assert_unknown(judge("SYNC-09.E1", record(exchange("what is his", 200, {"patch": ["mine"]}))))


def test_an_attack_that_was_not_tried_or_not_answered_proves_nothing() -> None:
    assert_unknown(judge("SYNC-09.E1", record()[1:]))
    assert_unknown(judge("SYNC-09.E1", record(replace(refusal(PUSH, NAMED[0]), status=None))))


def test_a_line_of_the_first_user_in_any_answer_fails() -> None:
    pulled = exchange(PULL, 403, {"error": LINES["workspace"]}, named=NAMED[5])
    assert_failed(judge("SYNC-09.E2", record(pulled)), "a foreign pull, the workspace: it holds")
    own = exchange("what is his", 200, {"patch": [LINES["own"]]})
    assert_failed(judge("SYNC-09.E2", record(own)), "his own: it holds")


def test_a_line_that_its_own_user_does_not_see_proves_nothing() -> None:
    assert_unknown(judge("SYNC-09.E2", record(exchange("before", 200, {"patch": []}, space="own"))))


def test_a_user_who_sees_nothing_of_his_own_proves_nothing() -> None:
    assert_unknown(judge("SYNC-09.E2", record(exchange("what is his", 500))))


@pytest.mark.parametrize(("status", "error"), [(403, "not_found"), (404, "forbidden")])
def test_an_answer_that_tells_what_exists_fails(status: int, error: str) -> None:
    told = exchange(PUSH, status, {"error": error}, named="a workspace that he was removed from")
    assert_failed(judge("SYNC-09.E3", record(told)), "a workspace of nobody")
