from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
import responses

from harness.observations import HttpExchange, Observation
from harness.observe import Recorder
from harness.probes import bff
from harness.probes.http import HttpProbe
from harness.probes.login import User
from harness.probes.requests_client import RequestsClient

WEB, ISSUER = "https://app.example", "https://auth.example"
CODE = "k5jW0pQ2xR7vT9yB3nM6cL1dF8gH4sZa"
USER = User("alice", "correct horse battery")
SIGN_IN = '<form method="post" action="/start"><button>Sign in</button></form>'
LOGIN = (
    '<form method="post" action="/login"><input type="hidden" name="transaction" value="t1">'
    '<input name="username"><input type="password" name="password">'
    '<button name="action" value="login">Sign in</button><button name="action" value="cancel">Cancel</button></form>'
)


@pytest.fixture
def application() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(f"{WEB}/", status=303, headers={"Location": "/login"})
        mock.get(f"{WEB}/", body='<form method="post" action="/logout"><button>Sign out</button></form>')
        mock.get(f"{WEB}/login", body=SIGN_IN)
        mock.post(f"{WEB}/start", status=303, headers={"Location": f"{ISSUER}/authorize?client_id=web"})
        mock.get(f"{ISSUER}/authorize", body=LOGIN)
        mock.post(f"{ISSUER}/login", status=303, headers={"Location": f"{WEB}/callback?code={CODE}&state=s"})
        cookie = "__Host-session=Jx8vN2qLr5TzWc7YbK4mP9dS; Path=/; Secure; HttpOnly"
        mock.get(f"{WEB}/callback", status=303, headers={"Location": "/", "Set-Cookie": cookie})
        yield mock


def test_a_login_ends_at_the_page_of_a_user_and_tells_its_callback(
    application: responses.RequestsMock, recorder: Recorder
) -> None:
    login = bff.log_in(HttpProbe(RequestsClient(requests.Session()), recorder), "login", WEB, USER)
    assert login.end.status == 200
    assert "Sign out" in login.end.text
    assert login.callback == f"{WEB}/callback?code={CODE}&state=s"


def test_the_login_form_is_filled_in_and_sent_by_its_first_button(
    application: responses.RequestsMock, recorder: Recorder
) -> None:
    bff.log_in(HttpProbe(RequestsClient(requests.Session()), recorder), "login", WEB, USER)
    sent = next(call.request for call in application.calls if call.request.url == f"{ISSUER}/login")
    assert sent.body == "transaction=t1&username=alice&password=correct+horse+battery&action=login"
    assert sent.headers["Origin"] == ISSUER


def test_a_login_can_be_stopped_before_its_callback(application: responses.RequestsMock, recorder: Recorder) -> None:
    login = bff.log_in(
        HttpProbe(RequestsClient(requests.Session()), recorder), "login", WEB, USER, stop_at_callback=True
    )
    assert login.callback.startswith(f"{WEB}/callback?code=")
    assert not any(str(call.request.url).startswith(f"{WEB}/callback") for call in application.calls)


def test_every_exchange_is_recorded_with_what_it_is_about_and_without_the_code(
    application: responses.RequestsMock, recorder: Recorder, kept: list[Observation]
) -> None:
    bff.log_in(
        HttpProbe(RequestsClient(requests.Session()), recorder), "login", WEB, USER, about={"hosts": "app.example"}
    )
    assert len(kept) == 7
    assert {o.about["hosts"] for o in kept} == {"app.example"}
    assert not any(CODE in f"{o.url}{o.headers}" for o in kept if isinstance(o, HttpExchange))


def test_a_loop_of_redirects_comes_to_an_end(recorder: Recorder) -> None:
    with responses.RequestsMock() as mock:
        mock.get(f"{WEB}/", status=302, headers={"Location": "/"})
        login = bff.log_in(HttpProbe(RequestsClient(requests.Session()), recorder), "login", WEB, USER)
    assert login.end.status == 302
    assert login.callback == ""
