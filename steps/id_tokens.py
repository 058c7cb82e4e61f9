"""Phrases about ID tokens, as an issuer gives them to a client."""

from __future__ import annotations

from pytest_bdd import when

from harness.ports import RelyingParty
from harness.scene import Scene
from steps.mix_up import callback, sign_in


@when("the other issuer answers sign-ins with a sound ID token, and with these mistakes", target_fixture="mistakes")
def mistakes_of_the_issuer(scene: Scene, party: RelyingParty, datatable: list[list[str]]) -> list[str]:
    answer_with(scene, party, "nothing")
    return [mistake for (mistake,) in datatable[1:]]


@when("the other issuer answers sign-ins with a sound ID token, and with an access token in its place")
def access_tokens_of_the_issuer(scene: Scene, party: RelyingParty, datatable: list[list[str]]) -> None:
    """Each is the access token of the same answer as well."""
    answer_with(scene, party, "nothing")
    for (token,) in datatable[1:]:
        answer_with(scene, party, token)


@when("after each mistake the same sign-in is answered once more, as it should be")
def answer_each(scene: Scene, party: RelyingParty, mistakes: list[str]) -> None:
    for mistake in mistakes:
        answer_with(scene, party, mistake, again=True)


def answer_with(scene: Scene, party: RelyingParty, mistake: str, *, again: bool = False) -> None:
    """A sign-in at the other issuer, whose ID token has this mistake; `again`: then a sound one for the same."""
    begun = sign_in(scene, party, "attacker")
    party.provider_gives(mistake)
    party.deliver(mistake, callback(begun, begun.answer))
    if again:
        party.provider_gives("nothing")
        party.deliver(f"{mistake}: the right answer afterwards", callback(begun, begun.answer))
    party.provider_gives(None)
