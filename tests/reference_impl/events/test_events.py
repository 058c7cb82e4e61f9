"""Which events there are: one for each login, end of session and terminal failure, and nothing of anybody's in them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import EndpointConnectionError

from reference_impl.events import Publisher, Relay
from reference_impl.events.builder import EventBuilder
from reference_impl.events.fields import EventType, Reason
from reference_impl.events.occurrences import AuthorizationStarted, LoginCompleted, Occurrence, RefreshFailed, Session
from reference_impl.events.schema import AuthEvent, detail_of, rfc3339
from reference_impl.parts import Part, Parts

Bench = Any  # conftest's


class Deaf:
    """A bus that cannot be reached."""

    def put_events(self, *, Entries: object) -> Any:  # noqa: N803  # AWS's name
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:9")


def test_a_login_is_one_event_that_says_whose_session_began(bench: Bench) -> None:
    claims = bench.issuer.keys.read(bench.login("desktop")["access_token"])
    (event,) = bench.events()
    assert event.pop("event_id")
    assert event.pop("correlation_id")
    assert event == {
        "type": "auth.login",
        "version": "1.1",
        "occurred_at": "2027-01-15T08:00:00.000Z",
        "recorded_at": "2027-01-15T08:00:00.000Z",
        "stage": "dev",
        "issuer": "https://auth.dev.localhost:8443",
        "subject": claims["sub"],
        "session_ref": bench.issuer.events.builder.session_ref(claims["sid"]),
        "client_id": "desktop",
        "seq": 1,
        "outcome": "success",
        "reason": "first_login",
    }


def test_a_session_has_another_reference_under_another_stages_key(bench: Bench) -> None:
    builder = bench.issuer.events.builder
    other = replace(builder, key=b"the key of another stage")
    assert builder.session_ref("a-session") == builder.session_ref("a-session")
    assert builder.session_ref("a-session") != builder.session_ref("b-session")
    assert builder.session_ref("a-session") != other.session_ref("a-session")
    known = Session("a-session", "s" * 24, "web", "flow-0001")
    told = [each.build(LoginCompleted(known, new_account=False)) for each in (builder, other)]
    assert [event.session_ref for event in told] == [each.session_ref("a-session") for each in (builder, other)]


def test_logins_of_new_and_existing_accounts_are_events_alike(bench: Bench) -> None:
    bench.login("web", "alice")
    bench.login("web", "alice")
    bench.login("web", "bob")
    assert len(bench.events("auth.login")) == 3


def test_two_first_logins_at_once_make_one_account_and_two_events(bench: Bench) -> None:
    browsers = [bench.new_browser() for _ in range(2)]
    pages = [bench.authorize(browser=browser) for browser in browsers]
    with ThreadPoolExecutor(2) as pool:
        answers = list(
            pool.map(lambda pair: bench.answer_page(pair[0], browser=pair[1]), zip(pages, browsers, strict=True))
        )
    for answer in answers:
        bench.redeem(parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0])
    assert len({event["subject"] for event in bench.events("auth.login")}) == 1
    assert len({event["session_ref"] for event in bench.events("auth.login")}) == 2


def test_what_did_not_complete_is_no_event(bench: Bench) -> None:
    bench.answer_page(bench.authorize(), action="cancel")
    bench.answer_page(bench.authorize(), password="wrong")
    code = bench.code()
    assert bench.events() == []
    token = bench.redeem(code).json["refresh_token"]
    for _ in range(5):
        token = bench.refresh(token).json["refresh_token"]
    bench.redeem(code)
    assert len(bench.events("auth.login")) == 1


def test_a_dead_token_is_one_event_however_often_it_comes(bench: Bench) -> None:
    first = bench.login()["refresh_token"]
    bench.refresh(first)
    bench.clock.advance(11)
    for _ in range(5):
        bench.refresh(first)
    (event,) = bench.events("auth.refresh_failed")
    assert event["reason"] == "reuse_detected"


def test_one_token_dead_for_two_clients_is_two_events(bench: Bench) -> None:
    token = bench.login("web")["refresh_token"]
    bench.refresh(token, "desktop")
    bench.refresh(token, "desktop")
    bench.revoke(token)
    bench.refresh(token)
    found = [(event["client_id"], event["reason"]) for event in bench.events("auth.refresh_failed")]
    assert found == [("desktop", "client_mismatch"), ("web", "revoked")]


@pytest.mark.parametrize(
    ("told", "believed"),
    [(400, 400), (600, 600), (0, 0), (-1, 0), (-1e9, 0), (601, 600), (86_400, 600), (1e12, 600), (float("nan"), 600)],
)
def test_when_a_user_left_is_believed_between_login_and_now(bench: Bench, told: float, believed: float) -> None:
    login = bench.clock.now()
    token = bench.login()["refresh_token"]
    bench.clock.advance(600)
    form = {"token": token, "client_id": "web", "occurred_at": f"{login + told:.3f}"}
    assert bench.post("/revoke", form).status_code == 200
    (event,) = bench.events("auth.logout")
    assert (event["occurred_at"], event["reason"]) == (rfc3339(login + believed), "user")


def test_a_disabled_account_is_told_apart(bench: Bench) -> None:
    token = bench.login()["refresh_token"]
    bench.store.change(lambda state: bench.issuer.accounts.set_disabled(state, bench.events()[0]["subject"], True))
    bench.refresh(token)
    assert [event["reason"] for event in bench.events("auth.refresh_failed")] == ["account_disabled"]


def test_garbage_is_at_most_one_event_a_minute_and_client_with_a_count(bench: Bench) -> None:
    for _ in range(50):
        bench.refresh("garbage")
    bench.refresh("garbage", "desktop")
    bench.clock.advance(60)
    bench.refresh("garbage")
    found = [(event["client_id"], event["count"]) for event in bench.events("auth.refresh_failed")]
    assert found == [("web", 1), ("desktop", 1), ("web", 50)]
    assert all("subject" not in event and "session_ref" not in event for event in bench.events())


def test_garbage_that_no_more_garbage_follows_is_told_when_the_relay_next_runs(bench: Bench) -> None:
    publisher = Publisher(Deaf(), "the-bus", "authassay.dev", sleep=lambda seconds: None)
    relay = Relay(bench.outbox, publisher, collect=lambda: bench.issuer.events.report_overdue(bench.store))
    for _ in range(3):
        bench.refresh("garbage")
    relay.publish_pending()
    assert [event["count"] for event in bench.events()] == [1], "the interval is not over"
    bench.clock.advance(60)
    for _ in range(2):
        relay.publish_pending()
    assert [(event["client_id"], event["count"]) for event in bench.events()] == [("web", 1), ("web", 2)]
    bench.refresh("garbage")
    assert len(bench.events()) == 2, "a new interval began"


def test_no_event_holds_a_secret_or_a_name(bench: Bench) -> None:
    code = bench.code()
    tokens = bench.redeem(code).json
    bench.refresh(tokens["refresh_token"], "desktop")
    bench.revoke(tokens["refresh_token"])
    text = json.dumps(bench.events())
    assert len(bench.events()) == 3
    for secret in (code, tokens["refresh_token"], tokens["access_token"], "alice"):
        assert secret not in text


def test_detail_is_compact_json_with_metadata_first() -> None:
    event = AuthEvent(EventType.REFRESH_FAILED, "id-1", 0.0, "dev", "https://id", "wéb", Reason.MALFORMED)
    assert detail_of(event.properties(None, 1.5), {"a": "b"}) == (
        '{"metadata":{"a":"b"},"properties":{"event_id":"id-1","type":"auth.refresh_failed","version":"1.1",'
        '"occurred_at":"1970-01-01T00:00:00.000Z","recorded_at":"1970-01-01T00:00:01.500Z","stage":"dev",'
        '"issuer":"https://id","client_id":"wéb","outcome":"failure","reason":"malformed"}}'
    )


@pytest.mark.parametrize(
    ("type_", "reason"),
    [("auth.refreshFailed", Reason.USER), (EventType.LOGIN, Reason.USER), (EventType.LOGOUT, Reason.MALFORMED)],
)
def test_what_the_schema_does_not_have_cannot_be_an_event(type_: Any, reason: Reason) -> None:
    with pytest.raises(ValueError, match=r"auth\."):
        AuthEvent(type_, "id-1", 0.0, "dev", "https://id", "web", reason)


def test_times_are_utc_with_milliseconds() -> None:
    assert rfc3339(1_800_000_000.1234) == "2027-01-15T08:00:00.123Z"


class Eager(EventBuilder):
    """A defect that only the builder has: it tells logins that have only begun, and no failed refresh."""

    def build(self, occurrence: Occurrence) -> AuthEvent | None:
        if isinstance(occurrence, AuthorizationStarted):
            begun = Session("begun", "s" * 24, occurrence.client_id, occurrence.correlation_id)
            return super().build(LoginCompleted(begun, new_account=False))
        return None if isinstance(occurrence, RefreshFailed) else super().build(occurrence)


class TestAReplacedBuilder:
    @pytest.fixture
    def parts(self) -> Parts:
        return Parts({Part.EVENT_BUILDER: (lambda real: Eager(**vars(real)),)})

    def test_sees_every_occurrence(self, bench: Bench) -> None:
        bench.authorize()
        bench.refresh("garbage")
        assert [event["type"] for event in bench.events()] == ["auth.login"]
