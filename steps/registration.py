"""Phrases about what is registered at one stage and not at another: redirect URIs, clients, audiences."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from urllib.parse import urlsplit

from pytest_bdd import when

from harness.errors import NotOffered
from harness.ports import Issuer
from harness.probes.login import User
from harness.probes.stage_address import Client
from harness.scene import Scene
from steps.token import first_client

UNENCRYPTED = {
    "localhost": "http://localhost:3000/callback",
    "a loopback address": "http://127.0.0.1:3000/callback",
}


@when("each stage is asked for a code by its own clients, rightly")
def ask_rightly(issuers: dict[str, Issuer]) -> None:
    for at in issuers.values():
        for client in known(at):
            at.authorize("own registration", client, None, about={"client": client.client_id})


@when("it is asked with each redirect URI and each client that is registered at another stage")
def ask_with_what_is_registered_elsewhere(scene: Scene, issuers: dict[str, Issuer]) -> None:
    for absence in what_no_stage_has_alone(list(issuers.values())):
        with scene.where_offered():
            raise absence
    for at, other in permutations(issuers.values(), 2):
        for client in known(at):
            for uri in foreign_uris(at, other, client):
                about = {"client": client.client_id, "origin": other.stage, "uri": uri}
                at.authorize("foreign redirect URI", client, user_of(at), {"redirect_uri": uri}, about=about)
        own = {client.client_id for client in known(at)}
        for client in known(other):
            if client.client_id not in own:
                about = {"client": client.client_id, "origin": other.stage}
                at.authorize("foreign client", client, user_of(at), about=about)


@when("it is asked with redirect URIs on which an answer would travel unencrypted")
def ask_unencrypted(issuers: dict[str, Issuer]) -> None:
    for at in issuers.values():
        for client in known(at):
            for form, uri in unencrypted(at, client).items():
                about = {"client": client.client_id, "shape": form, "native": "yes" if client.native else "no"}
                at.authorize("unencrypted redirect URI", client, user_of(at), {"redirect_uri": uri}, about=about)


@when("a code of each stage is redeemed for the API of each other stage")
def redeem_for_other_apis(scene: Scene, issuers: dict[str, Issuer]) -> None:
    with scene.where_offered():
        audiences = {stage: targets(at) for stage, at in issuers.items()}
        for at, other in permutations(issuers.values(), 2):
            client, user = first_client(at), user_of(at)
            for name, target in audiences[other.stage].items():
                code = at.authorize("a code to redeem", client, user)
                case = f"a token for {other.stage}, by {name}"
                answer = at.redeem(case, code, client, changes={name: target}, about={"target": target})
                if isinstance(given := answer.json().get("access_token"), str):
                    at.observe_token(case, given, "access_token")


def user_of(at: Issuer) -> User:
    """Who logs in where an issuer looks at the redirect URI only then."""
    return at.address.users["existing"]


def known(at: Issuer) -> tuple[Client, ...]:
    """All clients that are registered at the stage, as far as it is known."""
    return (*at.address.clients.values(), *at.address.further_clients)


def foreign_uris(at: Issuer, other: Issuer, client: Client) -> Iterator[str]:
    """Redirect URIs that the other stage has registered for a client of this kind, and this stage has not."""
    own = registered(client)
    for theirs in known(other):
        if theirs.native == client.native:
            yield from (uri for uri in registered(theirs) if uri not in own)


def what_no_stage_has_alone(issuers: list[Issuer]) -> Iterator[NotOffered]:
    """The pairs of stages that register the same redirect URIs, for then there is none to ask with; and that nothing
    at all is registered at one stage alone. The registrations are the description's, so it declares this."""
    pairs = list(permutations(issuers, 2))
    alike = [(a, b) for a, b in pairs if not any(True for client in known(a) for _ in foreign_uris(a, b, client))]
    ids = {frozenset(client.client_id for client in known(at)) for at in issuers}
    if alike == pairs and len(ids) == 1:
        told = "all stages register the same clients and redirect URIs"
        yield NotOffered("registration of one stage alone", told, declared=True)
    for at, other in alike:
        told = f"{at.stage} registers every redirect URI of {other.stage}"
        yield NotOffered(f"redirect URI of {other.stage} that is foreign to {at.stage}", told, declared=True)


def registered(client: Client) -> tuple[str, ...]:
    return (client.redirect_uri, *client.other_redirect_uris)


def unencrypted(at: Issuer, client: Client) -> dict[str, str]:
    """http redirect URIs that no client of this kind may have. What is registered all the same is left out, and so is
    the loopback address of a native client (RFC 8252 §7.3)."""
    own = urlsplit(client.redirect_uri)
    forms = {**UNENCRYPTED, "the registered one without TLS": own._replace(scheme="http").geturl()}
    if client.native:
        forms = {"localhost": own._replace(scheme="http", netloc="localhost:49152").geturl()}
        forms["another host"] = own._replace(scheme="http", netloc=urlsplit(at.address.issuer).netloc).geturl()
    return {form: uri for form, uri in forms.items() if uri not in registered(client)}


def targets(at: Issuer) -> dict[str, str]:
    """By what parameters a token for this stage's API is asked for (RFC 8707 §2, RFC 8693 §2.1). Raises NotOffered."""
    if not at.address.api:
        raise at.address.not_offered("api", f"no API of {at.stage} is described")
    grant = at.log_in("a login at home", first_client(at), user_of(at))
    token = at.observe_token("a login at home", grant.access_token, "access_token")
    if token.form != "jwt":
        raise at.address.not_offered("jwt access token", "its access tokens are no JWTs, and do not say for whom")
    audience = token.claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    asked = {"resource": at.address.api, "audience": named[0] if named else None}
    return {name: target for name, target in asked.items() if isinstance(target, str)}
