"""Phrases about access tokens that the issuer's own key signs, and in which one thing is not as it should be."""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_bdd import given, when

from harness.ports import Clock, SigningKey
from harness.probes.forgery import Token, compact
from harness.scene import Scene
from steps.effects import clock_of
from steps.presenting import Presenter, jwt_of, presenter
from steps.token import issuer

TERM = re.compile(r"([+-])\s*([\w.]+)")
FIVE_MINUTES = 300.0  # seconds


@dataclass
class Mint:
    """A user's session at an API, and the key by which its tokens are signed."""

    scene: Scene
    presenter: Presenter
    token: Token
    key: SigningKey = field(repr=False)

    @property
    def clock(self) -> Clock:
        return clock_of(self.scene)

    def present(
        self, case: str, claims: Mapping[str, Any], header: Mapping[str, Any] | None = None, **about: str
    ) -> None:
        """Present a token of the issuer's with these claims and this header, at the first place that takes one."""
        token = self.signed(claims, header)
        told = {**about, "sent": f"{self.clock.now(self.scene.stage):.3f}"}
        self.presenter.forged(case, token, self.presenter.first, **told)

    def signed(self, claims: Mapping[str, Any], header: Mapping[str, Any] | None = None) -> str:
        """A token of the issuer's with these claims and this header; None removes a member."""
        head, body = (
            {name: value for name, value in members.items() if value is not None}
            for members in ({**self.token.header, **(header or {})}, claims)
        )
        return compact(head, body, lambda signed: self.key.sign(self.scene.stage, signed))

    @property
    def lifetime(self) -> float:
        """Seconds that tokens of this issuer live."""
        return float(self.token.claims["exp"] - self.token.claims["iat"])

    def claims(self, **changes: Any) -> dict[str, Any]:
        """The claims of a token that is made now, with changes."""
        now = math.floor(self.clock.now(self.scene.stage))
        return {**self.token.claims, "iat": now, "exp": now + round(self.lifetime), **changes}


@given("a user's access token, and the key that signed it", target_fixture="mint")
def a_mint(scene: Scene) -> Mint:
    """Raises NotOffered where the target has no API, opaque tokens, or keeps its key to itself."""
    victim = presenter(scene)
    key = scene.port("signing key", lambda recorder: scene.target.signing_key())
    key.sign(scene.stage, b"a trial")
    return Mint(scene, victim, jwt_of(victim), key)


@when("the API is sent tokens with these times")
def send_times(scene: Scene, mint: Mint, datatable: list[list[str]]) -> None:
    mint.presenter.present("the token as it is", mint.presenter.grant.access_token, mint.presenter.first)
    for time, claim, value in datatable[1:]:
        mint.present("a token with times", claims_with(scene, mint, claim, value), time=time)
    mint.presenter.present("the token as it is, afterwards", mint.presenter.grant.access_token, mint.presenter.first)


def claims_with(scene: Scene, mint: Mint, claim: str, value: str) -> dict[str, Any]:
    """The claims with one time changed. A token that ends in the past was made before that."""
    if claim == "all":
        return {n: v + seconds_of(scene, mint, value) if n in ("iat", "exp") else v for n, v in mint.claims().items()}
    claims = mint.claims()
    if value in ("absent", "as text", "in milliseconds"):
        own = claims[claim]
        return {**claims, claim: {"absent": None, "as text": str(own), "in milliseconds": own * 1000}[value]}
    moment = claims["iat"] + seconds_of(scene, mint, value)
    made = {"iat": min(claims["iat"], moment - round(mint.lifetime))} if claim == "exp" else {}
    return {**claims, **made, claim: moment}


def seconds_of(scene: Scene, mint: Mint, value: str) -> int | float:
    """Seconds from now, as in `now - leeway - 2`: a whole number unless a fraction is asked for (RFC 7519 §2)."""
    named = {"leeway": scene.parameter("leeway"), "lifetime": scene.parameter("access_token_lifetime")}
    terms = [(sign, named.get(term) or float(term)) for sign, term in TERM.findall(value)]
    seconds = sum(amount if sign == "+" else -amount for sign, amount in terms)
    return seconds if "." in value else round(seconds)


