"""The HTTP probe records what it sent and what came. How clients meet hostile servers is in test_clients.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
import responses

from harness.observations import HttpExchange, Observation
from harness.observe import Recorder
from harness.probes.http import HttpProbe
from harness.probes.requests_client import RequestsClient
from harness.redact import Redactor

SECRET = "q7Zk2vXw9LmR4tYb8NsD1cHf6JgP3aUe5oIy0xWzQiM"


@pytest.fixture
def seen() -> list[Observation]:
    return []


@pytest.fixture
def probe(seen: list[Observation]) -> Iterator[HttpProbe]:
    client = RequestsClient(requests.Session())
    yield HttpProbe(client, Recorder("s", Redactor(), seen.append), stage="dev")
    client.close()


def test_an_exchange_is_recorded_as_it_was(probe: HttpProbe, seen: list[Observation]) -> None:
    with responses.RequestsMock() as server:
        server.post("http://issuer/token", json={"a": 1}, status=201, headers={"X-One": "1"})
        answer = probe.post("a case", "http://issuer/token", {"grant_type": "x y"}, query="q=1", client="web")
    (exchange,) = seen
    assert isinstance(exchange, HttpExchange)
    about = {"agent": "1", "stage": "dev", "client": "web"}
    assert (exchange.case, exchange.about, exchange.method) == ("a case", about, "POST")
    assert (exchange.url, exchange.request_body) == ("http://issuer/token?q=1", "grant_type=x+y")
    assert (exchange.status, exchange.header("x-one"), exchange.json()) == (201, "1", {"a": 1})
    assert (exchange.truncated, exchange.error, exchange.body_bytes) == (False, "", len('{"a": 1}'))
    assert (answer.status, answer.json(), answer.observation.id) == (201, {"a": 1}, "s#1")


def test_secrets_are_for_the_next_request_and_not_for_the_record(probe: HttpProbe, seen: list[Observation]) -> None:
    with responses.RequestsMock() as server:
        server.get("http://issuer/token", json={"access_token": SECRET})
        answer = probe.get("a case", "http://issuer/token")
    assert answer.json()["access_token"] == SECRET
    assert SECRET not in repr(seen)
    assert SECRET not in repr(answer)


def test_a_request_may_go_unrecorded(probe: HttpProbe, seen: list[Observation]) -> None:
    with responses.RequestsMock() as server:
        server.get("http://issuer/", body="x")
        assert probe.get("a case", "http://issuer/", record=False).status == 200
    assert seen == []


def test_cookies_are_those_of_the_user_agent(probe: HttpProbe) -> None:
    with responses.RequestsMock() as server:
        server.get("http://issuer/login", headers={"Set-Cookie": "sid=1; Path=/"})
        server.get("http://issuer/home", match=[responses.matchers.header_matcher({"Cookie": "sid=1"})])
        probe.get("login", "http://issuer/login")
        assert probe.get("home", "http://issuer/home").status == 200


@pytest.mark.parametrize(
    ("body", "parsed"), [('{"a": 1}', {"a": 1}), ("[1]", {}), ("<html>", {}), ("", {}), ("null", {})]
)
def test_a_body_that_is_no_json_object_is_none(probe: HttpProbe, body: str, parsed: dict[str, int]) -> None:
    with responses.RequestsMock() as server:
        server.get("http://issuer/", body=body)
        assert probe.get("a case", "http://issuer/").json() == parsed


@pytest.mark.parametrize(
    ("status", "location", "target"),
    [
        (302, "/next?a=1", "http://issuer/next?a=1"),
        (303, "https://other/x", "https://other/x"),
        (200, "/next", ""),
        (304, "/next", ""),
    ],
)
def test_a_redirect_is_told_absolutely_and_not_followed(
    probe: HttpProbe, status: int, location: str, target: str
) -> None:
    with responses.RequestsMock() as server:
        server.get("http://issuer/", status=status, headers={"Location": location})
        answer = probe.get("a case", "http://issuer/")
        assert (answer.status, answer.location) == (status, target)
        assert len(server.calls) == 1


@pytest.mark.parametrize("error", [requests.ConnectionError("refused"), requests.Timeout("slow"), OSError("broken")])
def test_an_error_of_the_transport_is_an_answer_without_status(
    probe: HttpProbe, seen: list[Observation], error: Exception
) -> None:
    with responses.RequestsMock() as server:
        server.get("http://issuer/", body=error)
        answer = probe.get("a case", "http://issuer/")
    (exchange,) = seen
    assert isinstance(exchange, HttpExchange)
    assert (answer.status, exchange.status) == (0, None)
    assert exchange.error.startswith(type(error).__name__)


def test_an_error_of_the_probe_itself_is_not_taken_for_an_answer(probe: HttpProbe) -> None:
    with responses.RequestsMock() as server:
        server.get("http://issuer/", body=ZeroDivisionError("a bug"))
        with pytest.raises(ZeroDivisionError):
            probe.get("a case", "http://issuer/")


def test_bytes_that_are_no_text_are_replaced(probe: HttpProbe) -> None:
    with responses.RequestsMock() as server:
        server.get("http://issuer/", body=b"\xff{}", content_type="application/json; charset=utf-8")
        assert probe.get("a case", "http://issuer/").text == "�{}"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://evil.example/", "'evil.example' is no host of the target"),
        ("http://issuer@evil.example/", "'evil.example' is no host of the target"),
        ("http://169.254.169.254/latest/", "'169.254.169.254' is no host of the target"),
        ("file:///etc/passwd", "is no address of HTTP"),
        ("ftp://issuer/", "is no address of HTTP"),
        ("http:///x", "is no address of HTTP"),
        ("http://[", "Invalid IPv6 URL"),
    ],
)
def test_nothing_is_sent_to_what_is_no_host_of_the_target(seen: list[Observation], url: str, why: str) -> None:
    with responses.RequestsMock():
        probe = HttpProbe(RequestsClient(requests.Session()), Recorder("s", Redactor(), seen.append), {"issuer"})
        answer = probe.get("a case", url)
    assert answer.status == 0
    assert answer.error.startswith("not sent: ")
    assert why in answer.error


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("http://issuer:80/", False),
        ("http://issuer:8080/", True),
        ("HTTP://issuer/", False),
        ("http://issuer:8080@issuer/", False),
        ("https://issuer/", True),
    ],
)
def test_without_encryption_nothing_is_sent_but_where_it_may_be(seen: list[Observation], url: str, sent: bool) -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=sent) as server:
        server.get(url, body="x")
        client = RequestsClient(requests.Session())
        probe = HttpProbe(client, Recorder("s", Redactor(), seen.append), plain={"http://issuer:8080"})
        answer = probe.get("a case", url)
    assert (answer.status == 200) == sent
    assert answer.error.startswith("not sent: http://issuer") != sent


def test_headers_of_a_user_agent_go_with_every_request_and_are_recorded(seen: list[Observation]) -> None:
    client = RequestsClient(requests.Session())
    agent = HttpProbe(client, Recorder("s", Redactor(), seen.append), headers={"Host": "other.example", "X-One": "1"})
    with responses.RequestsMock() as server:
        server.get("http://issuer/", body="x")
        agent.get("a case", "http://issuer/", headers={"X-One": "2"})
        sent = server.calls[0].request
    client.close()
    assert (sent.url, sent.headers["Host"], sent.headers["X-One"]) == ("http://issuer/", "other.example", "2")
    (exchange,) = seen
    assert isinstance(exchange, HttpExchange)
    assert dict(exchange.request_headers) == {"Host": "other.example", "X-One": "2"}


def test_json_text_is_sent_as_what_it_is(probe: HttpProbe, seen: list[Observation]) -> None:
    with responses.RequestsMock() as server:
        server.post("http://api/notes", status=201)
        probe.send("a case", "POST", "http://api/notes", json='{"text": "a"}', headers={"Authorization": "Bearer x"})
    (exchange,) = seen
    assert isinstance(exchange, HttpExchange)
    assert ("Content-Type", "application/json") in exchange.request_headers
    assert exchange.request_body == '{"text": "a"}'
