"""The authorization endpoint: PKCE, redirect URIs, the login page."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from reference_impl.issuer.clients import ClientRegistry
from reference_impl.issuer.identity import AccessDenied, Identity, UpstreamUnavailable
from reference_impl.parts import Part, Parts

Bench = Any  # conftest's; with importlib as import mode, tests do not import each other
WEB = "https://app.dev.localhost:8443"


def answer(response: Any) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(response.headers["Location"]).query))


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge_method": "s256"},
        {"code_challenge": "c" * 42},
        {"code_challenge": "c" * 42 + "="},
        {"code_challenge": "c" * 44},
        {"code_challenge": ""},
    ],
)
def test_a_request_without_a_good_s256_challenge_is_refused_to_the_client(bench: Bench, changes: Any) -> None:
    response = bench.authorize(**changes)
    assert response.status_code == 303
    assert response.headers["Location"].startswith(f"{WEB}/callback?")
    params = answer(response)
    assert params["error"] == "invalid_request"
    assert params["state"] == "st-123"
    assert params["iss"] == bench.config.issuer
    assert "code" not in params


def test_a_good_request_leads_over_the_login_page_to_a_code(bench: Bench) -> None:
    page = bench.authorize()
    assert page.status_code == 200
    params = answer(bench.answer_page(page))
    assert len(params["code"]) == 43
    assert (params["state"], params["iss"]) == ("st-123", bench.config.issuer)


@pytest.mark.parametrize(
    "uri",
    [
        f"{WEB}/callback/",
        f"{WEB}/callback/../evil",
        f"{WEB}/callback?x=1",
        f"{WEB}/callback#f",
        f"{WEB}/Callback",
        f"{WEB}/call%62ack",
        f"{WEB}/%2e%2e/callback",
        f"{WEB}\\callback",
        "https://app.dev.localhost.evil:8443/callback",
        "https://app.dev.localhost:8443@evil/callback",
        "https://x.app.dev.localhost:8443/callback",
        "http://app.dev.localhost:8443/callback",
        "//app.dev.localhost:8443/callback",
        "https:evil.example",
        "https://app.dev.localhost:9999/callback",
        None,
        "",
    ],
)
@pytest.mark.parametrize("other", [{}, {"response_type": "token"}, {"scope": "root"}, {"code_challenge": None}])
def test_an_unregistered_redirect_uri_gets_a_page_whatever_else_is_wrong(bench: Bench, uri: Any, other: Any) -> None:
    response = bench.authorize(redirect_uri=uri, **other)
    assert response.status_code == 400
    assert "Location" not in response.headers
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    ("uri", "accepted"),
    [
        ("http://127.0.0.1/cb", True),
        ("http://127.0.0.1:1/cb", True),
        ("http://127.0.0.1:65535/cb", True),
        ("http://127.0.0.1:65536/cb", False),
        ("http://127.0.0.1:/cb", False),
        ("http://127.0.0.1:0/cb", False),
        ("http://127.0.0.1:80x/cb", False),
        ("http://127.0.0.1:8080/cb/", False),
        ("http://127.0.0.1:8080/cb?x", False),
        ("http://127.0.0.1:8080/other", False),
        ("http://127.0.0.1:8080@evil/cb", False),
        ("http://127.0.0.2:8080/cb", False),
        ("http://localhost:8080/cb", False),
        ("https://127.0.0.1:8080/cb", False),
        ("http://127.0.0.1:8080/cb\n", False),
    ],
)
def test_only_the_port_of_a_native_loopback_address_may_differ(bench: Bench, uri: str, accepted: bool) -> None:
    registry = ClientRegistry(bench.config.clients)
    desktop = registry.find("desktop")
    assert desktop is not None
    assert registry.accepts_redirect(desktop, uri) is accepted
    assert bench.authorize("desktop", redirect_uri=uri).status_code == (200 if accepted else 400)


def test_an_unknown_client_gets_a_page(bench: Bench) -> None:
    assert bench.authorize(client_id="nobody").status_code == 400


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "state", "code_challenge", "scope", "response_type"])
def test_a_repeated_parameter_gets_a_page(bench: Bench, name: str) -> None:
    query = f"client_id=web&redirect_uri={WEB}/callback&{name}=x&{name}=x"
    assert bench.browser.get(f"/authorize?{query}", base_url=bench.config.issuer).status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"response_type": 'co"de\\'}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"scope": "root"}, "invalid_scope"),
    ],
)
def test_other_mistakes_are_told_to_the_client(bench: Bench, changes: Any, error: str) -> None:
    params = answer(bench.authorize(**changes))
    assert (params["error"], params["state"], params["iss"]) == (error, "st-123", bench.config.issuer)


def test_cancel_is_access_denied_and_makes_no_event(bench: Bench) -> None:
    params = answer(bench.answer_page(bench.authorize(), action="cancel"))
    assert (params["error"], params["state"], params["iss"]) == ("access_denied", "st-123", bench.config.issuer)
    assert bench.events() == []


def test_a_wrong_password_shows_the_page_again_and_the_right_one_still_works(bench: Bench) -> None:
    page = bench.answer_page(bench.authorize(), password="wrong")
    assert page.status_code == 403
    assert "wrong" in page.text
    assert "code" in answer(bench.answer_page(page))


def test_a_login_page_works_only_in_the_browser_that_opened_it(bench: Bench) -> None:
    page = bench.authorize()
    other = bench.new_browser()
    bench.authorize(browser=other)
    assert bench.answer_page(page, browser=bench.new_browser()).status_code == 400
    assert bench.answer_page(page, browser=other).status_code == 400
    assert bench.answer_page(page).status_code == 303


def test_two_tabs_of_one_browser_can_sign_in_one_after_the_other(bench: Bench) -> None:
    first, second = bench.authorize(), bench.authorize("desktop")
    assert "code" in answer(bench.answer_page(first))
    assert "code" in answer(bench.answer_page(second))


def test_a_login_page_answers_once_and_not_after_its_lifetime(bench: Bench) -> None:
    page, late = bench.authorize(), bench.authorize()
    assert bench.answer_page(page).status_code == 303
    assert bench.answer_page(page).status_code == 400
    bench.clock.advance(bench.config.lifetimes.transaction)
    assert bench.answer_page(late).status_code == 400


def test_the_login_page_keeps_to_itself(bench: Bench) -> None:
    page = bench.authorize("desktop", state='"><script>')
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' http://127.0.0.1:4711;" in policy
    assert "unsafe" not in policy
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "<script" not in page.text
    cookie = page.headers["Set-Cookie"]
    assert cookie.startswith("__Host-login=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


class Upstream:
    def authenticate(self, username: str, password: str) -> Identity:
        if username == "alice":
            raise UpstreamUnavailable
        raise AccessDenied


class TestAnUpstreamThatDoesNotAnswer:
    @pytest.fixture
    def parts(self) -> Parts:
        return Parts({Part.IDENTITY_PROVIDER: (lambda real: Upstream(),)})

    def test_the_client_is_told_to_try_later(self, bench: Bench) -> None:
        params = answer(bench.answer_page(bench.authorize()))
        assert params["error"] == "temporarily_unavailable"
        assert bench.events() == []


def test_a_disabled_account_gets_no_code(bench: Bench) -> None:
    bench.login()
    subject = bench.events("auth.login")[0]["subject"]
    bench.store.change(lambda state: bench.issuer.accounts.set_disabled(state, subject, True))
    assert answer(bench.answer_page(bench.authorize()))["error"] == "access_denied"


def test_a_correlation_id_of_the_client_is_kept_if_it_is_well_formed(bench: Bench) -> None:
    bench.redeem(bench.code(correlation_id="abcd-1234"))
    bench.redeem(bench.code(correlation_id="bad\r\nid-123456"))
    first, second = (event["correlation_id"] for event in bench.events("auth.login"))
    assert first == "abcd-1234"
    assert "\n" not in second
    assert len(second) == 36


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"prompt": "none"}, "login_required"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
        ({"request_uri": "https://app.example/request"}, "request_uri_not_supported"),
    ],
)
def test_what_openid_connect_lets_an_issuer_refuse_is_refused_by_its_name(
    bench: Bench, asked: dict[str, str], error: str
) -> None:
    response = bench.authorize(**asked)
    assert response.status_code == 303
    assert (answer(response)["error"], answer(response)["state"]) == (error, "st-123")


def test_another_prompt_shows_the_login_page_which_is_what_it_asks_for(bench: Bench) -> None:
    assert bench.authorize(prompt="login").status_code == 200


@pytest.mark.parametrize("name", ["state", "nonce"])
def test_what_would_be_returned_is_bounded_and_nothing_is_kept_of_a_longer_one(bench: Bench, name: str) -> None:
    assert bench.authorize(**{name: "x" * 2048}).status_code == 200
    refused = bench.authorize(**{name: "x" * 2049})
    assert refused.status_code == 400
    assert "more than 2048 characters" in refused.text
    with bench.database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM logins").fetchone()[0] == 1
