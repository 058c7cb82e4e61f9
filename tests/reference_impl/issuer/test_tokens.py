"""The token endpoint: codes, rotation, reuse, revocation."""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from reference_impl.issuer.build import build_issuer
from reference_impl.issuer.keys import KeyRing
from reference_impl.issuer.tokens import TokenStore
from reference_impl.parts import Part, Parts
from reference_impl.rfc9449.seen import SeenInDatabase

Bench = Any  # conftest's


def refused(response: Any) -> bool:
    assert response.headers["Cache-Control"] == "no-store"
    return bool(response.status_code == 400 and response.json["error"] == "invalid_grant")


def test_a_login_gives_a_bearer_token_with_the_claims_of_rfc_9068(bench: Bench) -> None:
    tokens = bench.login()
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 900)
    claims = bench.issuer.keys.read(tokens["access_token"])
    assert set(claims) == {"iss", "aud", "sub", "client_id", "iat", "exp", "jti", "sid"}
    assert (claims["iss"], claims["aud"]) == (bench.config.issuer, bench.config.audience)
    assert "alice" not in str(claims)


def test_a_code_lives_as_long_as_configured_and_no_longer(bench: Bench) -> None:
    young, old = bench.code(), bench.code()
    bench.clock.advance(bench.config.lifetimes.code - 1)
    assert bench.redeem(young).status_code == 200
    bench.clock.advance(3)
    assert refused(bench.redeem(old))


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "desktop"},
        {"redirect_uri": None},
        {"redirect_uri": "https://app.dev.localhost:8443/other"},
        {"code_verifier": None},
        {"code_verifier": "w" * 43},
        {"code_verifier": "v" * 42},
        {"code_verifier": "ü" * 43},
    ],
)
def test_a_code_is_worth_nothing_without_its_binding_and_is_used_up_by_the_attempt(bench: Bench, changes: Any) -> None:
    code = bench.code()
    assert refused(bench.redeem(code, **changes))
    assert refused(bench.redeem(code))
    assert bench.events("auth.login") == []


def test_of_twenty_redemptions_at_once_exactly_one_succeeds(bench: Bench) -> None:
    for _ in range(5):
        code, start = bench.code(), threading.Barrier(20)

        def redeem(code: str = code, start: threading.Barrier = start) -> int:
            start.wait()
            return int(bench.redeem(code).status_code)

        with ThreadPoolExecutor(20) as pool:
            outcomes = Counter(future.result() for future in [pool.submit(redeem) for _ in range(20)])
        assert outcomes == {200: 1, 400: 19}
    assert len(bench.events("auth.login")) == 5


def test_a_replayed_code_ends_the_grant_that_came_of_it(bench: Bench) -> None:
    code = bench.code()
    tokens = bench.redeem(code).json
    other = bench.login()
    assert refused(bench.redeem(code))
    assert refused(bench.refresh(tokens["refresh_token"]))
    assert bench.me(tokens["access_token"]).status_code == 401
    assert bench.me(other["access_token"]).status_code == 200


def test_every_refresh_gives_a_different_token(bench: Bench) -> None:
    tokens = [bench.login()["refresh_token"]]
    for _ in range(5):
        answer = bench.refresh(tokens[-1])
        assert answer.json["token_type"] == "Bearer"
        tokens.append(answer.json["refresh_token"])
    assert len(set(tokens)) == 6


def test_a_retry_within_the_grace_gets_the_same_successor(bench: Bench) -> None:
    first = bench.login()["refresh_token"]
    successor = bench.refresh(first).json["refresh_token"]
    bench.clock.advance(bench.config.lifetimes.reuse_grace - 1)
    assert bench.refresh(first).json["refresh_token"] == successor
    assert bench.refresh(successor).status_code == 200
    assert bench.events("auth.refresh_failed") == []


