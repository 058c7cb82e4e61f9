"""Phrases about tokens that are bound to a key (RFC 9449)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_bdd import given, when

from harness.probes.bff import origin_of
from harness.probes.dpop import Holder
from harness.probes.http import Answer
from harness.probes.stage_address import Client
from harness.scene import Scene
from steps.effects import clock_of
from steps.presenting import Way, ways_of
from steps.rotation import public
from steps.token import issuer

OTHER_URL = "https://other.example/"


@dataclass
class Bound:
    """A session whose tokens are bound to its holder's key. A server that wants a nonce in proofs (RFC 9449 §8) gets
    the last one that it gave."""

    scene: Scene
    client: Client
    holder: Holder
    ways: tuple[Way, ...]
    access: str = field(default="", repr=False)
    refresh: str = field(default="", repr=False)
    nonces: dict[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.at = issuer(self.scene)
        self.agent = self.at.new_agent()

    @property
    def now(self) -> float:
        return clock_of(self.scene).now(self.scene.stage)

    def proof(self, method: str, url: str, holder: Holder | None = None, **changes: Any) -> str:
        nonce = {"nonce": self.nonces[origin_of(url)]} if origin_of(url) in self.nonces else {}
        made = (holder or self.holder).proof(method, url, self.now, **{**nonce, **changes})
        self.scene.recorder.redactor.register(made, "dpop_proof")
        return made

    def good_proof(self, way: Way, **changes: Any) -> str:
        return self.proof(way.method, way.url, **{"access_token": self.access, **changes})

    def ask(self, case: str, way: Way, proof: str, scheme: str = "DPoP", **about: str) -> Answer:
        """Present the access token with this proof."""
        headers = {"Authorization": f"{scheme} {self.access}", **({"DPoP": proof} if proof else {})}
        told: dict[str, Any] = {"role": "api", "way": way.name, "client": self.client.client_id, **about}
        answer = self.agent.send(case, way.method, way.url, json=way.body, headers=headers, **told)
        self._learn(way.url, answer)
        return answer

    def token_request(self, case: str, form: Mapping[str, str], proof: str, **about: str) -> Answer:
        """A token request with this proof."""
        told = {"client": self.client.client_id, **about}
        proving = self.at.with_headers({"DPoP": proof}) if proof else self.at
        answer = proving.token_request(case, form, self.client, about=told)
        self._learn(self.at.metadata["token_endpoint"], answer)
        return answer

    def refreshed(self, case: str, proof: str, **about: str) -> Answer:
        form = {"grant_type": "refresh_token", "refresh_token": self.refresh}
        answer = self.token_request(case, form, proof, **about)
        told = answer.json()
        if answer.status == 200:
            self.access, self.refresh = str(told.get("access_token", "")), str(told.get("refresh_token", self.refresh))
        return answer

    def _learn(self, url: str, answer: Answer) -> None:
        if nonce := answer.headers.get("DPoP-Nonce"):
            self.nonces[origin_of(url)] = nonce


@given("a user's session at each public client, with tokens bound to a key", target_fixture="sessions")
def bound_sessions(scene: Scene) -> list[Bound]:
    """Raises NotOffered where the metadata do not offer it."""
    at = issuer(scene)
    at.discover("metadata")
    if not at.metadata.get("dpop_signing_alg_values_supported"):
        raise at.address.not_offered("dpop", "not advertised: the metadata name no dpop_signing_alg_values_supported")
    return [open_session(scene, client) for client in public(scene)]


def open_session(scene: Scene, client: Client) -> Bound:
    at = issuer(scene)
    bound = Bound(scene, client, Holder(), ways_of(at))
    code = at.with_code("a login", at.authorize("a login", client, at.address.users["existing"]))
    form = {
        "grant_type": "authorization_code",
        "code": code.code,
        "redirect_uri": code.request["redirect_uri"],
        "code_verifier": code.verifier,
    }
    endpoint, key = at.metadata["token_endpoint"], bound.holder.thumbprint
    answer = bound.token_request("a bound login", form, bound.proof("POST", endpoint), key=key)
    if answer.json().get("error") == "use_dpop_nonce":
        answer = bound.token_request("a bound login", form, bound.proof("POST", endpoint), key=key)
    tokens = at.tokens_of("a bound login", answer)
    bound.access, bound.refresh = tokens["access_token"], tokens.get("refresh_token", "")
    at.observe_token("a bound login", bound.access, "access_token")
    return bound


@when("each access token is used with a proof, and with these instead of it, at every route that takes one")
def use_with_proofs(sessions: list[Bound], datatable: list[list[str]]) -> None:
    """The first session everywhere; of the others one place is enough."""
    for number, bound in enumerate(sessions):
        for way in bound.ways if number == 0 else bound.ways[:1]:
            bound.ask("a trial", way, bound.good_proof(way))  # whose answer may bring a nonce
            good = bound.good_proof(way)
            bound.ask("with its proof", way, good)
            for (name,) in datatable[1:]:
                scheme = "Bearer" if "bearer" in name else "DPoP"
                proof = good if name == "the same proof again" else API[name](bound, way)
                bound.ask("with something else", way, proof, scheme, instead=name)
            bound.ask("with its proof, afterwards", way, bound.good_proof(way))


API: Mapping[str, Callable[[Bound, Way], str]] = {
    "no proof": lambda b, way: "",
    "as a bearer token": lambda b, way: "",
    "as a bearer token with its proof": lambda b, way: b.good_proof(way),
    "a proof of another key": lambda b, way: b.good_proof(way, holder=Holder()),
    "a proof for another method": lambda b, way: b.good_proof(way, htm="PUT"),
    "a proof for another URL": lambda b, way: b.good_proof(way, htu=OTHER_URL),
    "a proof for another token": lambda b, way: b.good_proof(way, access_token="another"),
    "a proof for no token": lambda b, way: b.good_proof(way, access_token=""),
    "a proof of an hour ago": lambda b, way: b.good_proof(way, iat=int(b.now) - 3600),
    "a proof from tomorrow": lambda b, way: b.good_proof(way, iat=int(b.now) + 86_400),
    "a proof without a time": lambda b, way: b.good_proof(way, iat=None),
    "a proof without an id": lambda b, way: b.good_proof(way, jti=None),
    "a token of another type": lambda b, way: b.good_proof(way, header={"typ": "JWT"}),
    "a proof signed by another key": lambda b, way: b.good_proof(way, holder=Holder(), header={"jwk": b.holder.jwk}),
}


@when("its refresh token is used with a proof, and with these instead of it")
def refresh_with_proofs(sessions: list[Bound], datatable: list[list[str]]) -> None:
    for bound in sessions:
        endpoint = bound.at.metadata["token_endpoint"]
        good = bound.proof("POST", endpoint)
        bound.refreshed("a refresh with its proof", good)
        for (name,) in datatable[1:]:
            proof = good if name == "the same proof again" else TOKEN[name](bound, endpoint)
            bound.refreshed("a refresh with something else", proof, instead=name)
        bound.refreshed("a refresh with its proof, afterwards", bound.proof("POST", endpoint))


TOKEN: Mapping[str, Callable[[Bound, str], str]] = {
    "no proof": lambda b, url: "",
    "a proof of another key": lambda b, url: b.proof("POST", url, Holder()),
    "a proof for another method": lambda b, url: b.proof("GET", url),
    "a proof for another URL": lambda b, url: b.proof("POST", OTHER_URL),
    "a proof of an hour ago": lambda b, url: b.proof("POST", url, iat=int(b.now) - 3600),
    "a proof signed by another key": lambda b, url: b.proof("POST", url, Holder(), header={"jwk": b.holder.jwk}),
}
