"""Push and pull of the page, by handles of tokens that it never sees."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from flask import Response, jsonify, request
from werkzeug.test import TestResponse

from reference_impl.clock import ShiftedClock
from reference_impl.web.app import create_web_app
from tests.reference_impl.web.fake_issuer import FakeIssuer, InProcess
from tests.reference_impl.web.test_web_client import OURS, WEB, Browser, Config

BODY = {"clientGroupID": "g", "mutations": [], "pushVersion": 1}


@pytest.fixture
def pushed() -> list[dict[str, Any]]:
    """What came to the API."""
    return []


@pytest.fixture
def browser(issuer: FakeIssuer, clock: ShiftedClock, pushed: list[dict[str, Any]]) -> Browser:
    app = issuer.app()

    @app.post("/sync/push")
    def push() -> tuple[Response, int]:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        pushed.append({"body": request.get_json(), "id": request.headers.get("X-Replicache-RequestID")})
        return jsonify({}), 200 if token in issuer.access else 401

    http = requests.Session()
    http.mount("https://", InProcess(app))
    browser = Browser(create_web_app(Config(), clock=clock, http=http).test_client(), issuer)
    browser.sign_in()
    return browser


def handle(browser: Browser) -> str:
    return str(browser.get("/session").json["handle"])  # type: ignore[index]


def push(browser: Browser, given: str | None) -> TestResponse:
    headers = {**OURS, "X-Replicache-RequestID": "r1", **({} if given is None else {"Authorization": given})}
    return browser.client.post("/sync/push", base_url=WEB, headers=headers, json=BODY)


def refresh(browser: Browser, given: str) -> TestResponse:
    return browser.client.post("/refresh", base_url=WEB, headers=OURS, json={"handle": given})


def test_a_push_goes_on_as_it_came_with_the_token_that_the_handle_names(browser: Browser, pushed: list[Any]) -> None:
    answer = push(browser, handle(browser))
    assert (answer.status_code, answer.json) == (200, {})
    assert pushed == [{"body": BODY, "id": "r1"}]


@pytest.mark.parametrize("given", [None, "", "Session", "Session x.1", "Bearer token"])
def test_without_a_handle_of_the_session_nothing_goes_on(
    browser: Browser, pushed: list[Any], given: str | None
) -> None:
    assert push(browser, given).status_code == 401
    assert pushed == []


def test_a_handle_is_worth_nothing_once_its_token_was_replaced(browser: Browser, pushed: list[Any]) -> None:
    old = handle(browser)
    new = refresh(browser, old).json["handle"]  # type: ignore[index]
    assert new != old
    assert (push(browser, old).status_code, len(pushed)) == (401, 0)
    assert push(browser, new).status_code == 200


def test_a_second_refresh_for_the_same_handle_is_given_what_the_first_brought(browser: Browser) -> None:
    old = handle(browser)
    answers = [refresh(browser, old).json for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert len(browser.issuer.sent) == 1


def test_a_refused_token_is_told_and_not_refreshed_here(browser: Browser) -> None:
    browser.issuer.access.clear()
    assert push(browser, handle(browser)).status_code == 401
    assert browser.issuer.sent == []


def test_a_page_of_another_session_gets_no_token_and_ends_nothing(browser: Browser, issuer: FakeIssuer) -> None:
    old = handle(browser)
    browser.sign_in()
    assert (push(browser, old).status_code, refresh(browser, old).status_code) == (401, 409)
    assert browser.get("/session").status_code == 200


def test_no_handle_holds_any_part_of_a_token(browser: Browser) -> None:
    shown = json.dumps([handle(browser), refresh(browser, handle(browser)).json])
    assert not any(token[:8] in shown for token in [*browser.issuer.access, browser.issuer.newest or ""])


def test_who_is_not_signed_in_and_who_sends_too_much_is_told(browser: Browser) -> None:
    headers = {**OURS, "Authorization": handle(browser), "Content-Type": "application/json"}
    assert browser.client.post("/sync/push", base_url=WEB, headers=headers, data=b" " * 1_000_001).status_code == 413
    browser.post("/logout")
    assert (push(browser, "Session x.1").status_code, browser.get("/session").status_code) == (401, 401)


def test_an_api_that_does_not_answer_is_not_available(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    given = handle(browser)

    def fail(*_: object, **__: object) -> None:
        raise requests.ConnectionError

    monkeypatch.setattr(requests.Session, "post", fail)
    assert push(browser, given).status_code == 503
