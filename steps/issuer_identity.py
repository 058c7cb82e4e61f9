"""Phrases about an issuer that is told by its requesters who it is."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from pytest_bdd import given, when

from harness.errors import NotOffered
from harness.ports import Issuer
from harness.probes.authorization import Grant
from harness.probes.http import Answer
from harness.probes.stage_address import Client
from harness.probes.stages import ask_for_metadata
from harness.scene import Scene
from steps.token import first_client, issuer

OTHER_HOST, OTHER_PORT, OTHER_PREFIX = "prod-issuer.example", "444", "/behind-another-prefix"


def headers_named(name: str, at: Issuer) -> dict[str, str]:
    """The headers that a row of the scenario names; each tells something else than what is so."""
    scheme = "http" if urlsplit(at.address.issuer).scheme == "https" else "https"
    alone = {
        "Host": OTHER_HOST,
        "X-Forwarded-Host": OTHER_HOST,
        "X-Forwarded-Server": OTHER_HOST,
        "X-Forwarded-Proto": scheme,
        "X-Forwarded-Port": OTHER_PORT,
        "X-Forwarded-Prefix": OTHER_PREFIX,
        "Forwarded": f"host={OTHER_HOST};proto={scheme}",
    }
    if name == "all of them":
        return alone
    if name == "all but Host":
        return {header: value for header, value in alone.items() if header != "Host"}
    return {name: alone[name]}


@given("a login that nobody disturbs", target_fixture="undisturbed")
def undisturbed_login(scene: Scene) -> Grant:
    at = issuer(scene)
    client, user = first_client(at), at.address.users["existing"]
    grant = at.log_in("a session", client, user)
    go_through(scene, at, grant, {}, "none")
    return grant


@when("the same is done by a requester who sends each of these headers with every request")
def inject(scene: Scene, undisturbed: Grant, datatable: list[list[str]]) -> None:
    at = issuer(scene)
    for (name,) in datatable[1:]:
        go_through(scene, at, undisturbed, headers_named(name, at), name)


def go_through(scene: Scene, at: Issuer, grant: Grant, headers: Mapping[str, str], injected: str) -> None:
    """Ask for metadata and keys, be refused, log in, redeem, refresh, use a token, all with these headers. Where the
    login or the redemption is refused, one without the headers gives what the next request needs. A browser sends no
    such headers: where users log in by one, the code request is made with them, and the login without."""
    other = at.with_headers(headers, injected=injected, configured=at.address.issuer)
    client, user = grant.client, at.address.users["existing"]
    ask_for_metadata(other)
    if at.metadata.get("jwks_uri"):
        other.new_agent().get("keys", at.metadata["jwks_uri"], role="jwks")
    other.authorize("a refused request", client, None, {"response_type": "of-no-kind"})
    code = other.authorize("a login", client, None if at.address.login.by == "browser" else user)
    if not code.code:
        code = at.authorize("a login without the headers", client, user)
    answer = other.redeem("a code exchange", code, client)
    observe_tokens(scene, other, answer, "a code exchange")
    if answer.status != 200:
        answer = at.redeem("a code exchange without the headers", code, client)
    token = str(answer.json().get("refresh_token", ""))
    if token:
        observe_tokens(scene, other, other.refresh("a refresh", token, client), "a refresh")
    use_tokens(scene, other, client, grant)


def observe_tokens(scene: Scene, at: Issuer, answer: Answer, case: str) -> None:
    """Look into the tokens of an answer; that none of them can be read is an absence."""
    tokens = {kind: str(answer.json().get(kind, "")) for kind in ("access_token", "id_token")}
    facts = [at.observe_token(case, token, kind) for kind, token in tokens.items() if token]
    with scene.where_offered():
        if facts and all(one.form == "opaque" for one in facts):
            raise NotOffered("readable token", "its tokens are opaque, so no issuer stands in them")


def use_tokens(scene: Scene, at: Issuer, client: Client, grant: Grant) -> None:
    """Present a good and a false access token to the API, and the good one to the issuer's userinfo endpoint."""
    false = f"{grant.access_token[:-4]}AAAA"
    with scene.where_offered():
        at.call_api("a call of the API", grant.access_token)
        at.call_api("a call of the API with a false token", false)
    if at.metadata.get("userinfo_endpoint"):
        headers = {"Authorization": f"Bearer {grant.access_token}"}
        at.new_agent().get("a call of userinfo", at.metadata["userinfo_endpoint"], headers=headers, role="userinfo")
