"""What the checks of session identifiers conclude."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.checks.session_identifiers import AGAIN, KNOWN, MADE_UP
from harness.observations import IdentifierTrial, Observation, SecretSample
from harness.probes.sampling import sample_of
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, judge

CASES = {KNOWN: 1, AGAIN: 1, MADE_UP: 2}
SAMPLE = SecretSample(
    case="identifiers", about={"prefix": "0"}, what="x", count=1000, distinct=1000, shortest=43, bits=256.0
)


def trial(case: str, **other: Any) -> IdentifierTrial:
    earlier = ("old",) if case == AGAIN else ()
    known: dict[str, Any] = {"planted": () if earlier else ("planted",), "earlier": earlier, "after": ("new",)}
    return IdentifierTrial(case=case, **{**known, "accepted": (), "signed_in": True, **other})


def record(changed: Observation | None = None) -> list[Observation]:
    seen: list[Observation] = [*(trial(case) for case in CASES), SAMPLE]
    return seen if changed is None else [*(o for o in seen if o.case != changed.case), changed]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_new_identifiers_that_cannot_be_guessed_pass(number: int) -> None:
    assert_passed(judge(f"WEB-07.E{number}", record()))


@pytest.mark.parametrize("case", CASES)
def test_an_identifier_of_before_that_is_kept_or_still_works_fails(case: str) -> None:
    before = trial(case).planted or trial(case).earlier
    assert_failed(judge(f"WEB-07.E{CASES[case]}", record(trial(case, after=before))), "is the session's now")
    assert_failed(judge(f"WEB-07.E{CASES[case]}", record(trial(case, accepted=before))), "is signed in")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("lacking", [{"signed_in": False}, {"planted": (), "earlier": ()}])
def test_without_a_login_or_an_identifier_before_it_nothing_is_proven(case: str, lacking: dict[str, Any]) -> None:
    assert_unknown(judge(f"WEB-07.E{CASES[case]}", record(trial(case, **lacking))))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"distinct": 999}, "came again"),
        ({"bits": 127.0}, "127 bits"),
        ({"about": {"prefix": "4"}}, "the same 4 characters"),
    ],
)
def test_identifiers_that_repeat_are_short_or_begin_alike_fail(wrong: dict[str, Any], told: str) -> None:
    assert_failed(judge("WEB-07.E3", record(replace(SAMPLE, **wrong))), told)


def test_a_prefix_that_is_documented_passes_and_few_samples_prove_nothing() -> None:
    documented = {"prefix": "4", "documented prefix": "4"}
    assert_passed(judge("WEB-07.E3", record(replace(SAMPLE, about=documented))))
    assert_unknown(judge("WEB-07.E3", record(replace(SAMPLE, count=999, distinct=999))))


def test_a_sample_tells_what_its_secrets_share() -> None:
    sample = sample_of("c", "w", ["ab1x", "ab2y", "ab1x"])
    assert (sample.count, sample.distinct, sample.shortest, sample.bits) == (3, 2, 4, 2.0)
    assert sample.about["prefix"] == "2"
