"""What the checks of credentials in addresses conclude."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.checks.navigation import CASES
from harness.observations import LogCapture, Observation
from harness.observations.navigation import NavigationTrail, SentRequest
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, judge

WEB, ISSUER, OTHER = "https://app.example", "https://auth.example", "https://elsewhere.test"
AUTHORIZE = f"{ISSUER}/authorize?response_type=code&state={{{{state:0:9}}}}"
CALLBACK = f"{WEB}/callback?code={{{{code:0:9}}}}&state={{{{state:0:9}}}}"
TOKEN = "{{access_token:0:9}}"


def sent(url: str, referer: str = "", page: str = "", foreign: bool = False) -> SentRequest:
    return SentRequest(url, page or url, referer, foreign)


def seen() -> list[Observation]:
    requests = {"login": (sent(AUTHORIZE), sent(CALLBACK)), "elsewhere": (sent(f"{OTHER}/page", foreign=True),)}
    trails: list[Observation] = [
        NavigationTrail(
            case=case,
            requests=requests.get(case, (sent(f"{WEB}/login"),)),
            history=(AUTHORIZE, f"{WEB}/"),
            location=f"{WEB}/",
            redemptions=int(case == "login"),
        )
        for case in CASES
    ]
    return [*trails, LogCapture(case="access log", records=({"line": "GET app.example / 200"},))]


def changed(case: str, **fields: object) -> list[Observation]:
    return [replace(o, **fields) if o.case == case else o for o in seen()]  # type: ignore[arg-type]


def asking(case: str, *requests: SentRequest) -> list[Observation]:
    return changed(case, requests=(sent(AUTHORIZE), sent(CALLBACK), *requests))


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_way_without_traces_passes(number: int) -> None:
    assert_passed(judge(f"WEB-04.E{number}", seen()))


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("case", CASES)
def test_a_part_of_the_way_that_was_not_seen_proves_nothing(number: int, case: str) -> None:
    assert_unknown(judge(f"WEB-04.E{number}", [o for o in seen() if o.case != case]))


def test_without_a_code_a_third_party_or_a_line_nothing_is_proven() -> None:
    assert_unknown(judge("WEB-04.E2", changed("login", requests=(sent(AUTHORIZE),))))
    assert_unknown(judge("WEB-04.E3", changed("elsewhere", requests=())))
    assert_unknown(judge("WEB-04.E1", changed("access log", records=())))


@pytest.mark.parametrize(
    ("number", "record", "told"),
    [
        (1, asking("login", sent(f"{WEB}/?token={TOKEN}")), "access_token in requested app.example/"),
        (1, changed("back", history=(f"{WEB}/#access_token={TOKEN}",)), "access_token in history"),
        (1, changed("access log", records=({"line": f"GET /?a={TOKEN}"},)), "in the access log"),
        (2, changed("login", location=CALLBACK), "the address bar shows code and state"),
        (2, changed("forward", location=f"{WEB}/#state=x"), "the address bar shows state"),
        (2, changed("back", history=(CALLBACK,)), "the history holds code"),
        (2, changed("back", redemptions=1), "1 in login, 1 in back"),
        (2, changed("login", redemptions=0), "was: none"),
        (
            3,
            asking("login", sent(f"{OTHER}/a.js", CALLBACK, CALLBACK, foreign=True)),
            "is told code and state by Referer",
        ),
        (
            3,
            asking("login", sent(f"{OTHER}/a.js", "", CALLBACK, foreign=True)),
            "app.example/callback asks elsewhere.test",
        ),
        (3, asking("back", sent(f"{WEB}/a.js", f"{WEB}/?t={TOKEN}")), "is told access_token by Referer"),
    ],
)
def test_what_leaves_a_trace_fails(number: int, record: list[Observation], told: str) -> None:
    assert_failed(judge(f"WEB-04.E{number}", record), told)
