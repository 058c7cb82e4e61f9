"""Each check of the events: what passes, what fails, and that nothing or half observed is unknown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from harness.checks.event import (
    CALL_REFUSED,
    GARBAGE,
    GOES_ON,
    KILLED,
    LOGINS,
    NEXT_GARBAGE,
    REASONS,
    REFUSED_FOR_GOOD,
    REFUSED_FOR_NOW,
    TRIES,
)
from harness.checks.no_logins import NO_LOGINS, OTHER_REDIRECT, WEB_LOGIN, WITHIN_GRACE, WRONG_VERIFIER
from harness.checks.registry import judge
from harness.model import Parameter, Verdict
from harness.observations import BusCapture, BusEvent, HttpExchange, Observation, PublishCall, PublishTranscript

IN_TIME = {"bus_delivery": Parameter("bus_delivery", 60, "s", "EVENT-01")}
AT_ONCE = "two first logins at once"


def verdict(expectation: str, seen: Iterable[Observation]) -> Verdict:
    return judge(expectation, seen, IN_TIME).verdict


def told(type: str, id: str, **properties: object) -> BusEvent:
    return BusEvent(type=type, source="app.dev", properties={"event_id": id, **properties}, metadata={})


def capture(case: str, *events: BusEvent, **fields: Any) -> BusCapture:
    return replace(BusCapture(case=case, stage="dev", events=events, settled=True, seconds=0.1), **fields)


def http(case: str, status: int | None, body: object = None, **about: str) -> HttpExchange:
    form = "grant_type=authorization_code" if about.get("role") == "token" else ""
    text = json.dumps(body) if body is not None else ""
    return HttpExchange(
        case=case, about=about, method="POST", url="https://x", request_body=form, status=status, body=text
    )


def without(seen: Iterable[Observation], case: str) -> list[Observation]:
    return [o for o in seen if o.case != case]


def with_capture(seen: Iterable[Observation], capture: BusCapture) -> list[Observation]:
    return [*(o for o in seen if not (isinstance(o, BusCapture) and o.case == capture.case)), capture]


def logins() -> list[Observation]:
    seen: list[Observation] = []
    for case in (*LOGINS, KILLED):
        count = 2 if case == AT_ONCE else 1
        seen += [http(case, 200, role="token")] * count
        seen.append(capture(case, *(told("auth.login", f"{case} {n}") for n in range(count))))
    seen += [http(WEB_LOGIN, 303, role="web"), http(WEB_LOGIN, 200, role="end")]
    seen.append(capture(WEB_LOGIN, told("auth.login", "web")))
    for case in NO_LOGINS:
        seen += [*happened(case), capture(case, told("auth.logout", case))]
    return seen


def sent(case: str, url: str, status: int, location: str = "", method: str = "GET", **about: str) -> HttpExchange:
    made = replace(http(case, status, **about), url=url, method=method)
    return replace(made, headers=(("Location", location),)) if location else made


def refusal(case: str) -> HttpExchange:
    return http(case, 400, {"error": "invalid_grant"}, role="token")


CALLBACK, MISLED = "https://app/callback?code=one&state=s", "https://app/callback?code=two&state=s"


def happened(case: str) -> list[Observation]:
    """What is seen of a thing that is no login, where it went as it was meant to."""
    page, code = sent(case, "https://x/authorize", 200, role="authorize"), "https://app/callback?code=c"
    first = f"{case}: the first"
    things: dict[str, list[Observation]] = {
        "the callback is sent again": [sent(WEB_LOGIN, CALLBACK, 303, "/"), sent(case, CALLBACK, 400)],
        "a callback with another state": [
            sent("a login to be misled", "https://x/login", 303, MISLED),
            sent(case, "https://app/callback?code=two&state=other", 400),
        ],
        "a declined login": [page, sent(case, "https://x/login", 303, "https://app/callback?error=access_denied")],
        "a mistyped password": [page, sent(case, "https://x/login", 403, method="POST", role="login")],
        "a login abandoned at its page": [page],
        "a code that is never redeemed": [page, sent(case, "https://x/login", 303, code)],
        "an error of the identity provider": [page, sent(case, "https://x/login", 503, method="POST", role="login")],
        "a code redeemed again": [http("the first redemption", 200, role="token"), refusal(case)],
        WRONG_VERIFIER: [sent(f"{case}: the code", "https://x/login", 303, code), refusal(case)],
        OTHER_REDIRECT: [sent(f"{case}: the code", "https://x/login", 303, code), refusal(case)],
        "five refreshes": [http(case, 200, role="token")] * 5,
        WITHIN_GRACE: [http(first, 200, role="token"), http(case, 200, role="token")],
    }
    return things[case]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_logins_that_are_told_once_pass(number: int) -> None:
    assert verdict(f"EVENT-01.E{number}", logins()) is Verdict.PASSED


def test_a_second_delivery_of_one_event_is_no_second_event() -> None:
    event = told("auth.login", "same")
    assert verdict("EVENT-01.E1", with_capture(logins(), capture(LOGINS[0], event, event))) is Verdict.PASSED


@pytest.mark.parametrize("case", [*LOGINS, WEB_LOGIN])
@pytest.mark.parametrize("count", [0, 3])
def test_a_login_that_is_told_never_or_too_often_fails(case: str, count: int) -> None:
    events = [told("auth.login", str(n)) for n in range(count)]
    assert verdict("EVENT-01.E1", with_capture(logins(), capture(case, *events))) is Verdict.FAILED


def test_a_login_that_is_told_late_fails() -> None:
    late = capture(LOGINS[0], told("auth.login", "1"), seconds=61)
    assert verdict("EVENT-01.E1", with_capture(logins(), late)) is Verdict.FAILED


@pytest.mark.parametrize("case", NO_LOGINS)
def test_what_is_no_login_and_told_as_one_fails(case: str) -> None:
    assert verdict("EVENT-01.E2", with_capture(logins(), capture(case, told("auth.login", "1")))) is Verdict.FAILED


@pytest.mark.parametrize("case", NO_LOGINS)
def test_what_was_refused_as_a_wrong_request_did_not_happen(case: str) -> None:
    refused = http(case, 400, {"error": "invalid_request"})
    seen = [*without(logins(), case), refused, capture(case)]
    assert verdict("EVENT-01.E2", seen) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "lacking",
    ["a login to be misled", "the first redemption", f"{WRONG_VERIFIER}: the code", f"{WITHIN_GRACE}: the first"],
)
def test_what_must_come_before_and_did_not_is_unknown(lacking: str) -> None:
    assert verdict("EVENT-01.E2", without(logins(), lacking)) is Verdict.UNKNOWN


@pytest.mark.parametrize("case", ["five refreshes", WITHIN_GRACE])
def test_a_refresh_that_was_refused_is_no_refresh(case: str) -> None:
    assert verdict("EVENT-01.E2", [*logins(), refusal(case)]) is Verdict.UNKNOWN


def test_a_callback_with_its_own_state_is_not_one_with_another() -> None:
    case = "a callback with another state"
    assert verdict("EVENT-01.E2", [*logins(), sent(case, MISLED, 400)]) is Verdict.UNKNOWN


@pytest.mark.parametrize("id", ["", " ", None, 7])
def test_a_login_that_is_told_without_an_event_id_fails(id: object) -> None:
    nameless = BusEvent(type="auth.login", source="app.dev", properties={"event_id": id, "subject": "s"}, metadata={})
    assert verdict("EVENT-01.E1", with_capture(logins(), capture(LOGINS[0], nameless))) is Verdict.FAILED


@pytest.mark.parametrize("count", [0, 2])
def test_a_login_lost_or_doubled_by_a_kill_fails(count: int) -> None:
    events = [told("auth.login", str(n)) for n in range(count)]
    assert verdict("EVENT-01.E3", with_capture(logins(), capture(KILLED, *events))) is Verdict.FAILED


def test_a_login_that_was_not_completed_leaves_nothing_to_judge() -> None:
    for case, expectation in ((LOGINS[0], "EVENT-01.E1"), (KILLED, "EVENT-01.E3")):
        seen = [*without(logins(), case), http(case, 400, role="token"), capture(case)]
        assert verdict(expectation, seen) is Verdict.UNKNOWN
    one = [*without(logins(), AT_ONCE), http(AT_ONCE, 200, role="token"), capture(AT_ONCE, told("auth.login", "1"))]
    assert verdict("EVENT-01.E1", one) is Verdict.UNKNOWN


def test_a_bus_that_did_not_settle_proves_nothing() -> None:
    for case, expectation in ((LOGINS[0], "EVENT-01.E1"), (NO_LOGINS[0], "EVENT-01.E2"), (KILLED, "EVENT-01.E3")):
        assert verdict(expectation, with_capture(logins(), capture(case, settled=False))) is Verdict.UNKNOWN


@pytest.mark.parametrize("case", NO_LOGINS)
def test_a_stimulus_that_is_missing_or_was_not_answered_is_unknown(case: str) -> None:
    assert verdict("EVENT-01.E2", without(logins(), case)) is Verdict.UNKNOWN
    assert verdict("EVENT-01.E2", [*logins(), http(case, None)]) is Verdict.UNKNOWN


def refused(case: str, count: int = 1) -> list[Observation]:
    return [http(case, 400, {"error": "invalid_grant"}, role="token", presented="dead", by="web")] * count


def failure(case: str, reason: str, **properties: object) -> BusCapture:
    return capture(case, told("auth.refresh_failed", case, **{"reason": reason, "client_id": "web", **properties}))


def failures() -> list[Observation]:
    seen: list[Observation] = []
    for reason in REASONS:
        seen += [*refused(reason, TRIES), failure(reason, reason.partition(",")[0], subject="s")]
    seen += [*refused(GARBAGE, 50), failure(GARBAGE, "malformed", count=1)]
    seen += [*refused(NEXT_GARBAGE), failure(NEXT_GARBAGE, "malformed", count=50)]
    for case, first in zip(GOES_ON, (503, None, 200), strict=True):
        seen += [http(case, status, role="token", presented="live") for status in (first, 200)]
        seen.append(capture(case, told("auth.login", "another")))
    return seen


@pytest.mark.parametrize("number", [1, 2, 3])
def test_failures_that_are_told_once_and_rightly_pass(number: int) -> None:
    assert verdict(f"EVENT-03.E{number}", failures()) is Verdict.PASSED


def test_several_events_with_one_idempotency_key_are_one() -> None:
    fields = {"reason": "revoked", "client_id": "web", "idempotency_key": "k"}
    events = [told("auth.refresh_failed", str(n), **fields) for n in range(5)]
    assert verdict("EVENT-03.E1", with_capture(failures(), capture("revoked", *events))) is Verdict.PASSED


@pytest.mark.parametrize("case", REASONS)
def test_a_dead_token_told_never_wrongly_or_twice_fails(case: str) -> None:
    reason = case.partition(",")[0]
    twice = [told("auth.refresh_failed", str(n), reason=reason, client_id="web") for n in range(2)]
    of_another, of_nobody = (failure(case, reason, client_id=client) for client in ("desktop", None))
    for wrong in (capture(case), failure(case, "malformed"), capture(case, *twice), of_another, of_nobody):
        assert verdict("EVENT-03.E1", with_capture(failures(), wrong)) is Verdict.FAILED


@pytest.mark.parametrize("case", REASONS)
def test_a_dead_token_that_was_not_tried_often_enough_is_unknown(case: str) -> None:
    seen = [*without(failures(), case), *refused(case, TRIES - 1), failure(case, case)]
    assert verdict("EVENT-03.E1", seen) is Verdict.UNKNOWN


def test_who_presented_a_dead_token_must_be_known() -> None:
    nameless = http("revoked", 400, {"error": "invalid_grant"}, role="token", presented="dead")
    assert verdict("EVENT-03.E1", [*failures(), nameless]) is Verdict.UNKNOWN


@pytest.mark.parametrize("case", GOES_ON)
def test_what_goes_on_and_is_told_as_a_failure_fails(case: str) -> None:
    assert verdict("EVENT-03.E2", with_capture(failures(), failure(case, "revoked"))) is Verdict.FAILED


@pytest.mark.parametrize(
    "wrong",
    [
        failure(GARBAGE, "malformed", count=1, subject="s"),
        failure(GARBAGE, "revoked", count=1),
        capture(GARBAGE, *(told("auth.refresh_failed", str(n), reason="malformed", count=1) for n in range(50))),
        capture(GARBAGE),
        failure(NEXT_GARBAGE, "malformed", count=1),
        failure(NEXT_GARBAGE, "malformed"),
    ],
)
def test_garbage_that_is_told_out_of_measure_fails(wrong: BusCapture) -> None:
    assert verdict("EVENT-03.E3", with_capture(failures(), wrong)) is Verdict.FAILED


def test_a_token_that_was_accepted_leaves_nothing_to_tell() -> None:
    alive = http("expired", 200, role="token", presented="dead")
    assert verdict("EVENT-03.E1", [*failures(), alive]) is Verdict.UNKNOWN
    assert verdict("EVENT-03.E3", [*without(failures(), GARBAGE), *refused(GARBAGE, 49)]) is Verdict.UNKNOWN


@pytest.mark.parametrize("case", GOES_ON)
def test_trouble_that_did_not_happen_or_did_not_end_is_unknown(case: str) -> None:
    rest = without(failures(), case)
    for statuses in ((200,), (401, 200), (503, 503)):
        answers = [http(case, status, role="token", presented="live") for status in statuses]
        assert verdict("EVENT-03.E2", [*rest, *answers, capture(case)]) is Verdict.UNKNOWN


def transcript(case: str, ids: Sequence[str], refusals: int, code: str = "InternalFailure") -> PublishTranscript:
    """The last id is refused, so many times; then it is accepted, unless it was refused for good."""
    last, good = ids[-1], case in REFUSED_FOR_GOOD
    first = PublishCall(tuple(ids), (*[""] * (len(ids) - 1), code))
    again = tuple(PublishCall((last,), (code,)) for _ in range(refusals - 1))
    end = () if good else (PublishCall((last,), ("",)),)
    return PublishTranscript(
        case=case,
        submitted=tuple(ids),
        calls=(first, *again, *end),
        reported_published=tuple(ids[:-1] if good else ids),
        dead_letters=(last,) if good else (),
        alarms=(f"event {last} is a dead letter",) if good else (),
        submitted_sha256=tuple(f"sha256 of {id}" for id in ids),
        dead_letters_sha256=(f"sha256 of {last}",) if good else (),
        redelivered=(last,) if good else (),
        redelivered_sha256=(f"sha256 of {last}",) if good else (),
    )


def call_refused(case: str, ids: tuple[str, ...]) -> PublishTranscript:
    return PublishTranscript(
        case=case,
        submitted=ids,
        calls=(PublishCall(ids, ("AccessDeniedException",) * len(ids), whole=True), PublishCall(ids, ("",) * len(ids))),
        reported_published=ids,
        alarms=("the bus refuses the publisher",),
        submitted_sha256=tuple(f"sha256 of {id}" for id in ids),
    )


def ids_of(case: str) -> tuple[str, ...]:
    return tuple(f"id{n}" for n in range(1 if "one," in case else 10))


def transcripts() -> dict[str, PublishTranscript]:
    partly = {case: transcript(case, ids_of(case), 1) for case in (*REFUSED_FOR_NOW, *REFUSED_FOR_GOOD)}
    return {**partly, **{case: call_refused(case, ids_of(case)) for case in CALL_REFUSED}}


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_publisher_that_looks_at_its_answers_passes(number: int) -> None:
    assert verdict(f"EVENT-10.E{number}", transcripts().values()) is Verdict.PASSED


TEN = tuple(f"id{n}" for n in range(10))
PARTIAL = PublishCall(TEN, (*[""] * 9, "ThrottlingException"))
WHOLE = PublishCall(TEN, ("AccessDeniedException",) * 10, whole=True)
NOW, GOOD = "ten, the first refused once", "ten, the first refused for good"
CALL = "ten, the call denied six times"


@pytest.mark.parametrize(
    ("expectation", "case", "fields"),
    [
        ("EVENT-10.E1", NOW, {"calls": (PARTIAL, PublishCall(TEN, ("",) * 10))}),
        ("EVENT-10.E1", NOW, {"calls": (PARTIAL, PublishCall(("new",), ("",)))}),
        ("EVENT-10.E1", NOW, {"calls": (PARTIAL,)}),
        ("EVENT-10.E2", NOW, {"calls": (PARTIAL,)}),
        ("EVENT-10.E2", NOW, {"reported_published": TEN[:9]}),
        ("EVENT-10.E2", NOW, {"calls": (PARTIAL, PublishCall(("new", "id9"), ("", "")))}),
        ("EVENT-10.E3", GOOD, {"finished": False}),
        ("EVENT-10.E3", GOOD, {"dead_letters": ()}),
        ("EVENT-10.E3", GOOD, {"dead_letters": TEN}),
        ("EVENT-10.E3", GOOD, {"reported_published": TEN}),
        ("EVENT-10.E3", GOOD, {"alarms": ()}),
        ("EVENT-10.E3", GOOD, {"dead_letters_sha256": ("sha256 of nothing",)}),
        ("EVENT-10.E3", GOOD, {"dead_letters_sha256": ()}),
        ("EVENT-10.E3", GOOD, {"redelivered": (), "redelivered_sha256": ()}),
        ("EVENT-10.E3", GOOD, {"redelivered": ("id3",), "redelivered_sha256": ("sha256 of id3",)}),
        ("EVENT-10.E3", GOOD, {"redelivered_sha256": ("sha256 of nothing",)}),
        ("EVENT-10.E3", GOOD, {"alarms": ("event id3 is a dead letter",)}),
        ("EVENT-10.E1", CALL, {"calls": (WHOLE,)}),
        ("EVENT-10.E2", CALL, {"calls": (WHOLE,)}),
        ("EVENT-10.E3", CALL, {"calls": (WHOLE,)}),
        ("EVENT-10.E3", CALL, {"calls": (WHOLE, PublishCall(TEN, (*[""] * 9, "InternalFailure")))}),
        ("EVENT-10.E3", CALL, {"alarms": ()}),
    ],
)
def test_a_publisher_that_is_wrong_in_one_way_fails(expectation: str, case: str, fields: dict[str, Any]) -> None:
    seen = transcripts()
    seen[case] = replace(seen[case], **fields)
    assert verdict(expectation, seen.values()) is Verdict.FAILED


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_call_of_which_only_entries_were_refused_is_no_refused_call(number: int) -> None:
    seen = transcripts()
    seen[CALL] = replace(seen[CALL], calls=(replace(WHOLE, whole=False), PublishCall(TEN, ("",) * 10)))
    assert verdict(f"EVENT-10.E{number}", seen.values()) is Verdict.UNKNOWN


def test_events_without_a_digest_cannot_be_compared() -> None:
    seen = transcripts()
    seen[GOOD] = replace(seen[GOOD], submitted_sha256=())
    assert verdict("EVENT-10.E3", seen.values()) is Verdict.UNKNOWN


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_bus_that_refused_nothing_proves_nothing(number: int) -> None:
    for case in (NOW, GOOD):
        seen = transcripts()
        seen[case] = replace(seen[case], calls=(PublishCall(TEN, ("",) * 10),))
        expected = Verdict.PASSED if (number, case) in ((2, GOOD), (3, NOW)) else Verdict.UNKNOWN
        assert verdict(f"EVENT-10.E{number}", seen.values()) is expected


@pytest.mark.parametrize("expectation", [f"EVENT-{control}.E{n}" for control in ("01", "03", "10") for n in (1, 2, 3)])
def test_nothing_observed_is_unknown(expectation: str) -> None:
    assert verdict(expectation, []) is Verdict.UNKNOWN
    assert verdict(expectation, [http("something else", 200)]) is Verdict.UNKNOWN