def test_concurrent_refreshes_have_one_successor(bench: Bench) -> None:
    first = bench.login()["refresh_token"]
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: bench.refresh(first), range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json["refresh_token"] for answer in answers}) == 1


def test_a_retry_is_reuse_once_the_successor_was_used(bench: Bench) -> None:
    first = bench.login()["refresh_token"]
    second = bench.refresh(first).json["refresh_token"]
    bench.refresh(second)
    assert refused(bench.refresh(first))


@pytest.mark.parametrize("wait", [10, 15 * 24 * 3600])
def test_reuse_after_the_grace_ends_this_grant_and_no_other(bench: Bench, wait: int) -> None:
    web, first = bench.login("web"), bench.login("desktop")["refresh_token"]
    second = bench.refresh(first, "desktop").json["refresh_token"]
    third = bench.refresh(second, "desktop").json
    for _ in range(4):  # in use meanwhile: what nobody uses for long ends
        bench.clock.advance(wait / 4)
        third = bench.refresh(third["refresh_token"], "desktop").json
        web = bench.refresh(web["refresh_token"]).json
    assert refused(bench.refresh(first, "desktop"))
    assert refused(bench.refresh(third["refresh_token"], "desktop"))
    assert bench.me(third["access_token"]).status_code == 401
    assert bench.refresh(web["refresh_token"]).status_code == 200
    reasons = [event["reason"] for event in bench.events("auth.refresh_failed")]
    assert reasons == ["reuse_detected", "revoked"]
    assert [event["reason"] for event in bench.events("auth.logout")] == ["revoked"]


def test_another_clients_refresh_token_is_refused_and_stays_usable(bench: Bench) -> None:
    token = bench.login("web")["refresh_token"]
    assert refused(bench.refresh(token, "desktop"))
    assert bench.refresh(token, "web").status_code == 200


def test_rotation_does_not_extend_the_absolute_lifetime(bench: Bench) -> None:
    token = bench.login()["refresh_token"]
    for _ in range(10):
        bench.clock.advance((bench.config.lifetimes.refresh_absolute - 1) / 10)
        token = bench.refresh(token).json["refresh_token"]
    bench.clock.advance(1)
    assert refused(bench.refresh(token))
    assert [event["reason"] for event in bench.events("auth.refresh_failed")] == ["expired"]


def test_a_session_that_nobody_refreshes_ends_at_its_inactivity_limit(bench: Bench) -> None:
    idle, used = bench.login()["refresh_token"], bench.login()["refresh_token"]
    bench.clock.advance(bench.config.lifetimes.refresh_idle - 1)
    used = bench.refresh(used).json["refresh_token"]
    bench.clock.advance(1)
    assert refused(bench.refresh(idle))
    assert [event["reason"] for event in bench.events("auth.refresh_failed")] == ["expired"]
    assert bench.refresh(used).status_code == 200


def test_a_retry_is_no_use_of_the_session(bench: Bench) -> None:
    first = bench.login()["refresh_token"]
    second = bench.refresh(first).json["refresh_token"]
    bench.clock.advance(bench.config.lifetimes.reuse_grace - 1)
    assert bench.refresh(first).json["refresh_token"] == second
    bench.clock.advance(bench.config.lifetimes.refresh_idle - bench.config.lifetimes.reuse_grace + 1)
    assert refused(bench.refresh(second))


def test_a_disabled_account_can_neither_refresh_nor_call_until_it_is_enabled(bench: Bench) -> None:
    tokens = bench.login()
    subject = bench.issuer.keys.read(tokens["access_token"])["sub"]

    def set_disabled(disabled: bool) -> None:
        bench.store.change(lambda state: bench.issuer.accounts.set_disabled(state, subject, disabled))

    set_disabled(True)
    assert refused(bench.refresh(tokens["refresh_token"]))
    assert bench.me(tokens["access_token"]).status_code == 401
    set_disabled(False)
    assert bench.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize("which", ["refresh_token", "access_token"])
