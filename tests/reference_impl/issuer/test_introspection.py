"""Token introspection (RFC 7662): who may ask, and what is told."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from reference_impl.issuer.client_secrets import ClientSecrets

Bench = Any  # conftest's
SECRET = "a-secret-of-the-reports"


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server of reports was given a secret."""
    monkeypatch.setattr(ClientSecrets, "accepts", lambda _, client, secret: (client, secret) == ("reports", SECRET))


def ask(bench: Bench, token: str, client: str = "reports", secret: str = SECRET, **more: str) -> Any:
    basic = base64.b64encode(f"{client}:{secret}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"} if client else {}
    form = {"token": token, **more}
    return bench.issuer.app.test_client().post("/introspect", data=form, headers=headers, base_url=bench.config.issuer)


def test_a_live_access_token_is_told_as_it_is(bench: Bench) -> None:
    token = bench.login()["access_token"]
    claims = bench.issuer.keys.read(token)
    answer = ask(bench, token)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert answer.json["active"] is True
    assert answer.json["token_type"] == "Bearer"
    assert {name: answer.json[name] for name in ("iss", "aud", "sub", "client_id", "exp", "sid")} == {
        name: claims[name] for name in ("iss", "aud", "sub", "client_id", "exp", "sid")
    }


def test_a_live_refresh_token_is_told_too(bench: Bench) -> None:
    token = bench.login()["refresh_token"]
    answer = ask(bench, token, token_type_hint="refresh_token")
    assert (answer.json["active"], answer.json["client_id"]) == (True, "web")
    assert answer.json["exp"] == 1_800_000_000 + bench.config.lifetimes.refresh_idle


@pytest.mark.parametrize(("client", "secret"), [("", ""), ("reports", "wrong"), ("web", ""), ("nobody", SECRET)])
def test_whoever_is_no_resource_server_is_told_nothing(bench: Bench, client: str, secret: str) -> None:
    answer = ask(bench, bench.login()["access_token"], client, secret)
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("path", ["/token", "/revoke", "/introspect"])
@pytest.mark.parametrize("sent", [b"//46eA==", b"cmVwb3J0czpcZmY", b"\xe9", b"cmVwb3J0czrDqQ==", b"", b"cmVwb3J0cw=="])
def test_a_credential_that_is_no_text_or_no_clients_authenticates_nobody(bench: Bench, path: str, sent: bytes) -> None:
    headers = {"Authorization": f"Basic {sent.decode('latin-1')}"}
    form = {"grant_type": "refresh_token", "refresh_token": "r", "token": "t", "client_id": "web"}
    answer = bench.issuer.app.test_client().post(path, data=form, headers=headers, base_url=bench.config.issuer)
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="issuer"'


def test_a_public_client_that_names_itself_may_not_ask(bench: Bench) -> None:
    answer = ask(bench, bench.login()["access_token"], "", client_id="web")
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def assert_inactive(answer: Any) -> None:
    assert (answer.status_code, answer.json) == (200, {"active": False})


def test_whatever_is_wrong_with_a_token_the_answer_is_the_same(bench: Bench) -> None:
    tokens = bench.login()
    claims = dict(bench.issuer.keys.read(tokens["access_token"]))
    signed = bench.issuer.keys.sign
    wrong = {
        "unknown": "no-token-of-ours",
        "other audience": signed({**claims, "aud": "another"}),
        "other issuer": signed({**claims, "iss": "https://another.example"}),
        "no end": signed({name: value for name, value in claims.items() if name != "exp"}),
        "no grant": signed({**claims, "sid": "no-such-grant"}),
        "altered": tokens["access_token"][:-1] + ("A" if tokens["access_token"][-1] != "A" else "B"),
        "not ASCII": "\u00fc.\u00fc.\u00fc",
    }
    for token in wrong.values():
        assert_inactive(ask(bench, token))


def test_a_token_is_inactive_once_it_expired_was_used_or_revoked(bench: Bench) -> None:
    used, revoked, old = bench.login(), bench.login(), bench.login()
    bench.refresh(used["refresh_token"])
    assert_inactive(ask(bench, used["refresh_token"]))
    bench.revoke(revoked["refresh_token"])
    assert_inactive(ask(bench, revoked["access_token"]))
    assert_inactive(ask(bench, revoked["refresh_token"]))
    bench.clock.advance(bench.config.lifetimes.access)
    assert_inactive(ask(bench, old["access_token"]))
    bench.clock.advance(bench.config.lifetimes.refresh_idle)
    assert_inactive(ask(bench, old["refresh_token"]))


def test_tokens_of_a_disabled_account_are_inactive_until_it_is_enabled(bench: Bench) -> None:
    tokens = bench.login()
    subject = bench.issuer.keys.read(tokens["access_token"])["sub"]
    for disabled in (True, False):
        bench.store.change(lambda state, to=disabled: bench.issuer.accounts.set_disabled(state, subject, to))
        for kind in ("access_token", "refresh_token"):
            assert ask(bench, tokens[kind]).json["active"] is not disabled


def test_asking_uses_nothing_up(bench: Bench) -> None:
    token = bench.login()["refresh_token"]
    assert ask(bench, token).json["active"] is True
    assert bench.refresh(token).status_code == 200


def test_a_request_without_a_token_is_malformed(bench: Bench) -> None:
    assert ask(bench, "").status_code == 400
    assert_inactive(ask(bench, "a", token_type_hint="of-another-kind"))


def test_the_metadata_name_it(bench: Bench) -> None:
    metadata = bench.issuer.metadata
    assert metadata["introspection_endpoint"] == f"{bench.config.issuer}/introspect"
    assert metadata["introspection_endpoint_auth_methods_supported"] == ["client_secret_basic"]


@pytest.mark.parametrize("crit", [5, ["exp"], [], None, "alg"])
def test_a_token_with_a_critical_header_is_none(bench: Bench, crit: object) -> None:
    _, payload, signature = bench.login()["access_token"].split(".")
    header = {"alg": "ES256", "typ": "at+jwt", "kid": bench.issuer.keys.kid, "crit": crit}
    forged = f"{base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b'=').decode()}.{payload}.{signature}"
    assert_inactive(ask(bench, forged))
    form = {"token": forged, "client_id": "web"}
    assert bench.post("/revoke", form).status_code == 200
    assert bench.post("/logout", {"id_token_hint": forged}).status_code < 500
