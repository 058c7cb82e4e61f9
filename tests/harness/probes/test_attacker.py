"""The attacker's issuer: it lets everybody in, and notes what clients bring to it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests

from harness.errors import TargetError
from harness.observations import HttpExchange, Observation
from harness.observe import Recorder
from harness.probes.attacker import AttackerIssuer
from harness.probes.id_tokens import ACCESS_TOKENS, MISTAKES, IdTokens
from harness.redact import Redactor
from reference_impl.id_token import Expected, InvalidIdToken, validate
from reference_impl.loopback import LoopbackHost, loopback_session

CODE = "an-authorization-code-of-43-characters-here"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> LoopbackHost:
    return LoopbackHost(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def attacker(host: LoopbackHost) -> Iterator[AttackerIssuer]:
    issuer = AttackerIssuer(host.cert_file, "auth.dev.localhost")
    yield issuer
    issuer.close()


@pytest.fixture
def http(host: LoopbackHost) -> Iterator[requests.Session]:
    with loopback_session(host.ca_file) as session:
        yield session


def test_its_metadata_are_what_a_client_asks_of_an_issuer(attacker: AttackerIssuer, http: requests.Session) -> None:
    told = http.get(f"{attacker.url}/.well-known/oauth-authorization-server").json()
    assert (told["issuer"], told["authorization_response_iss_parameter_supported"]) == (attacker.url, True)
    assert http.post(told["token_endpoint"], data={"code": "x"}).json() == {"error": "invalid_grant"}


def test_it_answers_every_request_with_a_code_its_name_and_the_state(
    attacker: AttackerIssuer, http: requests.Session
) -> None:
    query = {"redirect_uri": "http://127.0.0.1:1/cb/dev", "state": "a&b"}
    codes = set()
    for _ in range(2):
        answer = http.get(f"{attacker.url}/authorization", params=query, allow_redirects=False)
        where, _, given = answer.headers["Location"].partition("?")
        response = dict(parse_qsl(given))
        assert (answer.status_code, where) == (303, query["redirect_uri"])
        codes.add(response["code"])
        assert (response["state"], response["iss"]) == ("a&b", attacker.url)
    assert len(codes) == 2


def test_token_requests_are_recorded_while_somebody_listens_and_without_their_secrets(
    attacker: AttackerIssuer, http: requests.Session
) -> None:
    seen: list[Observation] = []
    recorder = Recorder("s", Redactor(), seen.append)
    http.post(f"{attacker.url}/token", data={"code": CODE})
    with attacker.listening(recorder, "mixed up"):
        http.post(f"{attacker.url}/token", data={"code": CODE})
        http.post(f"{attacker.url}/elsewhere", data={"code": CODE})
    http.post(f"{attacker.url}/token", data={"code": CODE})
    (tapped,) = seen
    assert isinstance(tapped, HttpExchange)
    assert (tapped.case, tapped.about) == ("mixed up", {"role": "tap", "issuer": "attacker"})
    assert (tapped.status, CODE in repr(tapped)) == (400, False)


def test_what_it_does_not_serve_is_not_found(attacker: AttackerIssuer, http: requests.Session) -> None:
    assert http.get(f"{attacker.url}/nothing").status_code == 404
    assert http.get(f"{attacker.url}/authorization").status_code == 404


def test_it_gives_tokens_when_it_is_told_to_and_counts_who_comes_with_one(
    attacker: AttackerIssuer, http: requests.Session
) -> None:
    asked = {"client_id": "web", "redirect_uri": "https://app.dev.localhost/cb", "state": "s", "nonce": "n"}
    ended = http.get(f"{attacker.url}/authorization", params=asked, allow_redirects=False)
    code = parse_qs(urlsplit(ended.headers["Location"]).query)["code"][0]
    attacker.give_tokens("nothing")
    tokens = http.post(f"{attacker.url}/token", data={"code": code}).json()
    jwks = http.get(f"{attacker.url}/jwks").json()
    validate(tokens["id_token"], jwks, Expected(attacker.url, "web", "n", time.time()))
    http.get(f"{attacker.url}/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    http.get(f"{attacker.url}/me")
    assert attacker.api_calls == 1


@pytest.mark.parametrize("mistake", sorted(set(MISTAKES) - {"nothing", "no ID token"}))
def test_each_mistake_is_in_the_token(mistake: str) -> None:
    tokens = IdTokens(time.time)
    tokens.expect("c", "web", "n")
    token = tokens.answer("https://id", "c", mistake)["id_token"]
    with pytest.raises(InvalidIdToken):
        validate(token, tokens.jwks(), Expected("https://id", "web", "n", time.time()))


@pytest.mark.parametrize("token", ACCESS_TOKENS)
def test_an_access_token_in_the_place_of_the_id_token_is_that_of_the_answer(token: str) -> None:
    tokens = IdTokens(time.time)
    tokens.expect("c", "web", "n")
    given = tokens.answer("https://id", "c", token)
    assert given["access_token"] == given["id_token"]
    with pytest.raises(InvalidIdToken, match="another type"):
        validate(given["id_token"], tokens.jwks(), Expected("https://id", "web", "n", time.time()))


def test_a_mistake_that_it_cannot_make_is_told(attacker: AttackerIssuer) -> None:
    with pytest.raises(TargetError, match="no such mistake"):
        attacker.give_tokens("no nonsense")
