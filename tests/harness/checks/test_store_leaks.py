"""Each check of secrets outside the store: what passes, what fails, and what proves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from harness.checks.store_leaks import ALL, BEFORE_THE_CRASH, REFRESHES
from harness.observations import BrowserHandover, CrashRecord, Hit, Observation, ProcessWatch, SecretScan, StoreState
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, judge

HIT = Hit("home/settings.dat", "{{refresh_token:0123456789abcdef:43/utf16}}")


def state(case: str, signed_in: bool = True, error: str = "") -> StoreState:
    return StoreState(case=case, mode="secure", back_end="b", signed_in=signed_in, error=error)


def scan(case: str, *hits: Hit, planted: bool = True, kinds: tuple[str, ...] = ALL) -> SecretScan:
    return SecretScan(case=case, places=("home",), bytes=9, kinds=kinds, hits=hits, planted_found=planted)


def instead(seen: Sequence[Observation], changed: Observation) -> list[Observation]:
    return [changed if (type(one), one.case) == (type(changed), changed.case) else one for one in seen]


CRASH = CrashRecord(case="crash", signal="SIGSEGV", ended_by="SIGSEGV", limits=(0, 0))
USED = [
    *(state(case) for case in ("sign-in", *REFRESHES, "failed sign-in", "API call")),
    *(scan(case) for case in (*BEFORE_THE_CRASH, "after the crash", "window", "window: cookies")),
    CRASH,
]


def test_a_client_that_leaves_nothing_passes() -> None:
    for number in (1, 2, 3):
        assert_passed(judge(f"STORE-04.E{number}", USED))


@pytest.mark.parametrize("case", BEFORE_THE_CRASH)
def test_a_secret_in_a_file_fails(case: str) -> None:
    assert_failed(judge("STORE-04.E1", instead(USED, scan(case, HIT))), "home/settings.dat")


@pytest.mark.parametrize(
    "changed",
    [
        state("refresh 2", error="the refresh failed"),
        state("sign-in", signed_in=False),
        state("failed sign-in", error="it was not begun"),
        scan("after the update", planted=False),
        scan("after the update", kinds=("access_token", "refresh_token")),
    ],
)
def test_a_client_that_was_not_used_or_not_searched_proves_nothing(changed: Observation) -> None:
    assert_unknown(judge("STORE-04.E1", instead(USED, changed)))


@pytest.mark.parametrize("case", ["window", "window: cookies"])
def test_a_token_in_the_window_fails(case: str) -> None:
    assert_failed(judge("STORE-04.E2", instead(USED, scan(case, replace(HIT, place="localStorage")))), "localStorage")


def test_a_secret_in_what_a_crash_left_fails() -> None:
    for crash in (CRASH, replace(CRASH, limits=(-1, -1), dumps=("core",))):
        seen = instead(instead(USED, crash), scan("after the crash", replace(HIT, place="home/core")))
        assert_failed(judge("STORE-04.E3", seen), "home/core")


def test_a_dump_without_a_secret_passes() -> None:
    assert_passed(judge("STORE-04.E3", instead(USED, replace(CRASH, limits=(-1,), dumps=("core",)))))


@pytest.mark.parametrize(
    "changed", [replace(CRASH, ended_by="exit code 0"), replace(CRASH, limits=(-1, -1)), replace(CRASH, limits=())]
)
def test_a_dump_that_nobody_found_proves_nothing(changed: CrashRecord) -> None:
    assert_unknown(judge("STORE-04.E3", instead(USED, changed)))


WATCHED = [
    state("sign-in"),
    state("refresh"),
    ProcessWatch(case="use", processes=("python client", "python worker"), looks=9, longest_gap=0.02),
    scan("use: arguments"),
    scan("use: environment"),
    BrowserHandover(case="sign-in", url="https://i/authorize", parameters=("client_id", "state", "code_challenge")),
]


def test_processes_that_show_nothing_pass() -> None:
    for number in (1, 2, 3):
        assert_passed(judge(f"STORE-06.E{number}", WATCHED))


@pytest.mark.parametrize(("expectation", "case"), [("E1", "use: arguments"), ("E2", "use: environment")])
def test_a_secret_that_a_process_shows_fails(expectation: str, case: str) -> None:
    seen = instead(WATCHED, scan(case, replace(HIT, place="environment of process 2")))
    assert_failed(judge(f"STORE-06.{expectation}", seen), "process 2")


@pytest.mark.parametrize(
    "changed",
    [
        ProcessWatch(case="use", processes=("python client",), looks=9, longest_gap=0.02),
        state("refresh", error="gone"),
        scan("use: arguments", planted=False),
    ],
)
def test_processes_that_were_not_seen_prove_nothing(changed: Observation) -> None:
    assert_unknown(judge("STORE-06.E1", instead(WATCHED, changed)))


HANDED = BrowserHandover(case="sign-in", url="https://i/authorize", parameters=("client_id", "state"))


@pytest.mark.parametrize(
    ("handed", "words"),
    [
        (replace(HANDED, secrets=("{{code_verifier:0123456789abcdef:64}}",)), "code_verifier"),
        (replace(HANDED, parameters=("client_id", "client_secret")), "client_secret"),
    ],
)
def test_a_url_with_more_than_public_values_fails(handed: BrowserHandover, words: str) -> None:
    assert_failed(judge("STORE-06.E3", instead(WATCHED, handed)), words)


def test_a_browser_that_was_handed_nothing_proves_nothing() -> None:
    assert_unknown(judge("STORE-06.E3", instead(WATCHED, replace(HANDED, parameters=()))))
