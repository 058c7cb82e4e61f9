from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from reference_impl.oauth_client import (
    AuthorizationDenied,
    CallbackRefused,
    GrantRefused,
    IssuerUnavailable,
    OAuthClient,
    Tokens,
)
from tests.reference_impl.web.fake_issuer import FakeIssuer

CALLBACK, ISSUER = "https://app.dev.localhost/callback", "https://auth.dev.localhost"


def query_of(url: str) -> str:
    return urlsplit(url).query


def test_a_code_is_redeemed_with_the_verifier_of_its_flow(oauth: OAuthClient, issuer: FakeIssuer) -> None:
    flow = oauth.begin(CALLBACK)
    tokens = oauth.redeem(flow, issuer.approve(flow.authorize_url))
    assert tokens.refresh_token == issuer.newest
    assert tokens.access_token in issuer.access


def test_each_flow_has_its_own_state_and_an_s256_challenge(oauth: OAuthClient) -> None:
    asked = [parse_qs(query_of(oauth.begin(CALLBACK).authorize_url)) for _ in range(2)]
    assert asked[0]["state"] != asked[1]["state"]
    assert asked[0]["code_challenge"] != asked[1]["code_challenge"]
    assert asked[0]["code_challenge_method"] == ["S256"]
    assert set(asked[0]) == {
        "response_type", "client_id", "redirect_uri", "state", "code_challenge", "code_challenge_method"
    }  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [{"state": "another"}, {"state": None}, {"iss": "https://evil.localhost"}, {"iss": None}, {"code": None}],
    ids=["foreign state", "no state", "foreign issuer", "no issuer", "neither code nor error"],
)
def test_an_answer_that_does_not_belong_to_the_flow_is_refused_and_nothing_is_sent(
    oauth: OAuthClient, issuer: FakeIssuer, changes: dict[str, str | None]
) -> None:
    flow = oauth.begin(CALLBACK)
    with pytest.raises(CallbackRefused):
        oauth.redeem(flow, issuer.approve(flow.authorize_url, **changes))
    assert issuer.newest is None


def test_an_answer_at_another_redirect_uri_is_refused(oauth: OAuthClient, issuer: FakeIssuer) -> None:
    flow = oauth.begin(CALLBACK)
    query = query_of(issuer.approve(flow.authorize_url))
    with pytest.raises(CallbackRefused, match="another redirect URI"):
        oauth.redeem(flow, f"{CALLBACK}/staging?{query}")
    assert issuer.newest is None


def test_an_issuer_is_compared_as_it_is_written(oauth: OAuthClient, issuer: FakeIssuer) -> None:
    for named in (f"{ISSUER}/", ISSUER.upper(), ISSUER.replace("https", "HTTPS"), f"{ISSUER}:443", ""):
        flow = oauth.begin(CALLBACK)
        with pytest.raises(CallbackRefused, match="does not name the issuer"):
            oauth.redeem(flow, issuer.approve(flow.authorize_url, iss=named))
    assert issuer.newest is None


def test_an_error_that_names_no_issuer_is_no_denial(oauth: OAuthClient, issuer: FakeIssuer) -> None:
    flow = oauth.begin(CALLBACK)
    with pytest.raises(CallbackRefused):
        oauth.redeem(flow, issuer.approve(flow.authorize_url, code=None, error="access_denied", iss=None))


def test_a_flow_is_redeemed_at_the_issuer_that_it_began_at(oauth: OAuthClient, issuer: FakeIssuer) -> None:
    flow = oauth.begin(CALLBACK)
    other = replace(flow, issuer="https://auth.staging.localhost")
    with pytest.raises(CallbackRefused):
        oauth.redeem(other, issuer.approve(flow.authorize_url))


def test_an_answer_that_repeats_a_parameter_is_refused(oauth: OAuthClient, issuer: FakeIssuer) -> None:
    flow = oauth.begin(CALLBACK)
    with pytest.raises(CallbackRefused):
        oauth.redeem(flow, issuer.approve(flow.authorize_url) + "&code=another")


def test_an_error_of_the_issuer_is_a_denial(oauth: OAuthClient, issuer: FakeIssuer) -> None:
    flow = oauth.begin(CALLBACK)
    with pytest.raises(AuthorizationDenied) as denied:
        oauth.redeem(flow, issuer.approve(flow.authorize_url, code=None, error="access_denied"))
    assert denied.value.error == "access_denied"


def test_a_refused_refresh_token_is_told_from_an_issuer_that_fails(oauth: OAuthClient, issuer: FakeIssuer) -> None:
    with pytest.raises(GrantRefused, match="invalid_grant"):
        oauth.refresh("unknown")
    issuer.override["/token"] = (503, {"error": "temporarily_unavailable"})
    with pytest.raises(IssuerUnavailable):
        oauth.refresh("unknown")


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"access_token": "a"},
        {"access_token": "a", "refresh_token": "r", "token_type": "mac", "expires_in": 1},
        {"access_token": "", "refresh_token": "r", "token_type": "Bearer", "expires_in": 1},
        {"access_token": "a", "refresh_token": 1, "token_type": "Bearer", "expires_in": 1},
        {"access_token": "a", "refresh_token": "r", "token_type": "Bearer", "expires_in": "soon"},
    ],
)
def test_a_token_answer_that_lacks_something_is_not_used(oauth: OAuthClient, issuer: FakeIssuer, body: object) -> None:
    issuer.override["/token"] = (200, body)
    with pytest.raises(IssuerUnavailable):
        oauth.refresh("any")


def test_metadata_of_another_issuer_is_not_used(oauth: OAuthClient, issuer: FakeIssuer) -> None:
    metadata = {"issuer": "https://evil.localhost", "authorization_endpoint": f"{issuer.url}/authorize"}
    issuer.override["/.well-known/oauth-authorization-server"] = (200, metadata)
    with pytest.raises(IssuerUnavailable):
        oauth.begin(CALLBACK)


def test_tokens_and_flows_do_not_show_in_their_repr(oauth: OAuthClient) -> None:
    flow = oauth.begin(CALLBACK)
    assert flow.state not in repr(flow)
    assert flow.verifier not in repr(flow)
    assert "secret" not in repr(Tokens("secret", "secret", 1.0))
