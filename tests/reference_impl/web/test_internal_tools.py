"""Environment selector and debug page: for whom the API calls internal, and in no production stage."""

from __future__ import annotations

import json
import logging

import pytest
import requests

from reference_impl.clock import ShiftedClock
from reference_impl.known_stages import KnownStage
from reference_impl.web.app import create_web_app
from tests.reference_impl.web.fake_issuer import FakeIssuer
from tests.reference_impl.web.test_several_stages import STAGING
from tests.reference_impl.web.test_web_client import Browser, Config

ROUTES = ("/internal", "/internal/report", "/internal/tools.js")


def make(
    issuer: FakeIssuer, http: requests.Session, clock: ShiftedClock, stage: str = "dev", *others: KnownStage
) -> Browser:
    config = Config(stage=stage, other_stages=others, variables={"AUTH_STAGE": True, "AUTH_SECRETS": False})
    return Browser(create_web_app(config, clock=clock, http=http).test_client(), issuer)


@pytest.fixture
def browser(issuer: FakeIssuer, http: requests.Session, clock: ShiftedClock) -> Browser:
    return make(issuer, http, clock, "dev", STAGING)


def entitle(issuer: FakeIssuer, internal: object) -> None:
    issuer.override["/me"] = (200, {"sub": "a-pseudonym", "name": "Alice", "internal": internal})


@pytest.mark.parametrize("internal", [False, None, "true", 1])
def test_who_is_not_internal_is_refused_whatever_he_asks_for(
    browser: Browser, issuer: FakeIssuer, internal: object
) -> None:
    browser.sign_in()
    entitle(issuer, internal)
    assert "/internal" not in browser.get("/settings?internal=1").text
    assert [browser.get(path).status_code for path in ROUTES] == [403] * 3
    assert [browser.post(f"/internal/{do}").status_code for do in ("on", "off", "environment")] == [403] * 3


def test_nobody_is_refused_as_well(browser: Browser) -> None:
    assert [browser.get(path).status_code for path in ROUTES] == [403] * 3


def test_production_has_no_such_routes_for_anybody(
    issuer: FakeIssuer, http: requests.Session, clock: ShiftedClock
) -> None:
    browser = make(issuer, http, clock, "prod", STAGING)
    browser.sign_in()
    entitle(issuer, True)
    assert "internal" not in browser.get("/settings").text
    assert [browser.get(path).status_code for path in ROUTES] == [404] * 3
    assert browser.post("/internal/on").status_code == 404


def test_an_internal_user_turns_the_tools_on_and_that_is_recorded(
    browser: Browser, issuer: FakeIssuer, caplog: pytest.LogCaptureFixture
) -> None:
    browser.sign_in()
    entitle(issuer, True)
    assert 'href="/internal"' in browser.get("/settings").text
    assert browser.get("/internal/report").status_code == 403
    with caplog.at_level(logging.INFO, "reference_impl.audit"):
        for do in ("on", "on", "off"):
            browser.post(f"/internal/{do}")
    told = [json.loads(record.message) for record in caplog.records]
    assert [(line["did"], line["who"], line["stage"]) for line in told] == [
        ("on", "a-pseudonym", "dev"),
        ("off", "a-pseudonym", "dev"),
    ]


def test_the_report_tells_how_things_stand_and_no_secret(browser: Browser, issuer: FakeIssuer) -> None:
    browser.sign_in()
    entitle(issuer, True)
    browser.post("/internal/on")
    browser.post("/refresh")
    told = browser.get("/internal/report")
    assert told.headers["Content-Disposition"].startswith("attachment")
    assert told.json is not None
    fields = told.json["fields"]
    assert (fields["stage"], fields["issuer"], fields["client_id"]) == ("dev", issuer.url, "web")
    assert fields["last refresh"].startswith("done, ")
    assert fields["access token"].startswith("#")
    assert told.json["variables"] == {"AUTH_SECRETS": "unset", "AUTH_STAGE": "set"}
    for text in (told.text, browser.get("/internal").text):
        assert not any(token in text for token in (*issuer.access, issuer.newest or "", browser.cookie() or ""))


def test_who_loses_it_has_the_tools_off_at_once_and_for_good(
    browser: Browser, issuer: FakeIssuer, caplog: pytest.LogCaptureFixture
) -> None:
    browser.sign_in()
    entitle(issuer, True)
    browser.post("/internal/on")
    entitle(issuer, False)
    caplog.clear()
    with caplog.at_level(logging.INFO, "reference_impl.audit"):
        assert browser.get("/internal/report").status_code == 403
    assert [json.loads(record.message)["more"] for record in caplog.records] == ["no longer internal"]
    entitle(issuer, True)
    assert browser.get("/internal/report").status_code == 403


def test_the_selector_leads_to_stages_of_the_build_and_ends_the_session_first(
    browser: Browser, issuer: FakeIssuer, http: requests.Session
) -> None:
    browser.sign_in()
    entitle(issuer, True)
    browser.post("/internal/on")
    assert 'value="staging"' in browser.get("/internal").text
    for value in ("prod", "STAGING", "staging ", "https://auth.evil.example", ""):
        assert browser.client.post("/internal/environment", data={"stage": value}, **ours()).status_code == 404
    assert browser.client.post("/internal/environment", data={"stage": "dev"}, **ours()).status_code == 303
    assert not issuer.revoked
    http.mount(STAGING.issuer, http.get_adapter(issuer.url))
    browser.client.post("/internal/environment", data={"stage": "staging"}, **ours())
    assert len(issuer.revoked) == 1
    assert issuer.reasons == ["stage_switch"]
    assert not browser.cookie()


def ours() -> dict[str, object]:
    return {"base_url": "https://app.dev.localhost", "headers": {"Origin": "https://app.dev.localhost"}}
