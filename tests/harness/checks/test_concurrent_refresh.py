"""Refreshes at once, and answers that were lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from harness.observations import Absence, DocumentedLifetime, HttpExchange, LifetimeTable, Observation
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, exchange, judge, refused

E1, E2, E3, E4 = (f"TOKEN-11.E{number}" for number in range(1, 5))
Seen = list[Observation]


def answer(case: str, presented: str, given: str | None) -> HttpExchange:
    """An answer with this successor; None: refused."""
    body: Any = {"error": "invalid_grant"} if given is None else {"access_token": "a", "refresh_token": given}
    sent = urlencode({"grant_type": "refresh_token", "refresh_token": presented})
    return exchange(case, 400 if given is None else 200, body, client="web", request_body=sent)


def race(*given: str | None) -> Seen:
    """Thirty answers at once: the last one is repeated as often as needed."""
    return [answer("refresh at once", "t0", given[min(number, len(given) - 1)]) for number in range(30)]


def followed(*leaves: tuple[str, str | None]) -> Seen:
    """Each successor used, and what it gave; what was given is live."""
    used = [answer("successor used", token, leaf) for token, leaf in leaves]
    return [*used, *(answer("leaf used", leaf, f"{leaf}'") for _, leaf in leaves if leaf)]


def lost(when: str, again: str | None, successor: str | None) -> Seen:
    case = f"lost answer {when} the grace"
    return [
        answer(f"{case}: first", "t0", "t1"),
        answer(f"{case}: again", "t0", again),
        answer(f"{case}: successor", "t1", successor),
    ]


def documented(seconds: float) -> LifetimeTable:
    limits = {"reuse_grace": DocumentedLifetime(seconds, "why")}
    return LifetimeTable(case="documented lifetimes", stage="dev", source="a page", limits=limits, assurance="AAL1")


def test_one_successor_for_all_passes() -> None:
    assert_passed(judge(E1, race("t1")))


def test_one_success_and_refusals_pass() -> None:
    assert_passed(judge(E1, race("t1", None)))


def test_two_successors_fail() -> None:
    assert_failed(judge(E1, race("t1", "t2")), "2 different successors")


def test_no_success_at_all_fails() -> None:
    assert_failed(judge(E1, race(None)), "none of 30 succeeded")


def test_a_refusal_of_another_kind_fails() -> None:
    broken = exchange("refresh at once", 500, client="web", request_body="refresh_token=t0")
    assert_failed(judge(E1, [*race("t1"), broken]), "HTTP 500")


def later(number: int, status: int = 429) -> Seen:
    """Refreshes at once that were to be made again later."""
    answers = exchange("refresh at once", status, client="web", request_body="refresh_token=t0")
    return [replace(answers, headers=(("Retry-After", "1"),))] * number


def test_a_race_of_which_some_were_put_off_is_unknown_unless_it_forked() -> None:
    for seen in (later(30), [*race("t1")[:1], *later(29)], [*race("t1", None)[:20], *later(10, 503)]):
        assert_unknown(judge(E1, seen))
        assert_unknown(judge(E2, [*seen, *followed(("t1", "t2"))]))
    forked = [*race("t1", "t2")[:20], *later(10)]
    assert_failed(judge(E1, forked), "2 different successors")
    assert_failed(judge(E2, [*forked, *followed(("t1", "t3"), ("t2", "t4"))]), "2 live refresh tokens")


def test_fewer_requests_than_thirty_are_unknown() -> None:
    assert_unknown(judge(E1, race("t1")[:29]))


def test_requests_with_different_tokens_are_unknown() -> None:
    assert_unknown(judge(E1, [*race("t1"), answer("refresh at once", "another", "t1")]))


def test_one_live_leaf_passes() -> None:
    assert_passed(judge(E2, [*race("t1"), *followed(("t1", "t2"))]))


def test_two_live_leaves_fail() -> None:
    assert_failed(judge(E2, [*race("t1", "t2"), *followed(("t1", "t3"), ("t2", "t4"))]), "2 live refresh tokens")


def test_no_live_leaf_fails() -> None:
    assert_failed(judge(E2, [*race("t1"), *followed(("t1", None))]), "0 live refresh tokens")


def test_a_family_that_a_race_ended_passes_where_no_grace_is_documented() -> None:
    seen = [*race("t1", None), *followed(("t1", None))]
    assert_passed(judge(E2, seen))
    assert_failed(judge(E2, [documented(10), *seen]), "0 live refresh tokens")


def test_lines_that_were_not_followed_are_unknown() -> None:
    assert_unknown(judge(E2, race("t1")))
    assert_unknown(judge(E2, [*race("t1"), answer("successor used", "t1", "t2")]))


def test_the_same_successor_within_the_grace_passes() -> None:
    assert_passed(judge(E3, [documented(10), *lost("within", "t1", "t2")]))


def test_another_successor_within_the_grace_fails() -> None:
    assert_failed(judge(E3, [documented(10), *lost("within", "t9", "t2")]), "another successor")


def test_a_refusal_within_a_documented_grace_fails_and_without_one_is_unknown() -> None:
    assert_failed(judge(E3, [documented(10), *lost("within", None, None)]), "HTTP 400 invalid_grant")
    assert_unknown(judge(E3, lost("within", None, None)))


def test_a_lost_answer_is_not_applicable_where_a_grace_of_nothing_is_documented() -> None:
    judgement = judge(E3, [documented(0), *lost("within", None, None)])
    assert (judgement.verdict, "reuse grace of 0 s" in judgement.reason) == ("not_applicable", True)
    assert_passed(judge(E2, [documented(0), *race("t1", None), *followed(("t1", None))]))


def test_theft_after_the_grace_passes() -> None:
    assert_passed(judge(E4, lost("after", None, None)))


@pytest.mark.parametrize(
    ("again", "successor", "words"), [("t1", "t2", "asked again"), (None, "t2", "the successor afterwards")]
)
def test_what_lives_on_after_the_grace_fails(again: str | None, successor: str | None, words: str) -> None:
    assert_failed(judge(E4, lost("after", again, successor)), words)


@pytest.mark.parametrize(("expectation", "seen"), [(E3, lost("within", "t1", "t2")), (E4, lost("after", None, None))])
def test_without_a_first_answer_nothing_is_known(expectation: str, seen: Seen) -> None:
    case = seen[0].case
    assert_unknown(judge(expectation, [refused(case, client="web"), *seen[1:]]))


@pytest.mark.parametrize("expectation", [E1, E2, E3, E4])
def test_nothing_observed_is_unknown(expectation: str) -> None:
    assert_unknown(judge(expectation, [documented(10)]))


@pytest.mark.parametrize("expectation", [E1, E2, E3, E4, "TOKEN-09.E1", "TOKEN-09.E2"])
def test_where_refresh_tokens_are_declared_absent_nothing_is_judged(expectation: str) -> None:
    absence = Absence(case="absence", capability="refresh token", reason="it issues none", declared=True)
    assert judge(expectation, [documented(10), absence]).verdict == "not_applicable"
    assert judge(expectation, [documented(10), replace(absence, declared=False)]).verdict == "not_run"


@pytest.mark.parametrize(
    ("expectation", "make"),
    [(E1, lambda: race("t1")), (E2, lambda: race("t1")), (E3, lambda: lost("within", "t1", None))],
)
def test_a_target_without_public_clients_is_not_judged(expectation: str, make: Callable[[], Seen]) -> None:
    absence = Absence(case="absence", capability="public client", reason="each has a secret", declared=False)
    assert judge(expectation, [*make(), absence]).verdict == "not_run"
