from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from reference_impl.clock import ShiftedClock
from reference_impl.known_stages import KnownStage
from reference_impl.parts import Part, Parts
from reference_impl.session_store import StorageStatus, StorageWarning
from reference_impl.web.app import SERVER_SIDE, create_web_app
from reference_impl.web.sessions import ABSOLUTE, IDLE
from tests.reference_impl.web.conftest import API, ISSUER
from tests.reference_impl.web.fake_issuer import FakeIssuer

WEB = "https://app.dev.localhost"
OURS = {"Origin": WEB, "Sec-Fetch-Site": "same-origin"}
DEGRADED = StorageStatus("memory-only", "memory", StorageWarning("It will be <lost> on exit.", "Install a keyring."))


@dataclass(frozen=True)
class Config:
    stage: str = "dev"
    issuer: str = ISSUER
    api_url: str = API
    web_url: str = WEB
    ca_file: Path | None = None
    other_stages: tuple[KnownStage, ...] = ()
    variables: Mapping[str, bool] = field(default_factory=dict)


class Browser:
    """A browser with one tab, on the web client."""

    def __init__(self, client: FlaskClient, issuer: FakeIssuer) -> None:
        self.client = client
        self.issuer = issuer

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, base_url=WEB)

    def post(self, path: str, headers: dict[str, str] | None = None) -> TestResponse:
        return self.client.post(path, base_url=WEB, headers=OURS if headers is None else headers)

    def sign_in(self, **changes: str | None) -> tuple[TestResponse, str]:
        """Go through a sign-in; return the callback's response and its path with the query."""
        callback = self.issuer.approve(self.post("/start").headers["Location"], **changes).removeprefix(WEB)
        return self.get(callback), callback

    def cookie(self, name: str = "__Host-session") -> str | None:
        found = self.client.get_cookie(name, domain="app.dev.localhost")
        return found.value if found else None


def make_browser(
    issuer: FakeIssuer, http: requests.Session, clock: ShiftedClock, parts: Parts | None = None,
    storage: StorageStatus | None = None,
) -> Browser:  # fmt: skip
    app = create_web_app(Config(), parts, clock, lambda: storage or SERVER_SIDE, http)
    return Browser(app.test_client(), issuer)


@pytest.fixture
def browser(issuer: FakeIssuer, http: requests.Session, clock: ShiftedClock) -> Browser:
    return make_browser(issuer, http, clock)


def set_cookies(response: TestResponse) -> dict[str, set[str]]:
    """Return the attributes of each cookie that is set, by name; values and Max-Age left out."""
    found = {}
    for header in response.headers.getlist("Set-Cookie"):
        pair, *attributes = header.split("; ")
        found[pair.partition("=")[0]] = {each for each in attributes if not each.startswith("Max-Age")}
    return found


