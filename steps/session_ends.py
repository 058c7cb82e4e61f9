"""Phrases about the ends of sessions, and what the bus tells of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pytest_bdd import when

from harness.ports import Issuer, SessionEnds
from harness.probes import bff
from harness.probes.authorization import Authorization, Grant
from harness.probes.tabs import submit_in_tabs
from harness.scene import Scene
from steps.effects import clock_of
from steps.event import the_bus, watched
from steps.token import first_client, issuer

TABS = 3
AWAY = 600.0  # seconds that a client is offline
TOMORROW = 24 * 3600.0  # seconds


def ends(scene: Scene) -> SessionEnds:
    return scene.port("session ends", lambda recorder: scene.target.session_ends(recorder))


@when("sessions end in each of these ways")
def end_sessions(scene: Scene, datatable: list[list[str]]) -> None:
    for (case,) in datatable:
        at = issuer(scene)
        grant = at.log_in(f"{case}: the session", first_client(at), at.address.users["existing"])
        with watched(scene, case):
            WAYS[case](scene, at, grant, case)
        at.refresh(f"{case}: presented again", grant.refresh_token, grant.client)


def _revoke(scene: Scene, at: Issuer, grant: Grant, case: str) -> None:
    at.revoke(case, grant.refresh_token, grant.client)


def _revoke_ahead(scene: Scene, at: Issuer, grant: Grant, case: str) -> None:
    """By a client that would have the issuer tell a time which has not come; one that takes none ignores it."""
    claimed = clock_of(scene).now(at.stage) + TOMORROW
    at.revoke(case, grant.refresh_token, grant.client, changes={"occurred_at": f"{claimed:.3f}"})


def _administrator(scene: Scene, at: Issuer, grant: Grant, case: str) -> None:
    ends(scene).administrator(at.stage, grant)


def _leave(scene: Scene, at: Issuer, grant: Grant, case: str) -> None:
    ends(scene).leave_stage(at.stage, grant)


def _replay(scene: Scene, at: Issuer, grant: Grant, case: str) -> None:
    request = {"redirect_uri": grant.client.redirect_uri}
    at.redeem(case, Authorization(grant.answer, {"code": grant.code}, grant.verifier, request), grant.client)


WAYS: Mapping[str, Callable[[Scene, Issuer, Grant, str], None]] = {
    "given back by its client": _revoke,
    "given back as of tomorrow": _revoke_ahead,
    "ended by an administrator": _administrator,
    "left for another stage": _leave,
    "its code is replayed": _replay,
}


@when("a user logs out in three tabs at once")
def log_out_in_tabs(scene: Scene) -> None:
    at, case = issuer(scene), "logged out in three tabs at once"
    agent = at.new_agent()
    home = bff.log_in(agent, f"{case}: the session", at.address.web, at.address.users["existing"]).end
    with watched(scene, case):
        submit_in_tabs(at, agent, case, home, TABS)


@when("a session is given back twice, and one that has expired is given back")
def give_back_again(scene: Scene) -> None:
    at = issuer(scene)
    client, user = first_client(at), at.address.users["existing"]
    grant = at.log_in("a session to give back twice", client, user)
    at.revoke("given back for the first time", grant.refresh_token, client)
    with watched(scene, "given back again"):
        at.revoke("given back again", grant.refresh_token, client)
    old = at.log_in("a session to expire", client, user)
    clock_of(scene).advance(at.stage, scene.parameter("refresh_absolute") + 1)
    with watched(scene, "given back after its end"):
        at.revoke("given back after its end", old.refresh_token, client)
        at.revoke("given back after its end", old.refresh_token, client)


@when("a user logs out while the issuer cannot be reached, and the network comes back ten minutes later")
def log_out_offline(scene: Scene) -> None:
    at = issuer(scene)
    grant = at.log_in("a session to leave offline", first_client(at), at.address.users["existing"])
    with watched(scene, "logged out offline"):
        ends(scene).log_out_offline("tries without a network", at.stage, grant)
    clock_of(scene).advance(at.stage, AWAY)
    the_bus(scene).open_window(at.stage)
    ends(scene).reconnect(at.stage)
    the_bus(scene).capture("the network is back", at.stage)
