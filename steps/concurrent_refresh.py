"""Phrases about refresh tokens that are used several times at once, or again because an answer was lost."""

from __future__ import annotations

from pytest_bdd import parsers, when

from harness.probes.races import race_refreshes
from harness.scene import Scene
from steps.effects import clock_of
from steps.rotation import public
from steps.token import issuer, session_with


@when(
    parsers.parse("a session of each client is refreshed {parallel:d} times at once, and all that came of it is used")
)
def refresh_at_once(scene: Scene, parallel: int) -> None:
    at = issuer(scene)
    with scene.where_offered():
        for client in public(scene):
            with scene.where_offered():
                grant = session_with(scene, "session to refresh at once", client)
                answers = race_refreshes(at, "refresh at once", grant.refresh_token, client, parallel)
                given = [str(answer.json().get("refresh_token", "")) for answer in answers if answer.status == 200]
                for case in ("successor used", "leaf used"):
                    used = [at.refresh(case, token, client) for token in dict.fromkeys(given) if token]
                    given = [str(answer.json().get("refresh_token", "")) for answer in used if answer.status == 200]


@when("a client whose answer was lost asks once more within the reuse grace")
def ask_again_within_the_grace(scene: Scene) -> None:
    with scene.where_offered():
        ask_again(scene, "lost answer within the grace", scene.parameter("reuse_grace") / 2)


@when("another client whose answer was lost asks once more after it")
def ask_again_after_the_grace(scene: Scene) -> None:
    with scene.where_offered():
        ask_again(scene, "lost answer after the grace", scene.parameter("reuse_grace") + 2)


def ask_again(scene: Scene, case: str, seconds: float) -> None:
    """Refresh a session of each client, let time pass, and refresh with the same token; then with its successor."""
    at, lost = issuer(scene), {}
    for client in public(scene):
        with scene.where_offered():
            grant = session_with(scene, f"{case}: session", client)
            first = at.refresh(f"{case}: first", grant.refresh_token, client)
            lost[client.client_id] = (client, grant.refresh_token, str(first.json().get("refresh_token", "")))
    clock_of(scene).advance(scene.stage, seconds)
    for client, token, successor in lost.values():
        at.refresh(f"{case}: again", token, client)
        at.refresh(f"{case}: successor", successor, client)
