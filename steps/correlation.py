"""Phrases about the identifier that links what belongs to one login."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor

from pytest_bdd import given, when

from harness.observations import Observation
from harness.observe import Recorder
from harness.ports import Logs
from harness.scene import Scene
from steps.event import the_bus, watched
from steps.token import first_client, issuer

AT_ONCE = 10
PARAMETER, HEADER = "correlation_id", "X-Correlation-ID"
FORGED = "forged-by-the-client"


def logs(scene: Scene) -> Logs:
    return scene.port("logs", lambda recorder: scene.target.logs(recorder))


@given("a subscriber of the stage's bus, and a reader of the server's log")
def subscriber_and_reader(scene: Scene) -> None:
    the_bus(scene).open_window(scene.stage)
    logs(scene).open_window()


@when("ten users log in and out at once")
def log_in_at_once(scene: Scene) -> None:
    seen: list[Observation] = []

    def log_in_and_out(number: int) -> None:
        """With a recorder of its own: a scenario's is for one thread."""
        recorder = Recorder(scene.id, scene.recorder.redactor, seen.append)
        at = scene.target.issuer(scene.stage, recorder)
        grant = at.log_in("one of ten", first_client(at), at.address.users[f"new{number}"])
        at.revoke("one of ten", grant.refresh_token, grant.client)

    with watched(scene, "ten logins at once"), ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(log_in_and_out, range(1, AT_ONCE + 1)))
    for observation in seen:
        scene.recorder.record(observation)
    logs(scene).capture("ten logins at once")


@when("logins propose identifiers of these kinds")
def propose(scene: Scene, datatable: list[list[str]]) -> None:
    logs(scene).open_window()
    taken = f"flow-{secrets.token_hex(8)}"
    for (case,) in datatable:
        at, state = issuer(scene), secrets.token_hex(16)
        scene.recorder.redactor.register(state, "state")
        value = {
            "well-formed": taken,
            "another flow's": taken,
            "ten thousand characters": "A" * 10_240,
            "a forged line": f"{FORGED}\r\nINFO audit {FORGED} logged in",
            "a fragment of JSON": f'","subject":"{FORGED}',
            "the request's own state": state,
        }[case]
        client, user = first_client(at), at.address.users["existing"]
        sender = at if "\n" in value else at.with_headers({HEADER: value})
        with watched(scene, case):
            authorization = sender.authorize(case, client, user, {PARAMETER: value, "state": state})
            sender.redeem(case, authorization, client)
    logs(scene).capture("proposed identifiers")
    with watched(scene, "after the proposals"):
        at = issuer(scene)
        at.log_in("a login of somebody", first_client(at), at.address.users["second"])
        the_bus(scene).scan("secrets beside identifiers", scene.stage, personal=False)
