"""Phrases about a bus that is away: who is told later, and who does not notice."""

from __future__ import annotations

from pytest_bdd import when

from harness.ports import BusOutage, Process
from harness.probes.http import Answer
from harness.scene import Scene
from steps.effects import clock_of
from steps.event import the_bus
from steps.event_path import path
from steps.token import first_client, issuer

ROUNDS = {"pr": 4, "full": 40}  # of five requests each
LIMIT, EVENTS = 50, 60


def outage(scene: Scene) -> BusOutage:
    return scene.port("bus outage", lambda recorder: scene.target.bus_outage(recorder))


@when("users log in, refresh and log out while the bus is well")
def use_it(scene: Scene) -> None:
    the_bus(scene).open_window(scene.stage)
    _use(scene, "the bus is well")
    the_bus(scene).capture("the bus is well", scene.stage)


@when("they do so while the bus is away for ten minutes in each of these ways")
def use_it_without_bus(scene: Scene, datatable: list[list[str]]) -> None:
    for (case,) in datatable:
        the_bus(scene).open_window(scene.stage)
        outage(scene).begin(scene.stage, case)
        _use(scene, case)
        clock_of(scene).advance(scene.stage, scene.parameter("bus_outage"))
        outage(scene).end(scene.stage)
        the_bus(scene).capture(case, scene.stage)


def _use(scene: Scene, case: str) -> None:
    at = issuer(scene)
    client, user = first_client(at), at.address.users["existing"]
    for _ in range(ROUNDS[scene.depth]):
        authorization = at.authorize(case, client, user)
        token = _refresh_token(at.redeem(case, authorization, client)) if authorization.code else ""
        if token:  # else the login failed, which is what is to be judged
            at.revoke(case, _refresh_token(at.refresh(case, token, client)) or token, client)


def _refresh_token(answer: Answer) -> str:
    return str(answer.json().get("refresh_token", ""))


@when("more events occur than the buffer holds, while the bus takes none")
def overflow(scene: Scene) -> None:
    path(scene).overflow("more than the buffer holds", LIMIT, EVENTS)


@when("users log in before and after the server is killed and started again, and only then the bus comes back")
def restart_without_bus(scene: Scene, process: Process) -> None:
    at = process.serve(scene.stage)
    client, user = first_client(at), at.address.users["existing"]
    the_bus(scene).open_window(scene.stage)
    process.bus_away()
    before = at.authorize("before the restart", client, user)
    at.redeem("before the restart", before, client)
    process.kill()
    process.restart()
    after = at.authorize("after the restart", client, user)
    at.redeem("after the restart", after, client)
    process.bus_back()
    the_bus(scene).capture("the bus is back", scene.stage)
