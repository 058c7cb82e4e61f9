"""Phrases about what codes and refresh tokens are bound to, and about ways to tokens that must not be there."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from dataclasses import replace

from pytest_bdd import when

from harness.ports import Issuer
from harness.probes.authorization import Authorization
from harness.probes.http import Answer
from harness.probes.stage_address import Client
from harness.probes.stages import ask_for_metadata
from harness.scene import Scene
from steps.token import issuer

UNRESERVED = string.ascii_letters + string.digits + "-._~"  # of which verifiers are made: RFC 7636 §4.1
UNKNOWN = "registered-nowhere"
LONGER = "-internal"  # what further clients of one product are called
EMPTY = "with an empty client id"
UNKNOWN_GRANT = "urn:example:params:oauth:grant-type:unknown"
UNKNOWN_SCOPE = "everything-there-is"
NO_CHALLENGE: Mapping[str, str | None] = {"code_challenge": None, "code_challenge_method": None}

Changes = Mapping[str, str | None]


def flip_one_bit(verifier: str) -> str:
    """The verifier with one bit changed, in a way that leaves it well-formed: what is compared must be its value."""
    return next(
        f"{verifier[:place]}{other}{verifier[place + 1 :]}"
        for place, letter in enumerate(verifier)
        for bit in range(7)
        if (other := chr(ord(letter) ^ 1 << bit)) in UNRESERVED
    )


def unknown(client: Client) -> Client:
    """A client that is registered nowhere, else like this one."""
    return replace(client, client_id=UNKNOWN, secret="", authentication="none")


def another(at: Issuer, client: Client) -> Client:
    """Another client of the stage; one that is registered nowhere where there is none."""
    others = (one for one in at.address.clients.values() if one.client_id != client.client_id)
    return next(others, unknown(client))


def known(at: Issuer, caller: Client | None) -> str:
    """Whether a client is known to the issuer, for `about`. Clients are told apart by their id alone."""
    ids = {client.client_id for client in at.address.clients.values()}
    return "registered" if caller is not None and caller.client_id in ids else "unknown"


def verifier_of_parallel_login(at: Issuer, client: Client, code: Authorization) -> Changes:
    """The verifier of another login at the same client, begun while the code is still to be redeemed."""
    return {"code_verifier": at.authorize("a parallel login", client, None).verifier}


MISTAKES: Mapping[str, Callable[[Issuer, Client, Authorization], Changes]] = {
    "no verifier": lambda at, client, code: {"code_verifier": None},
    "an empty verifier": lambda at, client, code: {"code_verifier": ""},
    "a verifier with one bit changed": lambda at, client, code: {"code_verifier": flip_one_bit(code.verifier)},
    "the verifier of a parallel login": verifier_of_parallel_login,
    "the challenge as verifier": lambda at, client, code: {"code_verifier": code.request["code_challenge"]},
    "by another client": lambda at, client, code: {},
    "another registered redirect URI": lambda at, client, code: {"redirect_uri": client.other_redirect_uris[0]},
    "no redirect URI": lambda at, client, code: {"redirect_uri": None},
    "an empty redirect URI": lambda at, client, code: {"redirect_uri": ""},
}


@when("codes of each client are redeemed with these mistakes, and each code then once more as it should be")
def redeem_with_mistakes(scene: Scene, clients: list[Client], datatable: list[list[str]]) -> None:
    at, user = issuer(scene), issuer(scene).address.users["existing"]
    for client in clients:
        about = {"client": client.client_id, "redirect_uris": str(1 + len(client.other_redirect_uris))}
        code = at.authorize("a flawless redemption: the code", client, user)
        at.redeem("a flawless redemption", code, client, about=about)
        for (mistake,) in datatable[1:]:
            if client.other_redirect_uris or mistake != "another registered redirect URI":
                redeem_with_mistake(at, client, mistake)


def redeem_with_mistake(at: Issuer, client: Client, mistake: str) -> None:
    """Redeem a fresh code with one mistake, then without."""
    code = at.authorize(f"{mistake}: the code", client, at.address.users["existing"])
    caller = another(at, client) if mistake == "by another client" else client
    about = {"client": client.client_id, "mistake": mistake}
    changes, by = MISTAKES[mistake](at, client, code), known(at, caller)
    at.redeem("a redemption with a mistake", code, caller, changes=changes, about={**about, "by": by})
    at.redeem("the same code without the mistake", code, client, about=about)


@when("each client asks for a code without a challenge, and redeems it with a verifier wherever it is given one")
def redeem_without_challenge(scene: Scene, clients: list[Client]) -> None:
    at = issuer(scene)
    for client in clients:
        about = {"client": client.client_id, "mistake": "a verifier without a challenge"}
        user = at.address.users["existing"]
        code = at.authorize("a code without a challenge", client, user, NO_CHALLENGE, about=about)
        if code.code:
            at.redeem("a redemption with a mistake", code, client, about={**about, "by": known(at, client)})
            without = {"code_verifier": None}
            at.redeem("the same code without the mistake", code, client, changes=without, about=about)


@when("each client asks for these response types, and logs in wherever it is let")
def ask_for_response_types(scene: Scene, clients: list[Client], datatable: list[list[str]]) -> None:
    at = issuer(scene)
    user, scope = at.address.users["existing"], at.address.scope
    supported = at.metadata.get("scopes_supported") or ()
    if "openid" in supported and "openid" not in scope.split():  # without it an id_token is refused for that reason
        scope = f"openid {scope}".strip()
    for client in clients:
        with scene.where_offered():
            at.authorize("a request for a code", client, user, about={"client": client.client_id})
            for (response_type,) in datatable[1:]:
                changes = {"response_type": response_type, "nonce": "n-0S6_WzA2Mj", "scope": scope or None}
                about = {"client": client.client_id, "response_type": response_type}
                at.authorize("a request for tokens", client, user, changes, about=about)


@when("each client asks for tokens by the user's password, and by a grant type that nobody knows")
def ask_by_other_grants(scene: Scene, clients: list[Client]) -> None:
    at = issuer(scene)
    user = at.address.users["existing"]
    password = {"grant_type": "password", "username": user.name, "password": user.password}
    for client in clients:
        with scene.where_offered():
            about = {"client": client.client_id}
            at.token_request("the password grant", password, client, about=about)
            at.token_request("an unknown grant", {"grant_type": UNKNOWN_GRANT}, client, about=about)


@when("the issuer is asked for its metadata")
def ask_issuer_for_metadata(scene: Scene) -> None:
    ask_for_metadata(issuer(scene))


@when("refresh tokens, each of a session of its own, are presented like this, and then by their client as it should be")
def present_refresh_tokens(scene: Scene, clients: list[Client], datatable: list[list[str]]) -> None:
    for client in clients:
        for (presented,) in datatable[1:]:
            with scene.where_offered():
                present_refresh_token(issuer(scene), client, presented)


def present_refresh_token(at: Issuer, client: Client, presented: str) -> None:
    """Open a session and present its refresh token in this way; then let its client refresh. Raises NotOffered where
    the client is given no refresh token."""
    about = {"client": client.client_id, "presented": presented}
    code = at.with_code("a session", at.authorize("a session", client, at.address.users["existing"], about=about))
    opened = at.redeem("a session", code, client, about=about)
    tokens = at.tokens_of("a session", opened)
    token = tokens.get("refresh_token", "")
    if not token:
        raise at.address.not_offered("refresh token", f"{client.client_id} is given none")
    at.observe_token("a session", tokens["access_token"], "access_token")
    if presented == "with a wider scope":
        granted = str(opened.json().get("scope") or code.request.get("scope", ""))
        token = widen(at, token, client, granted, about) or token
    elif presented == "by another client, just rotated":
        rotated = at.refresh("a rotation", token, client, about=about).json()
        present(at, token, client, presented, about)
        token = str(rotated.get("refresh_token") or token)
    else:
        present(at, token, client, presented, about)
    at.refresh("a refresh by the client afterwards", token, client, about=about)


def present(at: Issuer, token: str, client: Client, presented: str, about: Mapping[str, str]) -> Answer:
    """Present a refresh token as somebody else."""
    other = another(at, client)
    callers = {
        "by another client": other,
        "by nobody": None,
        EMPTY: None,
        "by an unknown client": unknown(client),
        "by one whose id begins with its": replace(unknown(client), client_id=f"{client.client_id}{LONGER}"),
        "by another client, just rotated": other,
    }
    caller = callers[presented]
    form = {"grant_type": "refresh_token", "refresh_token": token, **({"client_id": ""} if presented == EMPTY else {})}
    return at.token_request("a refresh token presented", form, caller, about={**about, "by": known(at, caller)})


def widen(at: Issuer, token: str, client: Client, granted: str, about: Mapping[str, str]) -> str:
    """Refresh with a wider scope than was granted; what refresh token came of it, if any."""
    supported = at.metadata.get("scopes_supported") or ()
    wider = next((scope for scope in supported if scope not in granted.split()), UNKNOWN_SCOPE)
    changes = {"scope": f"{granted} {wider}".strip()}
    answer = at.refresh("a wider scope", token, client, changes=changes, about={**about, "wider": wider})
    access = str(answer.json().get("access_token", ""))
    if access:
        at.observe_token("a wider scope", access, "access_token")
    return str(answer.json().get("refresh_token", ""))