HARDENED = {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"}


def test_a_sign_in_leads_home_and_shows_the_account(browser: Browser) -> None:
    response, _ = browser.sign_in()
    assert response.status_code == 303
    assert response.headers["Location"] == "/"
    assert "Alice" in browser.get("/").text
    assert browser.get("/session").json["account"] == "Alice"  # type: ignore[index]
    assert browser.get("/api/me").json == {"name": "Alice"}


def test_who_is_not_signed_in_is_led_to_the_login_page(browser: Browser) -> None:
    assert browser.get("/").headers["Location"] == "/login"
    assert browser.get("/session").status_code == browser.get("/api/me").status_code == 401
    assert browser.post("/refresh").status_code == 401


def test_every_cookie_is_hardened_from_start_to_logout(browser: Browser) -> None:
    start = browser.post("/start")
    assert set_cookies(start) == {"__Host-flow": HARDENED}
    done = browser.get(browser.issuer.approve(start.headers["Location"]).removeprefix(WEB))
    assert set_cookies(done) == {"__Host-flow": HARDENED, "__Host-session": HARDENED}
    assert set_cookies(browser.post("/refresh")) == {"__Host-session": HARDENED}
    out = browser.post("/logout")
    assert set_cookies(out) == {"__Host-flow": HARDENED, "__Host-session": HARDENED}
    assert "__Host-session=; Max-Age=0" in str(out.headers)
    assert browser.cookie() is None


def test_no_response_to_the_browser_holds_a_token(browser: Browser) -> None:
    texts = [str(response.headers) + response.text for response in (browser.sign_in()[0], browser.post("/refresh"))]
    texts += [browser.get(path).text for path in ("/", "/session", "/settings", "/api/me")]
    secrets = [browser.issuer.newest or "", *browser.issuer.sent, *browser.issuer.access]
    assert len(secrets) == 4
    assert not [secret for secret in secrets if any(secret in text for text in texts)]


def test_the_identifier_changes_at_each_sign_in_and_the_old_one_is_worth_nothing(browser: Browser) -> None:
    browser.client.set_cookie("__Host-session", "planted", domain="app.dev.localhost", secure=True)
    browser.sign_in()
    first = browser.cookie()
    browser.sign_in()
    second = browser.cookie()
    assert len({"planted", first, second}) == 3
    browser.client.set_cookie("__Host-session", first or "", domain="app.dev.localhost", secure=True)
    assert browser.get("/session").status_code == 401
    assert browser.issuer.revoked, "the session before was ended at the issuer too"


def test_a_refresh_renews_the_same_session(browser: Browser) -> None:
    browser.sign_in()
    before, token = browser.cookie(), browser.issuer.newest
    assert browser.post("/refresh").status_code == 200
    assert browser.cookie() == before
    assert browser.issuer.newest != token


def test_a_logout_ends_the_session_at_server_and_issuer(browser: Browser) -> None:
    browser.sign_in()
    stolen, token = browser.cookie(), browser.issuer.newest
    out = browser.post("/logout")
    assert "You are signed out." in browser.get(out.headers["Location"]).text
    assert browser.issuer.revoked == [token]
    browser.client.set_cookie("__Host-session", stolen or "", domain="app.dev.localhost", secure=True)
    assert browser.get("/session").status_code == 401


def test_a_session_at_its_absolute_end_leaves_the_browser_nothing(browser: Browser, clock: ShiftedClock) -> None:
    browser.sign_in()
    clock.advance(ABSOLUTE + 1)
    told = browser.get("/session")
    assert (told.status_code, told.json) == (401, {"signed_in": False, "over": True})
    assert told.headers["Clear-Site-Data"] == browser.get("/").headers["Clear-Site-Data"] == '"cache", "storage"'
    browser.sign_in()
    assert "Clear-Site-Data" not in browser.get("/session").headers


def test_a_session_without_its_user_is_not_over_before_its_absolute_end(browser: Browser, clock: ShiftedClock) -> None:
    """What is not saved is kept for him until then."""
    browser.sign_in()
    clock.advance(IDLE + 1)
    assert browser.get("/session").json == {"signed_in": False, "over": False}
    assert "Clear-Site-Data" not in browser.get("/session").headers
    clock.advance(ABSOLUTE)
    assert browser.get("/session").json == {"signed_in": False, "over": True}


def test_a_logout_tells_the_browser_to_keep_nothing(browser: Browser) -> None:
    browser.sign_in()
    assert browser.post("/logout").headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "Clear-Site-Data" not in browser.get("/login").headers


def test_a_logout_of_a_session_that_is_over_leaves_the_next_one_alone(browser: Browser) -> None:
    """A page that could not reach the server tells it later, when another session may have begun."""
    browser.sign_in()
    named = browser.get("/session").json["handle"]  # type: ignore[index]
    browser.post("/logout")
    browser.sign_in()
    late = browser.client.post("/logout", data={"session": named}, headers={"Origin": WEB}, base_url=WEB)
    assert "Clear-Site-Data" not in late.headers
    assert browser.get("/session").status_code == 200
    own = browser.get("/session").json["handle"]  # type: ignore[index]
    browser.client.post("/logout", data={"session": own}, headers={"Origin": WEB}, base_url=WEB)
    assert browser.get("/session").status_code == 401


def test_a_logout_works_while_the_issuer_does_not_answer(browser: Browser) -> None:
    browser.sign_in()
    browser.issuer.override["/revoke"] = (503, {})
    out = browser.post("/logout")
    assert out.status_code == 303
    assert "could not be told" in browser.get(out.headers["Location"]).text
    assert browser.get("/session").status_code == 401


def test_a_session_that_the_issuer_ended_ends_here_too(browser: Browser) -> None:
    browser.sign_in()
    browser.issuer.newest = None
    assert browser.post("/refresh").status_code == 401
    assert browser.cookie() is None
    assert browser.get("/").headers["Location"] == "/login"


def test_an_issuer_that_does_not_answer_does_not_end_the_session(browser: Browser) -> None:
    browser.sign_in()
    browser.issuer.override["/token"] = (503, {})
    assert browser.post("/refresh").status_code == 503
    assert browser.get("/session").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "https://evil.localhost"},
        {"Origin": "https://other.dev.localhost", "Sec-Fetch-Site": "same-site"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Origin": WEB, "Sec-Fetch-Site": "cross-site"},
        {"Origin": WEB, "Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.localhost", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
)
@pytest.mark.parametrize("path", ["/start", "/refresh", "/logout"])
def test_a_post_from_elsewhere_is_refused_without_effect(browser: Browser, path: str, headers: dict[str, str]) -> None:
    browser.sign_in()
    response = browser.post(path, headers)
    assert response.status_code == 403
    assert "Set-Cookie" not in response.headers
    assert browser.get("/session").status_code == 200
    assert not browser.issuer.sent
    assert not browser.issuer.revoked


@pytest.mark.parametrize("headers", [{"Origin": WEB}, {"Origin": "null", "Sec-Fetch-Site": "same-origin"}])
def test_a_post_from_our_own_pages_is_accepted_from_old_and_new_browsers(
    browser: Browser, headers: dict[str, str]
) -> None:
    assert browser.post("/start", headers).status_code == 303


@pytest.mark.parametrize("path", ["/start", "/refresh", "/logout"])
def test_a_get_changes_nothing(browser: Browser, path: str) -> None:
    browser.sign_in()
    assert browser.get(path).status_code == 405
    assert browser.get("/session").status_code == 200


def test_a_callback_sent_again_redeems_nothing_and_shows_home(browser: Browser) -> None:
    _, callback = browser.sign_in()
    token = browser.issuer.newest
    assert browser.get(callback).headers["Location"] == "/"
    assert browser.issuer.newest == token


def test_a_callback_in_a_browser_that_started_no_sign_in_is_refused(browser: Browser) -> None:
    callback = browser.issuer.approve(browser.post("/start").headers["Location"]).removeprefix(WEB)
    browser.client.delete_cookie("__Host-flow", domain="app.dev.localhost")
    response = browser.get(callback)
    assert response.status_code == 400
    assert "start again" in response.text
    assert browser.issuer.newest is None


@pytest.mark.parametrize("junk", ["", "?code=x", "?state=foreign&code=x", "?error=access_denied", "?state=x&state=x"])
def test_an_answer_with_another_state_is_refused_and_the_sign_in_goes_on(browser: Browser, junk: str) -> None:
    callback = browser.issuer.approve(browser.post("/start").headers["Location"]).removeprefix(WEB)
    refused = browser.get(f"/callback{junk}")
    assert refused.status_code == 400
    assert "Set-Cookie" not in refused.headers
    assert browser.issuer.newest is None
    assert browser.get(callback).headers["Location"] == "/"
    assert browser.get("/session").status_code == 200


def test_an_answer_of_a_foreign_issuer_is_refused_and_uses_the_sign_in_up(browser: Browser) -> None:
    response, callback = browser.sign_in(iss="https://evil.localhost")
    assert response.status_code == 400
    assert browser.get(callback).status_code == 400
    assert browser.issuer.newest is None


def test_a_sign_in_that_took_too_long_is_refused(browser: Browser, clock: ShiftedClock) -> None:
    callback = browser.issuer.approve(browser.post("/start").headers["Location"]).removeprefix(WEB)
    clock.advance(601)
    assert browser.get(callback).status_code == 400


def test_a_denied_sign_in_says_so_and_offers_another(browser: Browser) -> None:
    response, _ = browser.sign_in(code=None, error="access_denied")
    page = browser.get(response.headers["Location"]).text
    assert "cancelled or refused" in page
    assert 'action="/start"' in page


def test_an_issuer_that_is_down_at_the_start_is_told_to_the_user(browser: Browser) -> None:
    browser.issuer.override["/.well-known/oauth-authorization-server"] = (503, {})
    assert "does not answer" in browser.get(browser.post("/start").headers["Location"]).text


def test_a_session_ends_without_the_user_and_page_script_does_not_prolong_it(
    browser: Browser, clock: ShiftedClock
) -> None:
    browser.sign_in()
    for _ in range(3):
        clock.advance(1_190)
        browser.get("/session")
    clock.advance(40)
    assert browser.get("/session").status_code == 401


def test_a_session_ends_at_its_absolute_limit_whatever_the_user_does(browser: Browser, clock: ShiftedClock) -> None:
    browser.sign_in()
    for _ in range(28):
        clock.advance(3_000)
        assert browser.get("/").status_code == 200
    clock.advance(3_000)
    ended = browser.get("/")
    assert "session has ended" in browser.get(ended.headers["Location"]).text
    assert browser.cookie() is None


@pytest.mark.parametrize("path", ["/login", "/nowhere", "/session", "/assets/style.css", "/start", "/settings"])
def test_every_response_has_the_security_headers(browser: Browser, path: str) -> None:
    headers = browser.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["object-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_the_storage_warning_is_an_alert_with_consequence_and_fix_on_every_page(
    issuer: FakeIssuer, http: requests.Session, clock: ShiftedClock
) -> None:
    browser = make_browser(issuer, http, clock, storage=DEGRADED)
    pages = [browser.get("/login").text]
    browser.sign_in()
    pages += [browser.get("/").text, browser.get("/settings").text]
    for page in pages:
        assert 'role="alert"' in page
        assert "It will be &lt;lost&gt; on exit." in page
        assert "Install a keyring." in page


def test_without_a_warning_no_page_shows_an_alert(browser: Browser) -> None:
    assert 'role="alert"' not in browser.get("/login").text + browser.get("/settings").text


def test_a_replaced_part_is_used(issuer: FakeIssuer, http: requests.Session, clock: ShiftedClock) -> None:
    used: list[Part] = []

    def watch(part: Part) -> Parts:
        def note(real: object) -> object:
            used.append(part)
            return real

        return Parts({part: (note,)})

    parts = [Part.OAUTH_CLIENT, Part.WEB_SESSION, Part.COOKIE_POLICY, Part.PAGES, Part.LOGOUT, Part.TOKEN_MANAGER]
    for part in parts:
        make_browser(issuer, http, clock, watch(part)).sign_in()
    assert used == parts