@when("the API is sent tokens for these audiences")
def send_audiences(mint: Mint, datatable: list[list[str]]) -> None:
    own = own_audience(mint)
    for (name,) in datatable[1:]:
        mint.present("a token for an audience", mint.claims(aud=AUDIENCES[name](own)), audience=name)


def own_audience(mint: Mint) -> str:
    """The API's identifier, as documented. Raises NotOffered where it is not."""
    address = mint.presenter.at.address
    if not address.audience:
        raise address.not_offered("audience", "no identifier of its API is described")
    return address.audience


AUDIENCES: Mapping[str, Any] = {
    "its own": lambda own: own,
    "a list with its own": lambda own: ["https://other.example", own],
    "a list without its own": lambda own: ["https://other.example", "another"],
    "another API": lambda own: "https://other.example",
    "a client": lambda own: "web",
    "its own with something after it": lambda own: f"{own}-evil",
    "its own with something before it": lambda own: f"x{own}",
    "its own without the last letter": lambda own: own[:-1],
    "its own in other letters": lambda own: own.swapcase(),
    "its own with a slash": lambda own: f"{own}/",
    "a text with its own in it": lambda own: f"another {own}",
    "none": lambda own: None,
    "an empty list": lambda own: [],
    "a list of lists": lambda own: [[own]],
    "a number": lambda own: 1,
}


@when("each client logs in, and its access tokens are read")
def read_tokens_of_clients(scene: Scene) -> None:
    """Also those that a refresh brings."""
    at = issuer(scene)
    for client in at.address.clients.values():
        about = {"client": client.client_id, "own": at.address.audience}
        code = at.with_code("a login", at.authorize("a login", client, at.address.users["existing"]))
        answer = at.redeem("a token of a client", code, client, about={**about, "moment": "login"})
        tokens = at.tokens_of("a token of a client", answer)
        at.observe_token("a token of a client", tokens["access_token"], "access_token")
        if "refresh_token" in tokens:
            told = {**about, "moment": "refresh"}
            renewed = at.refresh("a token of a client", tokens["refresh_token"], client, about=told)
            at.observe_token("a token of a client", at.tokens_of("a refresh", renewed)["access_token"], "access_token")


@given("a user's session, with all the tokens of its login", target_fixture="victim")
def a_session(scene: Scene) -> Presenter:
    return presenter(scene)


@when("each of these tokens is presented to the API")
def present_kinds(scene: Scene, victim: Presenter) -> None:
    victim.present("the token as it is", victim.grant.access_token)
    for kind, token in tokens_of_logins(victim).items():
        if kind != "access_token":
            victim.present("another token of the login", token, kind=kind)


def tokens_of_logins(victim: Presenter) -> dict[str, str]:
    """What the session was given, and an ID token where the issuer has some."""
    at, client = victim.at, victim.grant.client
    found = at.tokens_of("the session", victim.grant.answer)
    if "id_token" in found or "openid" not in (at.metadata.get("scopes_supported") or ()):
        return found
    changes = {"scope": f"openid {at.address.scope}".strip(), "nonce": secrets.token_urlsafe(16)}
    code = at.authorize("a login with an ID token", client, at.address.users["existing"], changes)
    answer = at.redeem("a login with an ID token", at.with_code("a login with an ID token", code), client)
    return {**at.tokens_of("a login with an ID token", answer), **found}


@when("the issuer's own key signs the same claims as tokens of these types, and they are presented")
def present_types(scene: Scene, victim: Presenter, datatable: list[list[str]]) -> None:
    with scene.where_offered():
        key = scene.port("signing key", lambda recorder: scene.target.signing_key())
        mint = Mint(scene, victim, jwt_of(victim), key)
        for (name,) in datatable[1:]:
            header = {"typ": None if name == "none" else name}
            mint.present("a token of a type", mint.claims(), header, typ=name)
    victim.present("the token as it is, afterwards", victim.grant.access_token)
