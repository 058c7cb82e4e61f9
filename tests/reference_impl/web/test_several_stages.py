"""The web client at several stages: an answer goes to the sign-in that waits for it, and to no other issuer or API."""

from __future__ import annotations

import pytest
import requests

from reference_impl.clock import ShiftedClock
from reference_impl.known_stages import KnownStage
from reference_impl.web.app import create_web_app
from tests.reference_impl.web.fake_issuer import FakeIssuer, InProcess
from tests.reference_impl.web.test_web_client import WEB, Browser, Config

STAGING = KnownStage("staging", "https://auth.staging.localhost", "https://api.staging.localhost")


@pytest.fixture
def staging(http: requests.Session) -> FakeIssuer:
    fake = FakeIssuer(STAGING.issuer, STAGING.api_url)
    app = fake.app()
    for origin in (STAGING.issuer, STAGING.api_url):
        http.mount(origin, InProcess(app))
    return fake


@pytest.fixture
def browser(issuer: FakeIssuer, staging: FakeIssuer, http: requests.Session, clock: ShiftedClock) -> Browser:
    app = create_web_app(Config(other_stages=(STAGING,)), None, clock, http=http)
    return Browser(app.test_client(), issuer)


def test_the_login_page_offers_each_stage_and_lets_its_form_lead_there(browser: Browser) -> None:
    page = browser.get("/login")
    assert "Sign in to staging" in page.text
    assert STAGING.issuer in page.headers["Content-Security-Policy"]


def test_a_sign_in_at_another_stage_is_kept_to_it(browser: Browser, issuer: FakeIssuer, staging: FakeIssuer) -> None:
    start = browser.post("/start/staging").headers["Location"]
    assert start.startswith(STAGING.issuer)
    callback = staging.approve(start).removeprefix(WEB)
    assert callback.startswith("/callback/staging?")
    assert browser.get(callback).headers["Location"] == "/"
    assert browser.get("/api/me").json == {"name": "Alice"}
    assert 'data-stage="staging"' in browser.get("/").text
    assert f'id="issuer">{STAGING.issuer}<' in browser.get("/settings").text
    browser.post("/logout")
    assert len(staging.revoked) == 1
    assert (issuer.newest, issuer.access, issuer.revoked) == (None, set(), [])


def test_an_answer_at_the_address_of_another_stage_ends_the_sign_in(browser: Browser, issuer: FakeIssuer) -> None:
    callback = issuer.approve(browser.post("/start").headers["Location"]).removeprefix(WEB)
    assert browser.get(callback.replace("/callback?", "/callback/staging?")).status_code == 400
    assert browser.get(callback).status_code == 400
    assert issuer.newest is None


def test_a_code_of_one_issuer_is_never_sent_to_another(
    browser: Browser, issuer: FakeIssuer, staging: FakeIssuer
) -> None:
    start = browser.post("/start/staging").headers["Location"]
    mixed = issuer.approve(start).removeprefix(WEB)  # the honest issuer's code, for the state of the other's sign-in
    assert browser.get(mixed).status_code == 400
    assert (issuer.newest, staging.newest) == (None, None)
    assert browser.get(staging.approve(start).removeprefix(WEB)).status_code == 400


def test_there_is_no_sign_in_at_a_stage_that_is_not_known(browser: Browser) -> None:
    assert browser.post("/start/prod").status_code == 404
