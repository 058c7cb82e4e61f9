"""Phrases about the state by which a client knows the answers to its own sign-ins."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_bdd import parsers, when

from harness.ports import RelyingParty
from harness.scene import Scene
from steps.effects import clock_of
from steps.mix_up import SignIn, callback, parameters
from steps.token import issuer


@when("the user signs in, and the same answer comes once more; and so does the attacker, with an account of his own")
def right_answers(scene: Scene, party: RelyingParty) -> None:
    begun, answer = answered(scene, party, "existing")
    party.deliver("the right answer", callback(begun, answer))
    party.deliver("the right answer once more", callback(begun, answer))
    party.deliver("the attacker's own answer", callback(*answered(scene, party, "mallory")))


@when("answers come without a state, with a random one, and with the attacker's code, to a sign-in of the user each")
def wrong_answers(scene: Scene, party: RelyingParty) -> None:
    begun, answer = answered(scene, party, "existing")
    stateless = {name: value for name, value in answer.items() if name != "state"}
    party.deliver("no state", callback(begun, stateless))
    begun, answer = answered(scene, party, "existing")
    party.deliver("a random state", callback(begun, {**answer, "state": "r" * 43}))
    begun = begin(party)
    code = attackers_code(scene, begun)
    party.deliver(
        "the attacker's code with the user's state", callback(begun, {**code, "state": begun.request["state"]})
    )


@when(parsers.parse("an answer comes {minutes:d} minutes after its sign-in began"))
def late_answer(scene: Scene, party: RelyingParty, minutes: int) -> None:
    begun = begin(party)
    clock_of(scene).advance(scene.stage, minutes * 60.0)
    party.deliver("an answer that comes too late", callback(begun, answer_of(scene, begun, "existing")))


@when("the attacker's answer to a sign-in of his own comes to another browser")
def foreign_browser(scene: Scene, party: RelyingParty) -> None:
    begun, answer = answered(scene, party, "mallory")
    victim = party.another()
    victim.begin("honest")
    victim.deliver("the attacker's answer in another browser", callback(begun, answer))


@when("the answers to the sign-ins of two browsers are swapped")
def swapped_answers(scene: Scene, party: RelyingParty) -> None:
    other = party.another()
    first, second = answered(scene, party, "existing"), answered(scene, other, "existing")
    party.deliver("the second browser's answer in the first", callback(*second))
    other.deliver("the first browser's answer in the second", callback(*first))


@when(parsers.parse("the client begins {count:d} sign-ins"))
def sample_states(scene: Scene, party: RelyingParty, count: int) -> None:
    party.sample_states("states", count)


def begin(party: RelyingParty) -> SignIn:
    """A sign-in at the honest issuer that nobody has answered yet."""
    return SignIn(parameters(party.begin("honest")), {})


def answered(scene: Scene, party: RelyingParty, user: str) -> tuple[SignIn, Mapping[str, str]]:
    """A sign-in, and the issuer's answer where this user logs in; the client was not given it."""
    begun = begin(party)
    return begun, answer_of(scene, begun, user)


def answer_of(scene: Scene, begun: SignIn, user: str) -> Mapping[str, str]:
    at = issuer(scene)
    client = at.address.clients[begun.request["client_id"]]
    changes = {**begun.request, "scope": begun.request.get("scope")}
    return dict(at.authorize("login", client, at.address.users[user], changes).parameters)


def attackers_code(scene: Scene, begun: SignIn) -> Mapping[str, str]:
    """A code of the attacker's, for the same client and redirect URI, and the issuer's name."""
    at = issuer(scene)
    client = at.address.clients[begun.request["client_id"]]
    changes = {"redirect_uri": begun.redirect_uri}
    return dict(at.authorize("login of the attacker", client, at.address.users["mallory"], changes).parameters)
