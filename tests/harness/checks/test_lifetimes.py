"""How long access tokens and sessions live: what passes, what fails, and what proves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from harness.checks.lifetimes import spell
from harness.checks.registry import judge as judge_by
from harness.model import Judgement, Parameter, Verdict
from harness.observations import Absence, DocumentedLifetime, HttpExchange, LifetimeTable, Observation, TokenFacts
from tests.harness.checks.records import assert_failed, exchange, redirect, refused

DAY = 86_400
CLIENTS = ("web", "desktop")
MOMENTS = ("token at login", "token at refresh")
PARAMETERS = {"access_token_lifetime": Parameter("access_token_lifetime", 3600.0, "s", "a test")}


def judge(expectation: str, seen: Sequence[Observation]) -> Judgement:
    numbered = [replace(one, id=f"s#{number}") for number, one in enumerate(seen, 1)]
    return judge_by(expectation, numbered, PARAMETERS)


def answer(moment: str, client: str, ahead: int = 0, **changes: Any) -> HttpExchange:
    body = {"access_token": f"at {moment} {client}", "refresh_token": "rt", "expires_in": 900, **changes}
    told = {name: value for name, value in body.items() if value is not None}
    return exchange(
        moment,
        200,
        told,
        client=client,
        role="token",
        ahead=str(ahead),
        headers=(("Date", "Sun, 06 Sep 2026 08:00:00 GMT"),),
    )


def facts(moment: str, client: str, form: str = "jwt", **claims: object) -> TokenFacts:
    known = {"iat": 1_000, "exp": 1_900} if form == "jwt" else {}
    said = {name: value for name, value in {**known, **claims}.items() if value is not None}
    return TokenFacts(case=moment, token=f"at {moment} {client}", token_kind="access_token", form=form, claims=said)


def access_tokens() -> list[Observation]:
    pairs = [(moment, client) for moment in MOMENTS for client in CLIENTS]
    return [one for pair in pairs for one in (answer(*pair), facts(*pair))]


def idle() -> list[Observation]:
    return [
        *(refused("after the inactivity limit", **rested(client)) for client in CLIENTS),
        *(exchange("in use at the same age", 200, {}, **used(client)) for client in CLIENTS),
    ]


def rested(client: str, idle: float = 1802, age: float = 1802) -> dict[str, str]:
    return {"client": client, "limit": "1800", "idle": str(idle), "age": str(age)}


def used(client: str, idle: float = 2, age: float = 1803) -> dict[str, str]:
    return rested(client, idle, age)


def refreshed(
    client: str, days: float, status: int = 200, stated_by: str = "documentation", **body: Any
) -> HttpExchange:
    limits = {"absolute": str(30 * DAY), "interval": str(2.5 * DAY), "stated_by": stated_by}
    return exchange("refresh at an interval", status, body, client=client, age=str(days * DAY), **limits)


def session(client: str, end: float = 30.0, *more: Observation, **last: Any) -> list[Observation]:
    lived = [
        refreshed(client, 2.5 * n, stated_by=last.get("stated_by", "documentation")) for n in range(1, int(end / 2.5))
    ]
    ended = refreshed(client, end, **{"status": 400, "error": "invalid_grant", **last})
    login = exchange("a code without the user", 200, "<form>", client=client)
    return [*lived, ended, login, exchange("session of a new login", 200, {}, client=client), *more]


def sessions() -> list[Observation]:
    return [*session("web"), *session("desktop")]


def table(assurance: str = "AAL1", **limits: DocumentedLifetime | None) -> LifetimeTable:
    known = {
        "access_token": DocumentedLifetime(900),
        "refresh_idle": DocumentedLifetime(7 * DAY),
        "refresh_absolute": DocumentedLifetime(30 * DAY),
    }
    said = {name: limit for name, limit in {**known, **limits}.items() if limit is not None}
    return LifetimeTable(
        case="documented lifetimes", stage="dev", source="the handbook", limits=said, assurance=assurance
    )


def documented() -> list[Observation]:
    return [table(), *access_tokens()]


PASSING = {"TOKEN-13.E1": access_tokens, "TOKEN-13.E2": idle, "TOKEN-13.E3": sessions, "TOKEN-13.E4": documented}


def instead(seen: Sequence[Observation], *changed: Observation) -> list[Observation]:
    keys = {(o.kind, o.case, o.about.get("client"), getattr(o, "token", "")) for o in changed}
    return [o for o in seen if (o.kind, o.case, o.about.get("client"), getattr(o, "token", "")) not in keys] + [
        *changed
    ]


@pytest.mark.parametrize("expectation", PASSING)
def test_what_is_as_it_should_be_passes(expectation: str) -> None:
    assert judge(expectation, PASSING[expectation]()).verdict is Verdict.PASSED


@pytest.mark.parametrize("expectation", PASSING)
def test_a_record_without_the_stimulus_proves_nothing(expectation: str) -> None:
    assert judge(expectation, [exchange("something else", 200, client="web")]).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"expires_in": 3601}, "over 1 h"),
        ({"expires_in": 898}, "but the token itself lives 900 s"),
        ({"expires_in": "900"}, "expires_in is '900', not a number"),
        ({"expires_in": True}, "expires_in is True, not a number"),
        ({"expires_in": float("inf")}, "expires_in is inf, not a number"),
        ({"expires_in": float("nan")}, "expires_in is nan, not a number"),
        ({"expires_in": 10**4000}, f"expires_in is 1{'0' * 59}, not a number"),
    ],
)
def test_an_access_token_that_lives_too_long_or_longer_than_told_fails(
    moment: str, client: str, changes: dict[str, Any], words: str
) -> None:
    seen = instead(access_tokens(), answer(moment, client, **changes))
    judgement = judge("TOKEN-13.E1", seen)
    assert_failed(judgement, words)
    assert f"s#{len(seen)}" in judgement.shown_by


def untold(**claims: Any) -> list[Observation]:
    """A login of one client is answered without expires_in."""
    silent = answer("token at login", "web", expires_in=None)
    return instead(access_tokens(), silent, facts("token at login", "web", **claims))


def introspected(active: bool = True, **claims: object) -> HttpExchange:
    asked = "token=at+token+at+login+web"
    return exchange("introspection", 200, {"active": active, **claims}, request_body=asked, client="web")


def test_without_expires_in_the_token_itself_tells_how_long_it_lives() -> None:
    judgement = judge("TOKEN-13.E1", untold())
    assert (judgement.verdict, "by exp - iat, for there is no expires_in" in judgement.reason) == (Verdict.PASSED, True)
    assert_failed(
        judge("TOKEN-13.E1", untold(exp=1_000 + 3_601)), "no expires_in, and the token lives 1 h by exp - iat"
    )
    dated = 1_788_681_600 + 3_600
    assert judge("TOKEN-13.E1", untold(iat=None, exp=dated + 2)).verdict is Verdict.PASSED
    assert_failed(judge("TOKEN-13.E1", untold(iat=None, exp=dated + 3)), "over 1 h")


def test_without_expires_in_an_introspection_tells_how_long_an_opaque_token_lives() -> None:
    opaque = instead(untold(), facts("token at login", "web", "opaque"))
    assert judge("TOKEN-13.E1", [*opaque, introspected(iat=1_000, exp=1_900)]).verdict is Verdict.PASSED
    assert_failed(judge("TOKEN-13.E1", [*opaque, introspected(iat=1_000, exp=9_000)]), "over 1 h")
    for nothing in ([], [introspected(active=False, iat=1_000, exp=1_900)], [introspected()]):
        judgement = judge("TOKEN-13.E1", [*opaque, *nothing])
        assert (judgement.verdict, "neither token nor introspection tells" in judgement.reason) == (
            Verdict.UNKNOWN,
            True,
        )


def test_a_lifetime_that_nothing_tells_is_unknown_also_where_other_capabilities_are_declared_absent() -> None:
    absent = Absence(case="absence", capability="clock", reason="nobody waits", declared=True)
    assert judge("TOKEN-13.E1", [*untold(exp=None), absent]).verdict is Verdict.UNKNOWN


def test_what_else_tells_a_lifetime_is_compared_with_the_documentation() -> None:
    assert judge("TOKEN-13.E4", [table(), *untold()]).verdict is Verdict.PASSED
    assert_failed(judge("TOKEN-13.E4", [table(), *untold(exp=1_000 + 1_200)]), "an access token lives 1200 s")


def test_a_second_more_or_less_is_rounding() -> None:
    seen = instead(access_tokens(), answer("token at login", "web", expires_in=899))
    assert judge("TOKEN-13.E1", seen).verdict is Verdict.PASSED


DATE = 1_788_681_600  # of the answers above


def given_again(expires_in: int, life: int, ago: int) -> list[Observation]:
    """A login is answered with a token that was made before."""
    old = facts("token at login", "web", iat=DATE - ago, exp=DATE - ago + life)
    return instead(access_tokens(), answer("token at login", "web", expires_in=expires_in), old)


def test_expires_in_may_count_from_the_answer_to_the_end_of_a_token_that_was_made_before() -> None:
    assert judge("TOKEN-13.E1", given_again(298, 300, 2)).verdict is Verdict.PASSED
    assert judge("TOKEN-13.E1", given_again(200, 300, 100)).verdict is Verdict.PASSED
    assert_failed(judge("TOKEN-13.E1", given_again(250, 300, 100)), "but the token itself lives 300 s")
    assert_failed(judge("TOKEN-13.E1", given_again(600, 7_200, 6_600)), "the token itself lives 2 h by exp - iat")


def test_an_iat_that_is_set_back_for_slow_clocks_lengthens_no_token() -> None:
    assert judge("TOKEN-13.E1", given_again(3_600, 3_610, 10)).verdict is Verdict.PASSED


@pytest.mark.parametrize("end", [float("inf"), 10**4000])
def test_an_end_that_no_clock_counts_to_is_none(end: float) -> None:
    seen = instead(access_tokens(), facts("token at login", "web", exp=end))
    assert judge("TOKEN-13.E1", seen).verdict is Verdict.UNKNOWN


def test_a_date_that_cannot_be_read_is_none() -> None:
    dated = replace(answer("token at login", "web", expires_in=500), headers=(("Date", "soon"),))
    assert_failed(judge("TOKEN-13.E1", instead(access_tokens(), dated)), "but the token itself lives 900 s")


def test_of_an_opaque_token_only_expires_in_is_seen_and_the_reason_says_so() -> None:
    opaque = [facts(moment, client, "opaque") for moment in MOMENTS for client in CLIENTS]
    judgement = judge("TOKEN-13.E1", instead(access_tokens(), *opaque))
    assert (judgement.verdict, "no more than expires_in can be seen" in judgement.reason) == (Verdict.PASSED, True)


@pytest.mark.parametrize(("life", "verdict"), [(900, Verdict.PASSED), (902, Verdict.PASSED), (950, Verdict.FAILED)])
def test_a_token_without_iat_counts_from_the_date_of_the_answer(life: int, verdict: Verdict) -> None:
    date = 1_788_681_600  # of the answers above
    tokens = [facts(moment, client, iat=None, exp=date + life) for moment in MOMENTS for client in CLIENTS]
    assert judge("TOKEN-13.E1", instead(access_tokens(), *tokens)).verdict is verdict


def test_a_clock_that_was_set_ahead_is_allowed_for() -> None:
    pairs = [(moment, client) for moment in MOMENTS for client in CLIENTS]
    tokens = [facts(*pair, iat=None, exp=1_788_681_600 + 40 * DAY + 900) for pair in pairs]
    ahead = [answer(*pair, ahead=40 * DAY) for pair in pairs]
    assert judge("TOKEN-13.E1", [*ahead, *tokens]).verdict is Verdict.PASSED


def test_a_token_whose_end_was_not_seen_proves_nothing() -> None:
    endless = instead(access_tokens(), facts("token at login", "web", exp=None))
    unread = [o for o in access_tokens() if getattr(o, "token", "") != "at token at login web"]
    unanswered = instead(access_tokens(), exchange("token at refresh", 500, {}, client="web", role="token"))
    never_refreshed = [o for o in access_tokens() if o.case != "token at refresh"]
    for seen in (endless, unread, unanswered, never_refreshed):
        assert judge("TOKEN-13.E1", seen).verdict is Verdict.UNKNOWN


def test_an_issuer_without_refresh_tokens_is_judged_on_its_logins() -> None:
    seen: list[Observation] = []
    for client in CLIENTS:
        seen += [answer("token at login", client, refresh_token=None), facts("token at login", client)]
    assert judge("TOKEN-13.E1", seen).verdict is Verdict.PASSED


def test_limits_are_asked_for_of_what_is_issued_only() -> None:
    logins = [answer("token at login", client, refresh_token=None) for client in CLIENTS]
    tokens = [*logins, *(facts("token at login", client) for client in CLIENTS)]
    alone = table(refresh_idle=None, refresh_absolute=None)
    assert judge("TOKEN-13.E4", [alone, *tokens]).verdict is Verdict.PASSED
    one_is_given_some = [answer("token at login", "web"), *tokens[1:]]
    assert_failed(judge("TOKEN-13.E4", [alone, *one_is_given_some]), "no limit for refresh_idle")
    assert_failed(judge("TOKEN-13.E4", [table(access_token=None), *tokens]), "no limit for access_token")


@pytest.mark.parametrize("expectation", ["TOKEN-13.E2", "TOKEN-13.E3"])
@pytest.mark.parametrize("declared", [True, False])
def test_sessions_without_refresh_tokens_are_left_out_and_excused_only_if_that_is_declared(
    expectation: str, declared: bool
) -> None:
    absence = Absence(case="absence", capability="refresh token", reason="it has none", declared=declared)
    verdict = Verdict.NOT_APPLICABLE if declared else Verdict.NOT_RUN
    assert judge(expectation, [absence]).verdict is verdict
    of_one = [one for one in PASSING[expectation]() if one.about["client"] == "web"]
    assert judge(expectation, [absence, *of_one]).verdict is Verdict.PASSED
    alive = exchange("after the inactivity limit", 200, {}, **rested("web"))
    endless = instead(sessions(), *session("web", 35, status=200))
    wrong = {"TOKEN-13.E2": instead(of_one, alive), "TOKEN-13.E3": endless}[expectation]
    assert judge(expectation, [absence, *wrong]).verdict is Verdict.FAILED


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("status", [200, 401, 500])
def test_an_idle_session_that_is_not_refused_with_invalid_grant_fails(client: str, status: int) -> None:
    alive = exchange("after the inactivity limit", status, {"error": "invalid_token"}, **rested(client))
    assert_failed(judge("TOKEN-13.E2", instead(idle(), alive)), f"{client}, after the inactivity limit: HTTP {status}")


def test_where_a_session_in_use_is_refused_too_inactivity_is_not_seen() -> None:
    seen = instead(idle(), refused("in use at the same age", **used("web")))
    assert judge("TOKEN-13.E2", seen).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "other",
    [
        exchange("after the inactivity limit", 200, {}, **rested("web", 1795)),
        refused("after the inactivity limit", **rested("web", 1795)),
        exchange("in use at the same age", 200, {}, **used("web", 1801)),
        replace(exchange("in use at the same age", 200, {}, **used("web", 1795)), seconds=6.0),
        exchange("in use at the same age", 200, {}, **used("web", age=1700)),
        replace(exchange("after the inactivity limit", 429, **rested("web")), headers=(("Retry-After", "5"),)),
    ],
)
def test_a_session_is_idle_from_its_own_token_answer_on(other: HttpExchange) -> None:
    assert judge("TOKEN-13.E2", instead(idle(), other)).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("web", "words"),
    [
        (session("web", 32.5, status=200), "after 32.5 d the session is still refreshed; its documented limit is 30 d"),
        (
            session("web", 32.5, status=200, stated_by="policy"),
            "still refreshed; no limit is documented, the policy's is 30 d",
        ),
        (session("web", 30, status=401, error="invalid_client"), "instead of invalid_grant"),
        (session("web", 25), "after 25 d of use the session ended, before its documented 30 d"),
        (
            [o for o in session("web") if o.case != "a code without the user"]
            + [redirect("a code without the user", "https://app/cb", {"code": "c"}, client="web")],
            "a code was issued without a login",
        ),
        (
            [o for o in session("web") if o.case != "session of a new login"]
            + [refused("session of a new login", client="web")],
            "the session of a new login is refused",
        ),
    ],
)
def test_a_session_that_ends_too_late_too_early_or_not_for_good_fails(web: list[Observation], words: str) -> None:
    assert_failed(judge("TOKEN-13.E3", [*web, *session("desktop")]), words)


@pytest.mark.parametrize("days", [27.5, 30, 32.5])
def test_an_end_within_one_interval_of_the_limit_passes(days: float) -> None:
    assert judge("TOKEN-13.E3", [*session("web", days), *session("desktop")]).verdict is Verdict.PASSED


def test_an_early_end_is_no_failure_where_only_the_policy_names_a_limit() -> None:
    early = session("web", 10, stated_by="policy")
    assert judge("TOKEN-13.E3", [*early, *session("desktop")]).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    "web",
    [
        session("web", 30, status=200),
        [o for o in session("web") if o.case != "a code without the user"],
        [o for o in session("web") if o.case != "session of a new login"],
    ],
)
def test_a_session_that_was_not_followed_to_its_end_proves_nothing(web: list[Observation]) -> None:
    assert judge("TOKEN-13.E3", [*web, *session("desktop")]).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (table(refresh_idle=None), "the handbook: no limit for refresh_idle"),
        (table(refresh_absolute=None), "the handbook: no limit for refresh_absolute"),
        (
            table(refresh_absolute=DocumentedLifetime(31 * DAY, " ")),
            "the handbook: 31 d for refresh_absolute, over 30 d, without",
        ),
        (table("AAL2", refresh_idle=DocumentedLifetime(3600)), "30 d for refresh_absolute, over 1 d, without"),
        (table("AAL2", refresh_absolute=DocumentedLifetime(DAY)), "7 d for refresh_idle, over 1 h, without"),
        (table("", refresh_absolute=DocumentedLifetime(DAY)), "7 d for refresh_idle, over 1 h, without"),
        (table(access_token=DocumentedLifetime(300)), "an access token lives 900 s; the handbook says 300 s"),
    ],
)
def test_a_limit_that_is_not_documented_not_justified_or_not_true_fails(wrong: LifetimeTable, words: str) -> None:
    assert_failed(judge("TOKEN-13.E4", [wrong, *access_tokens()]), words)


def test_a_justified_limit_may_be_longer() -> None:
    long = table("AAL2", **{name: DocumentedLifetime(90 * DAY, "why") for name in ("refresh_idle", "refresh_absolute")})
    assert judge("TOKEN-13.E4", [long, *access_tokens()]).verdict is Verdict.PASSED


def test_what_is_told_of_the_limits_does_not_hang_on_their_order() -> None:
    turned = replace(table(), limits=dict(reversed(list(table().limits.items()))))
    reasons = {judge("TOKEN-13.E4", [one, *access_tokens()]).reason for one in (table(), turned)}
    assert len(reasons) == 1


def test_durations_are_told_as_people_say_them() -> None:
    assert [spell(seconds) for seconds in (90, 5400, 2.5 * DAY, 30 * DAY)] == ["90 s", "1.5 h", "2.5 d", "30 d"]