def test_giving_back_either_token_ends_the_grant_once(bench: Bench, which: str) -> None:
    tokens = bench.login()
    assert bench.revoke(tokens[which]).status_code == 200
    assert bench.revoke(tokens[which]).status_code == 200
    assert refused(bench.refresh(tokens["refresh_token"]))
    assert bench.me(tokens["access_token"]).status_code == 401
    assert [event["reason"] for event in bench.events("auth.logout")] == ["user"]


@pytest.mark.parametrize("hint", ["access_token", "jwt", ""])
def test_a_hint_of_another_type_or_of_none_hinders_no_revocation(bench: Bench, hint: str) -> None:
    token = bench.login()["refresh_token"]
    form = {"token": token, "client_id": "web", "token_type_hint": hint}
    assert bench.post("/revoke", form).status_code == 200
    assert refused(bench.refresh(token))


def test_revocation_answers_200_for_unknown_tokens_and_refuses_those_of_others(bench: Bench) -> None:
    tokens = bench.login("web")
    assert bench.revoke("no-such-token").status_code == 200
    assert refused(bench.revoke(tokens["refresh_token"], "desktop"))
    assert refused(bench.revoke(tokens["access_token"], "desktop"))
    assert bench.me(tokens["access_token"]).status_code == 200
    assert bench.issuer.app.test_client().get("/revoke", base_url=bench.config.issuer).status_code == 405


@pytest.mark.parametrize("stranger", [{"client_id": "desktop"}, {"client_id": "nobody"}, {"client_id": ""}, {}])
def test_a_refresh_token_is_of_no_use_to_others_and_is_left_as_it_is(bench: Bench, stranger: dict[str, str]) -> None:
    token = bench.login("web")["refresh_token"]
    assert refused(bench.post("/token", {"grant_type": "refresh_token", "refresh_token": token, **stranger}))
    assert bench.refresh(token, "web").status_code == 200


def test_a_refresh_gives_the_scope_of_its_login_and_no_wider_one(bench: Bench) -> None:
    tokens = bench.login()
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": "web"}
    wider = bench.post("/token", {**form, "scope": "api root"})
    assert (wider.status_code, wider.json["error"]) == (400, "invalid_scope")
    assert tokens["scope"] == bench.post("/token", {**form, "scope": "api"}).json["scope"] == "api"


def test_a_refresh_may_ask_for_less_and_the_next_one_for_all_again(bench: Bench) -> None:
    tokens = dict(bench.redeem(bench.code("web", scope="openid api"), "web").json)
    for scope, given in (("api", "api"), ("openid api", "openid api"), ("openid", "openid api"), (None, "openid api")):
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": "web"}
        tokens = bench.post("/token", {**form, **({"scope": scope} if scope else {})}).json
        assert sorted(tokens["scope"].split()) == sorted(given.split())


def test_what_the_login_was_not_granted_is_refused_although_the_issuer_has_it(bench: Bench) -> None:
    tokens = bench.login()
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": "web"}
    wider = bench.post("/token", {**form, "scope": "openid api"})
    assert (wider.status_code, wider.json["error"]) == (400, "invalid_scope")
    assert bench.post("/token", form).status_code == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "unsupported_grant_type"),
        ({"grant_type": "password", "client_id": "web", "username": "alice"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "x", "client_id": "nobody"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "x", "client_id": "web", "scope": "root"}, "invalid_scope"),
        ({"grant_type": "authorization_code", "code": "x", "client_id": "nobody"}, "invalid_client"),
        ({"grant_type": "authorization_code", "code": "x"}, "invalid_client"),
        ({"grant_type": "refresh_token", "client_id": "web"}, "invalid_request"),
        ({"grant_type": "authorization_code", "client_id": "web"}, "invalid_request"),
    ],
)
def test_mistakes_are_told_in_json_that_nobody_stores(bench: Bench, form: Any, error: str) -> None:
    response = bench.post("/token", form)
    assert response.status_code in (400, 401)
    assert response.json["error"] == error
    assert response.headers["Cache-Control"] == "no-store"


