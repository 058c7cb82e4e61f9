"""Failed sign-ins: braked by name, audited without what was typed, and no way to lock others out."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from reference_impl.clock import ShiftedClock
from reference_impl.issuer import sign_in_brake
from reference_impl.issuer.sign_in_brake import FORGOTTEN, FREE, LONGEST, SignInBrake

Bench = Any  # conftest's


class Stands:
    def now(self) -> float:
        return 1_800_000_000.0


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock(Stands())


@pytest.fixture
def brake(clock: ShiftedClock) -> SignInBrake:
    return SignInBrake(clock)


def fail(brake: SignInBrake, name: str = "alice", times: int = FREE) -> None:
    for number in range(times):
        assert brake.attempt(name, f"browser {number}") == 0


def test_after_some_failures_each_attempt_waits_twice_as_long_as_the_one_before(
    brake: SignInBrake, clock: ShiftedClock
) -> None:
    fail(brake)
    for pause in (1, 2, 4, 8, 16, 32, LONGEST, LONGEST):
        assert brake.attempt("alice", "any") == pause
        clock.advance(pause - 0.5)
        assert brake.attempt("alice", "another") == 0.5
        clock.advance(0.5)
        assert brake.attempt("alice", "any") == 0


def test_other_names_do_not_wait_and_failures_are_forgotten(brake: SignInBrake, clock: ShiftedClock) -> None:
    fail(brake)
    assert brake.attempt("bob", "any") == 0
    clock.advance(FORGOTTEN)
    fail(brake)
    assert brake.attempt("alice", "any") > 0


def test_a_browser_in_which_the_name_signed_in_before_does_not_wait_for_strangers(brake: SignInBrake) -> None:
    assert brake.attempt("alice", "her own") == 0
    brake.succeeded("alice", "her own")
    fail(brake)
    assert brake.attempt("alice", "a stranger's") > 0
    assert brake.attempt("alice", "her own") == 0


def test_a_known_browser_is_counted_too(brake: SignInBrake) -> None:
    brake.succeeded("alice", "her own")
    for _ in range(FREE):
        assert brake.attempt("alice", "her own") == 0
    assert brake.attempt("alice", "her own") > 0


def test_an_attempt_that_nobody_could_judge_does_not_count(brake: SignInBrake) -> None:
    for _ in range(3 * FREE):
        assert brake.attempt("alice", "any") == 0
        brake.take_back("alice", "any")


def test_names_beyond_a_number_push_the_oldest_out(brake: SignInBrake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in_brake, "MOST", 3)
    fail(brake)
    for name in ("b", "c", "d"):
        brake.attempt(name, "any")
    assert brake.attempt("alice", "any") == 0
    assert len(brake._failures) == 3


def audited(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    lines = [json.loads(record.message) for record in caplog.records if record.name == "reference_impl.audit"]
    return [line for line in lines if line["occurrence"] == "SignInFailed"]


def test_a_failed_sign_in_is_audited_with_the_pseudonym_where_there_is_one_and_never_with_what_was_typed(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    subject = bench.issuer.keys.read(bench.login()["access_token"])["sub"]
    caplog.clear()
    caplog.set_level(logging.INFO)
    page = bench.authorize()
    for name in ("alice", "nobody-of-this-name"):
        assert bench.answer_page(page, username=name, password="not-her-password").status_code == 403
    known, unknown = audited(caplog)
    assert (known["subject"], known["reason"], known["client_id"]) == (subject, "denied", "web")
    assert "subject" not in unknown
    assert known["correlation_id"] == unknown["correlation_id"]
    assert not any(typed in caplog.text for typed in ("nobody-of-this-name", "not-her-password", "alice"))
    assert len(bench.outbox.pending()) == 1  # the login; a failed one is no event


def test_the_login_page_says_how_long_to_wait_and_the_right_password_is_not_looked_at_meanwhile(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    page = bench.authorize()
    for _ in range(FREE):
        assert bench.answer_page(page, password="wrong").status_code == 403
    braked = bench.answer_page(page)
    assert (braked.status_code, braked.headers["Retry-After"]) == (429, "1")
    assert "Wait 1 s" in braked.text
    assert audited(caplog)[-1]["reason"] == "braked"
    bench.clock.advance(1)
    assert bench.answer_page(page).status_code == 303


def test_strangers_do_not_keep_a_user_out_of_her_own_browser(bench: Bench) -> None:
    assert bench.answer_page(bench.authorize()).status_code == 303
    stranger = bench.new_browser()
    page = bench.authorize(browser=stranger)
    for _ in range(FREE):
        bench.answer_page(page, stranger, password="guess")
    assert bench.answer_page(page, stranger).status_code == 429
    assert bench.answer_page(bench.authorize()).status_code == 303
