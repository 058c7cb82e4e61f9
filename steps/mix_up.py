"""Phrases about whose answer an authorization response is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

from pytest_bdd import given, parsers, when

from harness.ports import RelyingParty
from harness.probes.stage_address import Client
from harness.scene import Scene
from steps.token import issuer

# What an authorization server answers with an error, and brings to the client (RFC 6749 §4.1.2.1).
MISTAKES: Mapping[str, Mapping[str, str | None]] = {
    "an unsupported response type": {"response_type": "nothing-that-exists"},
    "no response type": {"response_type": None},
    "no challenge": {"code_challenge": None, "code_challenge_method": None},
    "a scope that does not exist": {"scope": "nothing-that-exists"},
    "no page may be shown": {"prompt": "none"},
}
OTHER = {"honest": "attacker", "attacker": "honest"}


@dataclass(frozen=True)
class SignIn:
    """A sign-in that the client began, and the answer that its issuer gives."""

    request: Mapping[str, str] = field(repr=False)
    answer: Mapping[str, str] = field(repr=False)

    @property
    def redirect_uri(self) -> str:
        return self.request["redirect_uri"]


@when("each client has a user log in, and has requests refused in several ways")
def answers_of_the_issuer(scene: Scene, clients: list[Client]) -> None:
    at = issuer(scene)
    for client in clients:
        about, user = {"client": client.client_id}, at.address.users["existing"]
        with scene.where_offered():
            at.authorize("a login", client, user, about=about)
        for mistake, changes in MISTAKES.items():
            with scene.where_offered():
                at.authorize("an error", client, None, changes, about={**about, "mistake": mistake})
        with scene.where_offered():
            at.authorize("an error", client, user, deny=True, about={**about, "mistake": "the user declines"})


@given(
    parsers.re(r"a (?P<client>web|desktop) client that knows an honest issuer and an attacker's"),
    target_fixture="party",
)
def a_relying_party(scene: Scene, client: str) -> RelyingParty:
    party = scene.port("relying party", lambda recorder: scene.target.relying_party(client, scene.stage, recorder))
    party.identifiers()  # where the target has no such client, nothing else needs to be tried
    return party


@when("each issuer's own answer comes to where the client awaits it")
def right_answers(scene: Scene, party: RelyingParty) -> None:
    for name in OTHER:
        begun = sign_in(scene, party, name)
        party.deliver(f"the right answer of the {name} issuer", callback(begun, begun.answer))


@when("these answers come to a sign-in of its own each, and the right one after it")
def wrong_answers(scene: Scene, party: RelyingParty, datatable: list[list[str]]) -> None:
    for case, begun_at, kind, naming in datatable[1:]:
        begun = sign_in(scene, party, begun_at)
        answer = begun.answer if begun_at == "honest" else answer_to(scene, case, begun)
        if kind == "an error":
            answer = {"error": "access_denied", "state": begun.request["state"]}
        others = {name: value for name, value in answer.items() if name != "iss"}
        party.deliver(case, callback(begun, {**others, **named(party, naming)}))
        party.deliver(f"{case}: the right answer afterwards", callback(begun, begun.answer))


def named(party: RelyingParty, whom: str) -> Mapping[str, str]:
    """The parameter that names an issuer: `honest`, `attacker`, either `with a slash`, or `nobody`."""
    identifier = party.identifiers().get(whom.removesuffix(" with a slash"))
    return {} if identifier is None else {"iss": identifier + "/" * whom.endswith("slash")}


@when("each issuer's own answer comes to where the client awaits the other's")
def answers_at_the_other_address(scene: Scene, party: RelyingParty) -> None:
    for name, other in OTHER.items():
        elsewhere = sign_in(scene, party, other)
        begun = sign_in(scene, party, name)
        party.deliver(f"the answer of the {name} issuer at the other's address", callback(elsewhere, begun.answer))


def sign_in(scene: Scene, party: RelyingParty, at: str) -> SignIn:
    """Begin a sign-in at an issuer, and let the user through there; the answer is not brought to the client."""
    url = party.begin(at)
    request = parameters(url)
    if at == "honest":
        return SignIn(request, answer_to(scene, "a sign-in at the honest issuer", SignIn(request, {})))
    agent = issuer(scene).new_agent()
    answer = agent.get("a sign-in at the attacker's issuer", url, role="authorize", client=request["client_id"])
    return SignIn(request, parameters(answer.location))


def answer_to(scene: Scene, case: str, begun: SignIn) -> Mapping[str, str]:
    """The honest issuer's answer to a request. An attacker who was asked in its place hands the request on, and names a
    redirect URI that is registered there (RFC 9700 §4.4.1)."""
    at = issuer(scene)
    client, user = at.address.clients[begun.request["client_id"]], at.address.users["existing"]
    handed_on = {} if begun.answer == {} else {"redirect_uri": client.redirect_uri}
    changes = {**begun.request, "scope": begun.request.get("scope"), **handed_on}
    return dict(at.authorize(case, client, user, changes, about={"client": client.client_id}).parameters)


def callback(begun: SignIn, answer: Mapping[str, str]) -> str:
    return f"{begun.redirect_uri}?{urlencode(answer)}"


def parameters(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