def test_parameters_in_the_url_are_refused(bench: Bench) -> None:
    token = bench.login()["refresh_token"]
    response = bench.post("/token?client_id=web", {"grant_type": "refresh_token", "refresh_token": token})
    assert response.json["error"] == "invalid_request"


def test_no_token_is_stored_as_it_is(bench: Bench) -> None:
    code = bench.code()
    tokens = bench.redeem(code).json
    with bench.database.reading() as connection:
        stored = "\n".join(connection.iterdump())
    for secret in (code, tokens["refresh_token"], tokens["access_token"]):
        assert secret not in stored


class FailingStore(TokenStore):
    """Fails once, after it has changed the database."""

    def __init__(self, real: TokenStore, error: Exception) -> None:
        super().__init__(real._refresh_key, real.lifetimes)
        self.error: Exception | None = error

    def rotate(self, *args: Any) -> Any:
        rotation = super().rotate(*args)
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        return rotation


class TestAStoreThatFailsOnce:
    @pytest.fixture(params=[(sqlite3.OperationalError("disk"), 503), (OSError("disk"), 503), (KeyError("bug"), 500)])
    def fault(self, request: pytest.FixtureRequest) -> tuple[Exception, int]:
        return request.param  # type: ignore[no-any-return]

    @pytest.fixture
    def parts(self, fault: tuple[Exception, int]) -> Parts:
        return Parts({Part.TOKEN_STORE: (lambda real: FailingStore(real, fault[0]),)})

    def test_the_answer_is_5xx_without_an_event_and_the_token_works_afterwards(self, bench: Bench, fault: Any) -> None:
        token = bench.login()["refresh_token"]
        response = bench.refresh(token)
        assert response.status_code == fault[1]
        assert response.json["error"] in ("server_error", "temporarily_unavailable")
        assert bench.refresh(token).status_code == 200
        assert bench.events("auth.refresh_failed") == []


def test_the_metadata_lists_exactly_what_is_there(bench: Bench) -> None:
    found = bench.browser.get("/.well-known/oauth-authorization-server", base_url=bench.config.issuer).json
    assert found["issuer"] == bench.config.issuer
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["authorization_response_iss_parameter_supported"] is True
    for name, url in found.items():
        if name.endswith(("_endpoint", "_uri")):
            assert url.startswith(bench.config.issuer + "/")


def test_the_jwks_holds_the_public_half_only(bench: Bench) -> None:
    (key,) = bench.browser.get("/.well-known/jwks.json", base_url=bench.config.issuer).json["keys"]
    assert "d" not in key
    assert (key["kid"], key["alg"], key["crv"]) == (bench.config.signing_key["kid"], "ES256", "P-256")


def test_a_key_ring_reads_nothing_that_another_signed(bench: Bench) -> None:
    from reference_impl.provision import make_secrets

    other = KeyRing(make_secrets("dev", {}, 2).signing_key)
    assert bench.issuer.keys.read(other.sign({"sid": "x"})) is None
    assert bench.issuer.keys.read("a.b.c") is None
    assert bench.issuer.keys.read("ü") is None


def test_a_sessions_events_call_it_the_same_when_the_key_of_references_was_rotated_meanwhile(bench: Bench) -> None:
    tokens = bench.login()
    config = replace(bench.config, subject_key=secrets.token_bytes(32))
    seen = SeenInDatabase(bench.database)
    bench.issuer = build_issuer(config, Parts(), bench.clock, bench.store, bench.outbox, seen)
    bench.browser = bench.new_browser()
    assert bench.revoke(tokens["refresh_token"]).status_code == 200
    (login,), (logout,) = bench.events("auth.login"), bench.events("auth.logout")
    assert login["session_ref"] == logout["session_ref"]
    assert (login["seq"], logout["seq"]) == (1, 2)
