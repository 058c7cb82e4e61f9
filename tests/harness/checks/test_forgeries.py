"""What the checks of forged access tokens conclude."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from harness.checks.forgeries import (
    AFTERWARDS,
    ALGORITHMS,
    FORGED,
    GENUINE,
    HINTED,
    KEY_HINTS,
    NO_BEARER_TOKEN,
    TOO_LONG,
    UNKNOWN_KEY,
    URLS,
    WELL_SIGNED,
)
from harness.model import Verdict
from harness.observations import Absence, HttpExchange, LogCapture, Observation, TokenFacts, Visits, Volley
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, exchange, judge

Seen = list[Observation]
WAYS = ("GET https://api.example/me", "POST https://api.example/notes {}")
CHALLENGE = (("WWW-Authenticate", 'Bearer error="invalid_token"'),)


def ask(case: str, token: str, status: int, **about: str) -> HttpExchange:
    headers = CHALLENGE if status == 401 else ()
    sent = (("Authorization", f"Bearer {token}"),)
    return replace(exchange(case, status, headers=headers, **about), request_headers=sent)


def facts(name: str, signed_by: str = "") -> TokenFacts:
    return TokenFacts(case="", token=name, token_kind="forged_token", form="jwt", signed_by=signed_by)


def forged(case: str, names: tuple[str, ...], *schemes: str) -> Seen:
    seen: Seen = []
    for name in names:
        seen.append(facts(name, "dev" if name in WELL_SIGNED else ""))
        seen += [ask(case, name, 401, forgery=name, way=way, scheme=s) for way in WAYS for s in schemes or ("http",)]
    return seen


def genuine() -> Seen:
    return [ask(case, "good", 200, way=way) for case in (GENUINE, AFTERWARDS) for way in WAYS]


ALGORITHM: Seen = [*genuine(), *forged(FORGED, ALGORITHMS)]
HINTS: Seen = [
    *genuine(),
    *forged(HINTED, tuple(name for name in KEY_HINTS if name not in URLS)),
    *forged(HINTED, URLS, "http", "https"),
    *forged(HINTED, WELL_SIGNED),
    Volley(case="many unknown key ids", statuses={"401": 200}, seconds=1.0),
    Visits(case="who came to the listener", place="", visits=(), noticed=True, seconds=3.0),
    Visits(case="requests for the key set", place="", visits=("somebody",), noticed=True, seconds=1.0),
    LogCapture(case="the logs of the attack", records=({"level": "INFO", "message": "all is well"},)),
]
PASSING = {
    "TOKEN-15.E1": ALGORITHM,
    "TOKEN-15.E2": ALGORITHM,
    **{f"TOKEN-16.E{number}": HINTS for number in (1, 2, 3, 4)},
}


@pytest.mark.parametrize("expectation", PASSING)
def test_a_record_that_is_as_it_should_be_passes(expectation: str) -> None:
    assert_passed(judge(expectation, PASSING[expectation]))


def instead(seen: Seen, old: Observation, new: Observation) -> Seen:
    return [new if one is old else one for one in seen]


@pytest.mark.parametrize(("expectation", "case"), [("TOKEN-15.E1", FORGED), ("TOKEN-16.E1", HINTED)])
def test_each_forgery_that_is_taken_at_any_place_fails(expectation: str, case: str) -> None:
    seen = PASSING[expectation]
    for one in [o for o in seen if o.case == case]:
        assert isinstance(one, HttpExchange)
        taken = replace(one, status=200, headers=())
        assert_failed(judge(expectation, instead(seen, one, taken)), one.about["forgery"])


@pytest.mark.parametrize(("expectation", "case"), [("TOKEN-15.E1", FORGED), ("TOKEN-16.E1", HINTED)])
def test_a_forgery_that_was_not_presented_somewhere_is_unknown(expectation: str, case: str) -> None:
    seen = PASSING[expectation]
    names = {o.about["forgery"] for o in seen if o.case == case}
    for name in sorted(names):
        rest = [o for o in seen if (o.case, o.about.get("forgery")) != (case, name)]
        assert_unknown(judge(expectation, rest))


@pytest.mark.parametrize(
    ("status", "challenge", "verdict"),
    [
        (401, "Bearer", Verdict.PASSED),
        (401, 'Bearer error="insufficient_scope"', Verdict.FAILED),
        (403, 'Bearer error="invalid_token"', Verdict.PASSED),
        (400, 'Bearer error="invalid_token"', Verdict.PASSED),
        (403, 'Bearer error="insufficient_scope"', Verdict.FAILED),
        (403, "", Verdict.FAILED),
        (400, "", Verdict.FAILED),
        (500, "", Verdict.FAILED),
        (204, "", Verdict.FAILED),
    ],
)
def test_what_refuses_a_token(status: int, challenge: str, verdict: Verdict) -> None:
    one = next(o for o in ALGORITHM if o.case == FORGED)
    assert isinstance(one, HttpExchange)
    other = replace(one, status=status, headers=(("WWW-Authenticate", challenge),))
    assert judge("TOKEN-15.E1", instead(ALGORITHM, one, other)).verdict is verdict


@pytest.mark.parametrize(
    ("body", "verdict"), [({"error": "invalid_token"}, "passed"), ({"error": "invalid_request"}, "failed")]
)
def test_a_body_may_tell_that_the_token_is_refused(body: dict[str, str], verdict: str) -> None:
    one = next(o for o in ALGORITHM if o.case == FORGED)
    assert isinstance(one, HttpExchange)
    other = replace(one, status=400, headers=(), body=json.dumps(body))
    assert judge("TOKEN-15.E1", instead(ALGORITHM, one, other)).verdict == verdict


def test_many_unknown_key_ids_may_be_refused_as_one_is() -> None:
    (one, *_), volley = [o for o in HINTS if o.about.get("forgery") == UNKNOWN_KEY], HINTS[-4]
    assert isinstance(one, HttpExchange)
    assert isinstance(volley, Volley)
    seen = instead(HINTS, volley, replace(volley, statuses={"403": 200}))
    assert_failed(judge("TOKEN-16.E1", seen), "200 of 200 unknown key ids: HTTP 403")
    assert_passed(judge("TOKEN-16.E1", instead(seen, one, replace(one, status=403))))


def test_a_genuine_token_that_is_refused_by_400_is_not_accepted() -> None:
    one = ALGORITHM[0]
    assert isinstance(one, HttpExchange)
    assert_failed(judge("TOKEN-15.E2", instead(ALGORITHM, one, replace(one, status=400, headers=CHALLENGE))), "400")


@pytest.mark.parametrize(
    ("expectation", "name", "status"),
    [("TOKEN-15.E1", NO_BEARER_TOKEN[0], 400), ("TOKEN-16.E1", TOO_LONG[0], 431), ("TOKEN-16.E1", TOO_LONG[0], 400)],
)
def test_what_is_no_bearer_token_or_too_long_may_be_refused_for_that(expectation: str, name: str, status: int) -> None:
    seen = PASSING[expectation]
    for one in [o for o in seen if o.about.get("forgery") == name]:
        assert isinstance(one, HttpExchange)
        seen = instead(seen, one, replace(one, status=status, headers=()))
    assert_passed(judge(expectation, seen))


@pytest.mark.parametrize("expectation", ["TOKEN-15.E1", "TOKEN-16.E1"])
def test_refusals_say_nothing_where_the_token_itself_is_refused_too(expectation: str) -> None:
    one = PASSING[expectation][0]
    assert isinstance(one, HttpExchange)
    assert_unknown(judge(expectation, instead(PASSING[expectation], one, replace(one, status=401))))


@pytest.mark.parametrize("expectation", ["TOKEN-15.E1", "TOKEN-16.E1"])
def test_what_the_issuer_itself_signed_is_no_forgery(expectation: str) -> None:
    one = next(o for o in PASSING[expectation] if isinstance(o, TokenFacts))
    assert_unknown(judge(expectation, instead(PASSING[expectation], one, replace(one, signed_by="dev"))))


@pytest.mark.parametrize("status", [401, 403, 503])
def test_a_place_that_does_not_take_the_token_itself_fails(status: int) -> None:
    one = ALGORITHM[1]
    assert isinstance(one, HttpExchange)
    assert_failed(judge("TOKEN-15.E2", instead(ALGORITHM, one, replace(one, status=status))), "POST")


def test_without_the_issuers_key_the_other_hints_are_judged() -> None:
    seen = [o for o in HINTS if o.about.get("forgery") not in WELL_SIGNED]
    assert_unknown(judge("TOKEN-16.E1", seen))
    absent = Absence(case="absence", capability="signing key", reason="it has none", declared=True)
    assert_passed(judge("TOKEN-16.E1", [*seen, absent]))


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ({"401": 199, "200": 1}, "failed"),
        ({"0": 1, "401": 9}, "unknown"),
        ({"401": 9, "429": 191}, "unknown"),
        ({"401": 9, "429": 190, "200": 1}, "failed"),
    ],
)
def test_each_of_the_many_unknown_key_ids_counts(statuses: dict[str, int], verdict: str) -> None:
    volley = next(o for o in HINTS if isinstance(o, Volley))
    assert judge("TOKEN-16.E1", instead(HINTS, volley, replace(volley, statuses=statuses))).verdict == verdict


def visits(case: str, expectation: str, **changes: object) -> str:
    log = next(o for o in HINTS if isinstance(o, Visits) and o.case == case)
    changed = replace(log, **changes)  # type: ignore[arg-type]
    return judge(expectation, instead(HINTS, log, changed)).verdict


def test_a_visit_to_the_listener_fails_and_a_listener_that_is_deaf_is_unknown() -> None:
    assert visits("who came to the listener", "TOKEN-16.E2", visits=("GET /keys.json",)) == "failed"
    assert visits("who came to the listener", "TOKEN-16.E2", noticed=False) == "unknown"
    only_http = [o for o in HINTS if o.about.get("scheme") != "https"]
    assert_unknown(judge("TOKEN-16.E2", only_http))
    unanswered = [replace(o, status=None) if isinstance(o, HttpExchange) else o for o in HINTS]
    assert_unknown(judge("TOKEN-16.E2", unanswered))


@pytest.mark.parametrize(
    ("seconds", "requests", "verdict"),
    [(1.0, 0, "passed"), (1.0, 1, "passed"), (1.0, 2, "failed"), (31.0, 2, "passed"), (31.0, 3, "failed")],
)
def test_the_key_set_is_asked_for_once_in_half_a_minute(seconds: float, requests: int, verdict: str) -> None:
    changes: dict[str, object] = {"seconds": seconds, "visits": ("somebody",) * requests}
    assert visits("requests for the key set", "TOKEN-16.E3", **changes) == verdict


def test_fewer_unknown_key_ids_than_there_should_be_are_unknown() -> None:
    assert visits("requests for the key set", "TOKEN-16.E3", noticed=False) == "unknown"
    volley = next(o for o in HINTS if isinstance(o, Volley))
    assert_unknown(judge("TOKEN-16.E3", instead(HINTS, volley, replace(volley, statuses={"401": 199}))))


@pytest.mark.parametrize(
    "record",
    [
        {"level": "ERROR", "message": "it fell over"},
        {"level": "WARNING", "message": "[Errno 2] No such file or directory: '/keys/../../dev/null'"},
        {"level": "WARNING", "message": "sqlite3.OperationalError: unrecognized token"},
    ],
)
def test_a_log_that_tells_of_an_error_fails(record: dict[str, str]) -> None:
    log = next(o for o in HINTS if isinstance(o, LogCapture))
    assert_failed(judge("TOKEN-16.E4", instead(HINTS, log, replace(log, records=(record,)))), "log")


def test_an_api_that_is_down_after_the_attack_fails() -> None:
    one = next(o for o in HINTS if isinstance(o, HttpExchange) and o.case == AFTERWARDS)
    assert_failed(judge("TOKEN-16.E4", instead(HINTS, one, replace(one, status=503))), "after the attack")
    assert_unknown(judge("TOKEN-16.E4", instead(HINTS, one, replace(one, status=429))))


@pytest.mark.parametrize("expectation", ["TOKEN-16.E2", "TOKEN-16.E3", "TOKEN-16.E4"])
def test_without_its_observation_it_is_unknown(expectation: str) -> None:
    kinds = {"TOKEN-16.E2": Visits, "TOKEN-16.E3": Visits, "TOKEN-16.E4": LogCapture}
    seen = [o for o in HINTS if not isinstance(o, kinds[expectation])]
    assert_unknown(judge(expectation, seen))
