"""What the checks of tokens conclude from records that are as they should be, that are not, and that lack something."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from harness.checks.codes import REPLAYS
from harness.checks.registry import is_own_requirement
from harness.checks.rotation import OTHER_SESSIONS, REPLAYED
from harness.checks.token import BAD_CODE_REQUESTS, STATES
from harness.model import Verdict
from harness.observations import BusCapture, BusEvent, HttpExchange, Observation, Race, StoreState, TokenFacts
from tests.harness.checks.records import (
    ISSUER,
    assert_failed,
    assert_unknown,
    exchange,
    judge,
    put_off,
    redirect,
    refused,
    unanswered,
    without,
)

Seen = list[Observation]
CLIENTS = {"web": "https://app.dev.localhost/cb", "desktop": "http://127.0.0.1:5001/cb"}
CHANGES = [*(f"change {number}" for number in range(19)), "given twice"]
BAD = len(BAD_CODE_REQUESTS) * len(CLIENTS)  # requests with a state, before those without
MISTAKES = [f"mistake {number}" for number in range(6)]


def code_requests() -> Seen:
    seen: Seen = []
    asked = [(case, client, sent) for sent in STATES for case in BAD_CODE_REQUESTS for client in CLIENTS]
    for number, (case, client, sent) in enumerate(asked):
        state = {"state": f"state-{number}"} if sent == "sent" else {}
        url = f"{ISSUER}/authorize?{urlencode({'client_id': client, **state})}"
        answer = {"error": "invalid_request", **state}
        seen.append(redirect(case, CLIENTS[client], answer, url=url, client=client, state=sent))
    return seen


def tokens(access: str, refresh: str, **more: object) -> dict[str, object]:
    return {"access_token": access, "refresh_token": refresh, "expires_in": 900, "token_type": "Bearer", **more}


EARLIER = "earlier token after the grace"


def refreshes(case: str, count: int, **about: str) -> Seen:
    return [
        exchange(case, 200, tokens(f"at-{n}", f"rt-{n + 1}"), request_body=f"refresh_token=rt-{n}", **about)
        for n in range(count)
    ]


def race(*rounds: tuple[int, ...], parallel: int = 20, count: int = 10, client: str = "web", depth: str = "pr") -> Race:
    good = (200, *(400 for _ in range(parallel - 1)))
    played = (*rounds, *(good for _ in range(count - len(rounds))))
    about = {"client": client, "clients": " ".join(CLIENTS), "depth": depth, "demanded": str(count)}
    return Race(
        case="race", about=about, parallel=parallel, rounds=played, successes=tuple(r.count(200) for r in played)
    )


def other_race(count: int = 3, depth: str = "pr") -> Race:
    return race(client="desktop", count=count, depth=depth)


def replays() -> Seen:
    seen: Seen = []
    for client in CLIENTS:
        for replay in REPLAYS:
            about = {"client": client, "replay": replay}
            seen += [
                exchange("first redemption", 200, tokens("at", "rt"), **about),
                exchange("first use of the access token", 200, **about),
                refused("second redemption", age="1.5" if replay == "at once" else "62.5", **about),
                refused("refresh after the replay", **about),
                exchange("access after the replay", 401, after="0.5", **about),
            ]
    return seen


def thefts() -> Seen:
    seen: Seen = []
    for replayed in REPLAYED:
        seen += [
            exchange("access before the theft", 200, replayed=replayed),
            refused("newest token", replayed=replayed),
            exchange("access after the theft", 401, replayed=replayed, after="0.5"),
        ]
    return seen


def state(case: str, mode: str = "secure", signed_in: bool | None = True, error: str = "") -> StoreState:
    return StoreState(case=case, mode=mode, back_end="", signed_in=signed_in, error=error)


def desktop_refreshes(mode: str = "secure", signed_in: bool = True) -> Seen:
    in_a_row = refreshes("desktop refresh", 3, role="tap")
    fourth = exchange(
        "desktop refresh after the restart", 200, tokens("at-3", "rt-4"), request_body="refresh_token=rt-3", role="tap"
    )
    return [*in_a_row, state("desktop login", mode), state("desktop restart", mode, signed_in), fourth]


def reuse(event_id: str | None, reason: str = "reuse_detected") -> BusEvent:
    properties = {"reason": reason, **({"event_id": event_id} if event_id else {})}
    return BusEvent(type="auth.refresh_failed", source="auth.dev", properties=properties, metadata={})


def capture(*events: BusEvent, settled: bool = True) -> BusCapture:
    return BusCapture(case="events of the theft", stage="dev", events=events, settled=settled)


def named_twice(client: str, other: str = "https://evil.example/cb") -> str:
    asked = [("client_id", client), ("redirect_uri", CLIENTS[client]), ("redirect_uri", other)]
    return f"{ISSUER}/authorize?{urlencode(asked)}"


# For every expectation the least record on which it passes: nothing in it can be done without.
PASSING: dict[str, Seen] = {
    "TOKEN-01.E1": code_requests(),
    "TOKEN-01.E2": [exchange("metadata", 200, {"code_challenge_methods_supported": ["S256"]})],
    "TOKEN-01.E3": [
        *code_requests(),
        *(redirect("a valid request", uri, {"code": "c"}, client=client) for client, uri in CLIENTS.items()),
    ],
    "TOKEN-03.E1": [
        exchange("changed redirect URI", 400, "<h1>Error</h1>", url=named_twice(client), client=client, change=change)
        for client in CLIENTS
        for change in CHANGES
    ],
    "TOKEN-03.E2": [
        redirect("another port", f"http://127.0.0.1:{port}/cb", {"code": "c"}, client="desktop", port=port)
        for port in ("1024", "49152", "65535")
    ],
    "TOKEN-03.E3": [
        exchange("further mistake", 400, "no", client=client, mistake=mistake)
        for client in CLIENTS
        for mistake in MISTAKES
    ],
    "TOKEN-08.E1": [race(), other_race()],
    "TOKEN-08.E2": replays(),
    "TOKEN-08.E3": [
        answer
        for client in CLIENTS
        for answer in (
            exchange("one second before", 200, tokens("at", "rt"), client=client, age="59.1", stated_by="target"),
            refused("two seconds after", client=client, age="62.0"),
        )
    ],
    "TOKEN-09.E1": [one for client in CLIENTS for one in refreshes("refresh in a row", 5, client=client)],
    "TOKEN-09.E2": [
        *(
            refused(EARLIER, session=str(n), client=client, request_body=f"refresh_token=rt-{n - 1}")
            for client in CLIENTS
            for n in range(1, 6)
        ),
        *(
            one
            for client in CLIENTS
            for n in range(1, 6)
            for one in refreshes(f"session {n}: rotation", n, client=client)
        ),
    ],
    "TOKEN-09.E3": desktop_refreshes(),
    "TOKEN-10.E1": [refused("stolen token", replayed=which) for which in REPLAYED],
    "TOKEN-10.E2": thefts(),
    "TOKEN-10.E3": [exchange("other session", 200, tokens("at", "rt"), session=which) for which in OTHER_SESSIONS],
    "TOKEN-10.E4": [capture(reuse("e1"), reuse("e1"), reuse("e2", "revoked"))],
}
# Where less than the whole is still enough to judge: only the cases of another expectation are missing then.
OF_OTHERS = {"TOKEN-01.E3": len(code_requests())}


@pytest.mark.parametrize("expectation", PASSING)
def test_a_record_that_is_as_it_should_be_passes(expectation: str) -> None:
    judgement = judge(expectation, PASSING[expectation])
    assert judgement.verdict is Verdict.PASSED, judgement
    assert judgement.reason


@pytest.mark.parametrize("expectation", PASSING)
def test_an_empty_record_is_unknown(expectation: str) -> None:
    assert judge(expectation, []).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("expectation", "index"),
    [(e, n) for e, seen in PASSING.items() for n in range(OF_OTHERS.get(e, 0), len(seen))],
)
def test_without_any_one_observation_that_it_needs_it_is_unknown(expectation: str, index: int) -> None:
    assert_unknown(judge(expectation, without(PASSING[expectation], index)))


@pytest.mark.parametrize("expectation", PASSING)
@settings(deadline=None)
@given(data=st.data())
def test_no_part_of_a_record_passes_that_lacks_something_needed(expectation: str, data: st.DataObject) -> None:
    seen = PASSING[expectation]
    kept = [one for one in seen if data.draw(st.booleans())]
    assume(clients_of(kept) == clients_of(seen))  # that a target has more clients, no record of the others tells
    needed = seen[OF_OTHERS.get(expectation, 0) :]
    judgement = judge(expectation, kept)
    assert (judgement.verdict is Verdict.PASSED) == all(one in kept for one in needed), judgement


def clients_of(seen: Seen) -> set[str]:
    return {one.about.get("client", "") for one in seen}


@pytest.mark.parametrize(
    ("expectation", "index"),
    [
        (e, n)
        for e, seen in PASSING.items()
        for n in range(OF_OTHERS.get(e, 0), len(seen))
        if isinstance(seen[n], HttpExchange)
    ],
)
def test_a_request_that_got_no_answer_or_was_put_off_is_unknown(expectation: str, index: int) -> None:
    assert_unknown(judge(expectation, unanswered(PASSING[expectation], index)))
    assert_unknown(judge(expectation, put_off(PASSING[expectation], index)))


def changed(expectation: str, index: int, other: Observation) -> Seen:
    seen = list(PASSING[expectation])
    seen[index] = other
    return seen


def answered(expectation: str, index: int, status: int, body: object = "", **more: Any) -> Seen:
    """The record with another answer to one of its requests."""
    was = PASSING[expectation][index]
    assert isinstance(was, HttpExchange)
    about = {"url": was.url, "request_body": was.request_body, **was.about, **more}
    return changed(expectation, index, exchange(was.case, status, body, **about))


def same_token_again() -> Seen:
    again = [
        exchange("desktop refresh", 200, tokens("at", "rt"), request_body="refresh_token=rt", role="tap")
        for _ in range(3)
    ]
    return [*again, state("desktop login", "memory-only"), state("desktop restart", "memory-only", False)]


def to(location: str) -> dict[str, Any]:
    return {"headers": (("Location", location),)}


FAILING: dict[str, tuple[str, Callable[[], Sequence[Observation]], str]] = {
    "a code in the redirect": (
        "TOKEN-01.E1",
        lambda: answered("TOKEN-01.E1", 0, 302, **to("https://app.dev.localhost/cb?code=c&state=state-0")),
        "web, no challenge, state sent: a code was issued",
    ),
    "a code in a page": (
        "TOKEN-01.E1",
        lambda: answered("TOKEN-01.E1", 3, 200, '<input name="code" value="c">'),
        "desktop, the method plain, state sent: a code was issued",
    ),
    "another state": (
        "TOKEN-01.E1",
        lambda: answered("TOKEN-01.E1", 0, 302, **to("https://app.dev.localhost/cb?error=invalid_request&state=x")),
        "instead of invalid_request with the same state",
    ),
    "another error": (
        "TOKEN-01.E1",
        lambda: answered("TOKEN-01.E1", 0, 302, **to("https://app.dev.localhost/cb?error=denied&state=state-0")),
        "HTTP 302 denied instead of",
    ),
    "a code for a request without state": (
        "TOKEN-01.E1",
        lambda: answered("TOKEN-01.E1", BAD, 302, **to("https://app.dev.localhost/cb?code=c")),
        "web, no challenge, state absent: a code was issued",
    ),
    "a state that nobody sent": (
        "TOKEN-01.E1",
        lambda: answered(
            "TOKEN-01.E1", BAD + 1, 302, **to("http://127.0.0.1:5001/cb?error=invalid_request&state=made-up")
        ),
        "desktop, no challenge, state absent: HTTP 302 invalid_request instead",
    ),
    "a login page for a bad request": ("TOKEN-01.E1", lambda: answered("TOKEN-01.E1", 9, 200, "<form>"), "HTTP 200"),
    "plain in the metadata": (
        "TOKEN-01.E2",
        lambda: answered("TOKEN-01.E2", 0, 200, {"code_challenge_methods_supported": ["S256", "plain"]}),
        "metadata names ['S256', 'plain']",
    ),
    "metadata that says nothing": (
        "TOKEN-01.E2",
        lambda: answered("TOKEN-01.E2", 0, 404),
        "metadata names no method at all",
    ),
    "a valid request refused": (
        "TOKEN-01.E3",
        lambda: answered("TOKEN-01.E3", -1, 302, **to("http://127.0.0.1:5001/cb?error=invalid_request")),
        "desktop: HTTP 302 invalid_request to a valid request",
    ),
    "a code sent to a changed URI": (
        "TOKEN-03.E1",
        lambda: answered("TOKEN-03.E1", 0, 302, **to("https://app.dev.localhost/cb/more?code=c")),
        "web, change 0: a code was sent to app.dev.localhost",
    ),
    "an error sent to a changed URI": (
        "TOKEN-03.E1",
        lambda: answered("TOKEN-03.E1", 1, 302, **to("https://evil.example/?error=x")),
        "web, change 1: a redirect (HTTP 302)",
    ),
    "a code to the first of two redirect URIs": (
        "TOKEN-03.E1",
        lambda: answered("TOKEN-03.E1", 19, 302, **to("https://app.dev.localhost/cb?code=c")),
        "web, given twice, which no parameter may be (RFC 6749 §3.1): a code was sent to app.dev.localhost",
    ),
    "a login page for a changed URI": (
        "TOKEN-03.E1",
        lambda: answered("TOKEN-03.E1", 2, 200, "<form>"),
        "HTTP 200 instead of 400",
    ),
    "a cookie that keeps a changed URI": (
        "TOKEN-03.E1",
        lambda: answered("TOKEN-03.E1", 3, 400, headers=(("Set-Cookie", "next=https://evil.example/"),)),
        "a cookie keeps the redirect",
    ),
    "another port refused": ("TOKEN-03.E2", lambda: answered("TOKEN-03.E2", 0, 400), "port 1024: HTTP 400"),
    "the registered port instead": (
        "TOKEN-03.E2",
        lambda: answered("TOKEN-03.E2", 2, 302, **to("http://127.0.0.1:5001/cb?code=c")),
        "port 65535: HTTP 302 with a code",
    ),
    "a mistake sent elsewhere": (
        "TOKEN-03.E3",
        lambda: answered("TOKEN-03.E3", 0, 302, **to("https://evil.example/cb?error=invalid_scope")),
        "web, mistake 0: redirected to evil.example",
    ),
    "two redemptions of a code": (
        "TOKEN-08.E1",
        lambda: [race((200, 200, *(400 for _ in range(18)))), other_race()],
        "web, round 1: 2 successes",
    ),
    "two redemptions of a code, while others were put off": (
        "TOKEN-08.E1",
        lambda: [race((200, 200, *(429,) * 18)), other_race()],
        "web, round 1: 2 successes",
    ),
    "no redemption of a code": ("TOKEN-08.E1", lambda: [race((400,) * 20), other_race()], "web, round 1: 0 successes"),
    "two redemptions of another client's code": (
        "TOKEN-08.E1",
        lambda: [race(), race((200,) * 20, count=3, client="desktop")],
        "desktop, round 1: 20 successes",
    ),
    "an access token that outlives the replay of an old code": (
        "TOKEN-08.E2",
        lambda: answered("TOKEN-08.E2", 9, 200),
        "web, after its life: the access token of the first redemption lives on",
    ),
    "a refresh token of another client that outlives the replay": (
        "TOKEN-08.E2",
        lambda: answered("TOKEN-08.E2", 13, 200, tokens("at2", "rt2")),
        "desktop, at once: the refresh token of the first redemption lives on",
    ),
    "a second redemption": (
        "TOKEN-08.E2",
        lambda: answered("TOKEN-08.E2", 2, 200, tokens("at2", "rt2")),
        "the second redemption: HTTP 200",
    ),
    "a refresh token that outlives the replay": (
        "TOKEN-08.E2",
        lambda: answered("TOKEN-08.E2", 3, 200, tokens("at2", "rt2")),
        "the refresh token of the first redemption lives on",
    ),
    "an access token that outlives the replay": (
        "TOKEN-08.E2",
        lambda: answered("TOKEN-08.E2", 4, 200),
        "the access token of the first redemption lives on",
    ),
    "a code that dies early": (
        "TOKEN-08.E3",
        lambda: answered("TOKEN-08.E3", 0, 400, {"error": "invalid_grant"}),
        "a code within its life: HTTP 400 invalid_grant",
    ),
    "a code that lives on": ("TOKEN-08.E3", lambda: answered("TOKEN-08.E3", 1, 200, {}), "a code after its life"),
    "a code of another client that lives on": (
        "TOKEN-08.E3",
        lambda: answered("TOKEN-08.E3", 3, 200, {}),
        "desktop: a code after its life",
    ),
    "a refresh refused": (
        "TOKEN-09.E1",
        lambda: answered("TOKEN-09.E1", 1, 400, {"error": "invalid_grant"}),
        "refresh 2: HTTP 400 invalid_grant",
    ),
    "the same refresh token again": (
        "TOKEN-09.E1",
        lambda: answered("TOKEN-09.E1", 2, 200, tokens("at", "rt-2")),
        "a refresh token came back again, or none came",
    ),
    "the same refresh token again, for another client": (
        "TOKEN-09.E1",
        lambda: answered("TOKEN-09.E1", 6, 200, tokens("at", "rt-1")),
        "desktop, a refresh token came back again, or none came",
    ),
    "the first refresh token again": (
        "TOKEN-09.E1",
        lambda: answered("TOKEN-09.E1", 0, 200, tokens("at", "rt-0")),
        "a refresh token came back again, or none came",
    ),
    "no refresh token": (
        "TOKEN-09.E1",
        lambda: answered("TOKEN-09.E1", 4, 200, {"access_token": "a", "expires_in": 900, "token_type": "bearer"}),
        "a refresh token came back again, or none came",
    ),
    "no token_type": (
        "TOKEN-09.E1",
        lambda: answered("TOKEN-09.E1", 0, 200, tokens("at", "rt-1", token_type=None, expires_in=None)),
        "refresh 1: no token_type",
    ),
    "another token type": (
        "TOKEN-09.E1",
        lambda: answered("TOKEN-09.E1", 0, 200, tokens("at", "rt-1", token_type="mac")),
        "refresh 1: token_type is 'mac', not Bearer",
    ),
    "a number in words": (
        "TOKEN-09.E1",
        lambda: answered("TOKEN-09.E1", 0, 200, tokens("at", "rt-1", expires_in="900")),
        "refresh 1: expires_in is '900', not a number",
    ),
    "an earlier token accepted": (
        "TOKEN-09.E2",
        lambda: answered("TOKEN-09.E2", 3, 200, tokens("at", "rt")),
        "web, session 4: HTTP 200",
    ),
    "an earlier token of another client accepted": (
        "TOKEN-09.E2",
        lambda: answered("TOKEN-09.E2", 9, 200, tokens("at", "rt")),
        "desktop, session 5: HTTP 200",
    ),
    "an older token sent after a restart": (
        "TOKEN-09.E3",
        lambda: answered("TOKEN-09.E3", 5, 200, tokens("at", "rt-4"), request_body="refresh_token=rt-1"),
        "refresh 4: an older token was sent",
    ),
    "the newest token lost at a restart": (
        "TOKEN-09.E3",
        lambda: desktop_refreshes(signed_in=False),
        "the restarted client has lost the newest token",
    ),
    "an older token sent by the client": (
        "TOKEN-09.E3",
        lambda: answered("TOKEN-09.E3", 2, 200, tokens("at", "rt-3"), request_body="refresh_token=rt-0"),
        "refresh 3: an older token was sent",
    ),
    "a refresh of the client refused": ("TOKEN-09.E3", lambda: answered("TOKEN-09.E3", 2, 500), "refresh 3: HTTP 500"),
    "the stolen token accepted": (
        "TOKEN-10.E1",
        lambda: answered("TOKEN-10.E1", 0, 200, tokens("at", "rt")),
        "the first token, presented again: HTTP 200",
    ),
    "the stolen token refused with another error": (
        "TOKEN-10.E1",
        lambda: answered("TOKEN-10.E1", 0, 401, {"error": "invalid_client"}),
        "the first token, presented again: HTTP 401 invalid_client",
    ),
    "the last token but one accepted": (
        "TOKEN-10.E1",
        lambda: answered("TOKEN-10.E1", 1, 200, tokens("at", "rt")),
        "the last token but one, presented again: HTTP 200",
    ),
    "the session lives on after its last token but one": (
        "TOKEN-10.E2",
        lambda: answered("TOKEN-10.E2", 4, 200, tokens("at", "rt")),
        "after reuse of the last token but one the newest refresh token: HTTP 200",
    ),
    "the newest refresh token lives on": (
        "TOKEN-10.E2",
        lambda: answered("TOKEN-10.E2", 1, 200, tokens("at", "rt")),
        "the newest refresh token: HTTP 200",
    ),
    "the newest access token lives on": (
        "TOKEN-10.E2",
        lambda: answered("TOKEN-10.E2", 2, 200),
        "the newest access token: HTTP 200",
    ),
    "the other session ends": (
        "TOKEN-10.E3",
        lambda: answered("TOKEN-10.E3", 0, 400, {"error": "invalid_grant"}),
        "the other session of another client: HTTP 400 invalid_grant",
    ),
    "the other session of the same client ends": (
        "TOKEN-10.E3",
        lambda: answered("TOKEN-10.E3", 1, 400, {"error": "invalid_grant"}),
        "the other session of the same client: HTTP 400 invalid_grant",
    ),
    "no event of the reuse": ("TOKEN-10.E4", lambda: [capture(reuse("e1", "revoked"))], "0 events tell of the reuse"),
    "two events of the reuse": ("TOKEN-10.E4", lambda: [capture(reuse("e1"), reuse("e2"))], "2 events"),
    "two events without an id": ("TOKEN-10.E4", lambda: [capture(reuse(None), reuse(None))], "2 events"),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_defect_that_was_seen_fails_and_is_named(name: str) -> None:
    expectation, seen, words = FAILING[name]
    assert_failed(judge(expectation, seen()), words)


def test_every_expectation_has_a_record_that_fails() -> None:
    assert {expectation for expectation, _, _ in FAILING.values()} == set(PASSING)


@pytest.mark.parametrize(
    ("expectation", "seen", "reason"),
    [
        (
            "TOKEN-03.E1",
            answered("TOKEN-03.E1", 39, 400, url=named_twice("desktop", CLIENTS["desktop"])),
            "desktop: the redirect URI was not given twice, once a foreign one",
        ),
        ("TOKEN-08.E1", [race(parallel=19), other_race()], "only 10 rounds of 19"),
        ("TOKEN-08.E1", [replace(race(), rounds=race().rounds[:9]), other_race()], "only 9 rounds of 20"),
        ("TOKEN-08.E1", [race()], "no Race observation of 'race'"),
        ("TOKEN-08.E1", [race(), other_race(2)], "desktop: only 2 rounds of 20, not 3"),
        ("TOKEN-08.E1", [race(depth="full"), other_race(depth="full")], "web: only 10 rounds of 20, not 50"),
        ("TOKEN-08.E1", [race((0, 200, *(400,) * 18)), other_race()], "got no answer"),
        ("TOKEN-08.E1", [race((200,)), other_race()], "got no answer"),
        ("TOKEN-08.E1", [race((200, *(429,) * 19)), other_race()], "a redemption was put off (HTTP 429 or 503)"),
        ("TOKEN-08.E1", [race((200, 503, *(400,) * 18)), other_race()], "a redemption was put off (HTTP 429 or 503)"),
        ("TOKEN-08.E1", [race((429,) * 20), other_race()], "a redemption was put off (HTTP 429 or 503)"),
        ("TOKEN-08.E2", answered("TOKEN-08.E2", 0, 500), "did not succeed"),
        ("TOKEN-08.E2", answered("TOKEN-08.E2", 1, 401), "did not succeed"),
        ("TOKEN-09.E1", answered("TOKEN-09.E1", 0, 200, tokens("a", "rt-1"), request_body=""), "presented first"),
        ("TOKEN-08.E2", answered("TOKEN-08.E2", 4, 401, after="60.5"), "seen 60.5 s after the stimulus; 60 s count"),
        ("TOKEN-10.E2", answered("TOKEN-10.E2", 5, 401, after="61"), "seen 61 s after the stimulus; 60 s count"),
        (
            "TOKEN-10.E2",
            changed("TOKEN-10.E2", 2, exchange("access after the theft", 401, replayed=REPLAYED[0])),
            "how long",
        ),
        ("TOKEN-09.E3", refreshes("desktop refresh", 3, role="token"), "only 0 refreshes of the client"),
        ("TOKEN-09.E3", changed("TOKEN-09.E3", 4, state("desktop restart", "", None, "it crashed")), "it crashed"),
        ("TOKEN-09.E3", same_token_again(), "the same refresh token again"),
        ("TOKEN-10.E2", answered("TOKEN-10.E2", 0, 401), "not accepted before the theft"),
        ("TOKEN-10.E4", [capture(reuse("e1"), settled=False)], "did not settle"),
    ],
)
def test_what_proves_nothing_is_unknown(expectation: str, seen: Sequence[Observation], reason: str) -> None:
    judgement = judge(expectation, seen)
    assert (judgement.verdict, reason in judgement.reason) == (Verdict.UNKNOWN, True), judgement


def test_the_successes_of_a_race_are_counted_from_its_rounds() -> None:
    twice = replace(race((200, 200, *(400,) * 18)), successes=(1,) * 10)
    assert judge("TOKEN-08.E1", [twice, other_race()]).verdict is Verdict.FAILED


def test_a_bad_request_may_be_refused_with_a_page_of_its_own() -> None:
    seen = [exchange(case, 400, "no", client="web", state=sent) for case in BAD_CODE_REQUESTS for sent in STATES]
    assert judge("TOKEN-01.E1", seen).verdict is Verdict.PASSED


@pytest.mark.parametrize(("authentication", "verdict"), [("none", "failed"), ("client_secret_basic", "passed")])
def test_a_client_with_a_secret_may_have_a_nonce_in_the_place_of_a_challenge(authentication: str, verdict: str) -> None:
    bad = [exchange(case, 400, "no", client="web", state=sent) for case in BAD_CODE_REQUESTS for sent in STATES]
    about = {"client": "web", "state": "absent", "authentication": authentication}
    code = redirect("no challenge, but a nonce", CLIENTS["web"], {"code": "c"}, **about)
    assert judge("TOKEN-01.E1", [*bad, code]).verdict == verdict


@pytest.mark.parametrize(
    "end",
    [
        exchange("a valid request", 200, "<form>", client="web"),
        redirect("a valid request", "https://elsewhere.example/login", {}, client="web"),
    ],
)
def test_where_a_valid_request_comes_to_no_end_nothing_is_known_of_bad_ones(end: HttpExchange) -> None:
    pages = [exchange(case, 200, "<form>", client="web", state=sent) for case in BAD_CODE_REQUESTS for sent in STATES]
    judgement = judge("TOKEN-01.E1", [*pages, end])
    assert (judgement.verdict, "the way of a valid request ended with" in judgement.reason) == (Verdict.UNKNOWN, True)
    assert judge("TOKEN-01.E3", [*pages, end]).verdict is Verdict.UNKNOWN
    code = redirect(BAD_CODE_REQUESTS[0], CLIENTS["web"], {"code": "c"}, client="web", state="sent")
    assert_failed(judge("TOKEN-01.E1", [code, *pages[1:], end]), "a code was issued")
    whole = redirect("a valid request", CLIENTS["web"], {"code": "c"}, client="web")
    assert_failed(judge("TOKEN-01.E1", [*pages, whole]), "HTTP 200 instead of invalid_request")


@pytest.mark.parametrize(("status", "own"), [(401, True), (403, True), (404, True), (200, False), (500, False)])
def test_that_an_error_page_has_the_status_400_and_no_other_of_a_clients_mistake_is_told_as_an_own_requirement(
    status: int, own: bool
) -> None:
    judgement = judge("TOKEN-03.E1", answered("TOKEN-03.E1", 0, status))
    assert_failed(judgement, f"HTTP {status} instead of 400")
    assert [is_own_requirement(symptom.text) for symptom in judgement.symptoms] == [own]


@pytest.mark.parametrize("case", BAD_CODE_REQUESTS)
def test_a_bad_request_that_was_never_sent_is_unknown(case: str) -> None:
    seen = [o for o in code_requests() if o.case != case]
    assert judge("TOKEN-01.E1", seen).verdict is Verdict.UNKNOWN


def test_only_the_end_of_a_login_counts() -> None:
    login = exchange("a valid request", 200, "<form>", client="web")
    end = redirect("a valid request", CLIENTS["web"], {"code": "c"}, client="web")
    assert judge("TOKEN-01.E3", [login, end]).verdict is Verdict.PASSED


def test_an_answer_without_expires_in_is_judged_by_what_else_tells_how_long_the_token_lives() -> None:
    silent = answered("TOKEN-09.E1", 0, 200, tokens("at-0", "rt-1", expires_in=None))
    judgement = judge("TOKEN-09.E1", silent)
    assert (judgement.verdict, "web, refresh 1: no expires_in" in judgement.reason) == (Verdict.UNKNOWN, True)
    facts = TokenFacts(case="refresh in a row", token="at-0", token_kind="access_token", form="jwt", claims={"exp": 9})
    introspection = exchange("introspection", 200, {"active": True, "exp": 9}, request_body="token=at-0")
    for told in (facts, introspection):
        assert judge("TOKEN-09.E1", [*silent, told]).verdict is Verdict.PASSED
    for nothing in (
        replace(facts, claims={}),
        replace(facts, token="at-1"),
        exchange("introspection", 200, {"active": False, "exp": 9}, request_body="token=at-0"),
        exchange("introspection", 401, {"active": True, "exp": 9}, request_body="token=at-0"),
        exchange("introspection", 200, {"active": True, "exp": 9}, request_body="token=at-1"),
    ):
        assert_unknown(judge("TOKEN-09.E1", [*silent, nothing]))


def test_more_refreshes_than_five_pass_too() -> None:
    assert judge("TOKEN-09.E1", refreshes("refresh in a row", 7, client="web")).verdict is Verdict.PASSED


def test_what_comes_of_a_replay_after_its_life_is_judged_where_the_target_promises_to_remember_codes() -> None:
    lives = answered("TOKEN-08.E2", 8, 200, tokens("at2", "rt2"))
    late = "web, after its life: the refresh token of the first redemption lives on"
    assert_failed(judge("TOKEN-08.E2", lives), late)
    at_once = [one for one in PASSING["TOKEN-08.E2"] if one.about["replay"] == "at once"]
    for seen in (lives, at_once):
        judgement = judge("TOKEN-08.E2", seen, code_memory=0.0)
        assert (judgement.verdict, "does not promise" in judgement.reason) == (Verdict.PASSED, True), judgement
    assert_failed(judge("TOKEN-08.E2", answered("TOKEN-08.E2", 2, 200), code_memory=0.0), "the second redemption")


def test_a_code_that_came_again_when_it_may_be_forgotten_proves_nothing_but_must_be_refused() -> None:
    def late(status: int, body: object = "") -> Seen:
        seen = answered("TOKEN-08.E2", 3, 200, tokens("at2", "rt2"))
        seen[2] = exchange("second redemption", status, body, client="web", replay="at once", age="61")
        return seen

    judgement = judge("TOKEN-08.E2", late(400, {"error": "invalid_grant"}), code_memory=0.0)
    assert (judgement.verdict, "61 s old when it came again" in judgement.reason) == (Verdict.UNKNOWN, True), judgement
    assert_failed(judge("TOKEN-08.E2", late(200, tokens("at2", "rt2")), code_memory=0.0), "the second redemption")


def test_a_code_that_dies_early_is_a_defect_only_where_the_target_says_how_long_it_lives() -> None:
    early = {"error": "invalid_grant"}
    judgement = judge("TOKEN-08.E3", answered("TOKEN-08.E3", 0, 400, early, stated_by="policy"))
    assert (judgement.verdict, "may live shorter" in judgement.reason) == (Verdict.UNKNOWN, True), judgement
    seen = answered("TOKEN-08.E3", 0, 400, early, stated_by="policy")
    seen[1] = exchange("two seconds after", 200, tokens("at", "rt"), client="web", age="62.0")
    assert_failed(judge("TOKEN-08.E3", seen), "web: a code after its life")


def test_fifty_rounds_of_one_client_satisfy_the_full_depth() -> None:
    seen = [race(count=50, depth="full"), other_race(depth="full")]
    assert judge("TOKEN-08.E1", seen).verdict is Verdict.PASSED


def test_a_client_that_keeps_its_session_in_memory_is_judged_by_what_it_sent_before_its_restart() -> None:
    seen = desktop_refreshes("memory-only", signed_in=False)[:-1]
    judgement = judge("TOKEN-09.E3", seen)
    assert (judgement.verdict, "in memory only" in judgement.reason) == (Verdict.PASSED, True), judgement


def test_what_is_no_earlier_token_of_a_session_that_was_refreshed_proves_nothing() -> None:
    for body in ("refresh_token=", "refresh_token=rt-9"):
        seen = changed("TOKEN-09.E2", 3, refused(EARLIER, session="4", client="web", request_body=body))
        assert_unknown(judge("TOKEN-09.E2", seen))
    assert_unknown(judge("TOKEN-09.E2", answered("TOKEN-09.E2", 12, 400, {"error": "invalid_grant"})))


@pytest.mark.parametrize(
    ("location", "verdict"),
    [
        ("https://app.dev.localhost/cb?error=invalid_request", Verdict.PASSED),
        ("https://app.dev.localhost/cb?state=s", Verdict.FAILED),
        ("https://app.dev.localhost/cb/more?error=invalid_request", Verdict.FAILED),
        ("https://evil.example/cb?error=invalid_request", Verdict.FAILED),
    ],
)
def test_an_error_may_be_told_to_the_registered_one_of_two_redirect_uris(location: str, verdict: Verdict) -> None:
    assert judge("TOKEN-03.E1", answered("TOKEN-03.E1", 19, 302, **to(location))).verdict is verdict


def test_a_redirect_uri_that_nobody_gave_twice_is_not_judged_so() -> None:
    seen = [one for one in PASSING["TOKEN-03.E1"] if one.about["change"] != "given twice"]
    more = [replace(one, about={**one.about, "change": f"more {one.about['change']}"}) for one in seen]
    assert_unknown(judge("TOKEN-03.E1", [*seen, *more]))


def test_a_failure_tells_three_complaints_and_how_many_more() -> None:
    seen = [
        replace(one, status=200)
        if isinstance(one, HttpExchange) and (one.case, one.about["client"]) == (EARLIER, "web")
        else one
        for one in PASSING["TOKEN-09.E2"]
    ]
    assert judge("TOKEN-09.E2", seen).reason.endswith("and 2 more")
