"""Each check of starts without a secret: what passes, what fails, and that half observed is unknown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.observations import Hit, Observation, ProcessRun, SecretAccess, SecretScan
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, exchange, judge

SECRETS = ("signing-key", "users")
STARTS = (*((secret, "missing") for secret in SECRETS), ("users", "empty"))
ALL = [f"STAGE-02.E{number}" for number in (1, 2, 3, 4)]


def start(secret: str, how: str) -> list[Observation]:
    case = f"{secret} is {how}"
    about = {"stage": "dev", "how": how, "required": " ".join(SECRETS)}
    names = ("/app/dev/auth/", "/app/dev/auth/users")
    return [
        SecretScan(case=case, about=about, places=("stderr",), bytes=9, kinds=("key",), hits=(), planted_found=True),
        SecretAccess(case=case, about=about, namespace="/app/dev/", others=("/app/prod/",), names=names),
        ProcessRun(
            case=case, about=about, argument=secret, ready=False, exit_code=2, stderr=f"/auth/{secret} is {how}"
        ),
        exchange(case, None, role="metadata", error="refused"),
    ]


def whole() -> list[Observation]:
    return [one for secret, how in STARTS for one in start(secret, how)]


def changed(kind: type[Observation], **fields: Any) -> list[Observation]:
    seen = whole()
    place = next(i for i, one in enumerate(seen) if isinstance(one, kind))
    return [*seen[:place], replace(seen[place], **fields), *seen[place + 1 :]]


@pytest.mark.parametrize("expectation", ALL)
def test_starts_that_refuse_and_say_why_pass(expectation: str) -> None:
    assert_passed(judge(expectation, whole()))


@pytest.mark.parametrize("expectation", ALL)
def test_nothing_observed_is_unknown(expectation: str) -> None:
    assert_unknown(judge(expectation, []))


@pytest.mark.parametrize("expectation", ALL)
@pytest.mark.parametrize("left_out", ["signing-key is missing", "users is empty"])
def test_a_start_that_was_not_tried_is_unknown(expectation: str, left_out: str) -> None:
    assert_unknown(judge(expectation, [one for one in whole() if one.case != left_out]))


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"ready": True, "exit_code": None}, "it was ready"), ({"exit_code": 0}, "ended as if all were well")],
)
def test_a_start_that_serves_or_ends_well_fails(fields: dict[str, Any], words: str) -> None:
    assert_failed(judge("STAGE-02.E1", changed(ProcessRun, **fields)), words)


def test_a_start_that_answers_fails() -> None:
    answered = exchange("signing-key is missing", 200, {"issuer": "https://auth"}, role="metadata")
    assert_failed(judge("STAGE-02.E1", [*whole(), answered]), "it was answered")


def test_a_start_that_came_to_no_end_is_unknown() -> None:
    assert_unknown(judge("STAGE-02.E1", changed(ProcessRun, exit_code=None)))


@pytest.mark.parametrize("text", ["", "a secret is missing", "/auth/users", "signing-key or users", "the-signing-key2"])
def test_an_error_that_does_not_name_exactly_the_secret_fails(text: str) -> None:
    assert_failed(judge("STAGE-02.E2", changed(ProcessRun, stderr=text)), "its error names")


@pytest.mark.parametrize("name", ["/app/prod/auth/users", "/app/", "/app/development/x", "/sst/passphrase/app/prod"])
def test_a_name_outside_of_the_own_stage_fails(name: str) -> None:
    assert_failed(judge("STAGE-02.E3", changed(SecretAccess, names=("/app/dev/auth/", name))), name)


def test_a_store_that_saw_nothing_is_unknown() -> None:
    assert_unknown(judge("STAGE-02.E3", changed(SecretAccess, names=())))


def test_a_secret_in_what_was_said_fails() -> None:
    found = (Hit("stderr", "{{key:0123456789abcdef:44}}"),)
    assert_failed(judge("STAGE-02.E4", changed(SecretScan, hits=found)), "in its stderr")


@pytest.mark.parametrize("fields", [{"planted_found": False}, {"kinds": ()}, {"bytes": 0}])
def test_a_search_that_could_not_have_found_anything_is_unknown(fields: dict[str, Any]) -> None:
    assert_unknown(judge("STAGE-02.E4", changed(SecretScan, **fields)))
