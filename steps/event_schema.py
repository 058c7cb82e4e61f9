"""Phrases about what events say: their schema, and what they must not tell."""

from __future__ import annotations

import secrets
from typing import Any

from pytest_bdd import given, when

from harness.ports import EventContract, Issuer
from harness.probes.authorization import Grant
from harness.scene import Scene
from steps.event import client_of_kind, the_bus, watched
from steps.token import first_client, issuer

PERSONAL = "personal"  # the user whose name stands nowhere but in what tells of him
LOCAL = "2027-01-15T09:00:00.000+01:00"
CHANGES: dict[str, dict[str, Any]] = {
    "nothing is wrong": {},
    "a field is missing": {"stage": None},
    "there is an unknown field": {"remark": "hello"},
    "the time is local": {"occurred_at": LOCAL},
    "the type is unknown": {"type": "auth.refreshFailed"},
}


def contract(scene: Scene) -> EventContract:
    return scene.port("event contract", lambda recorder: scene.target.event_contract(recorder))


@given("the published schemas of the events")
def published_schemas(scene: Scene) -> None:
    contract(scene).schemas("published schemas")


@when("sessions begin, fail to be refreshed, and end")
def every_type_of_event(scene: Scene) -> None:
    with watched(scene, "sessions that begin, fail and end") as at:
        tell_every_type(at)


def tell_every_type(at: Issuer) -> None:
    """A login at each client, a token of another client, one that nobody issued, and the end of the session."""
    for kind in ("web", "desktop"):
        grant = at.log_in("a session", client_of_kind(at, kind), at.address.users["existing"])
        other = client_of_kind(at, "desktop" if kind == "web" else "web")
        at.refresh("a token of another client", grant.refresh_token, other)
        at.refresh("a token that nobody issued", secrets.token_urlsafe(32), grant.client)
        at.revoke("the end of the session", grant.refresh_token, grant.client)


@when("the producer is given events with these mistakes")
def produce_with_mistakes(scene: Scene, datatable: list[list[str]]) -> None:
    for (case,) in datatable:
        contract(scene).produce(case, CHANGES[case])


@when("the consumer is given events of the current, the previous and an unknown version")
def consume_versions(scene: Scene) -> None:
    contract(scene).consume("an event of the current version", "current")
    contract(scene).consume("an event of the previous version", "previous")
    contract(scene).consume("an unknown version", "7.0")


@given("the published schemas of the events, and subscribers of the buses of two stages", target_fixture="stages")
def two_stages(scene: Scene) -> list[str]:
    contract(scene).schemas("published schemas")
    stages = list(scene.target.stages)[-2:]
    for stage in stages:
        the_bus(scene).open_window(stage)
    return stages


@when("a person with canaries in every secret and in his name logs in, fails and logs out at both stages")
def person_at_both(scene: Scene, stages: list[str]) -> None:
    for stage in stages:
        at = issuer(scene, stage)
        client, user = first_client(at), at.address.users[at.address.personal]
        pasted = at.with_headers({"User-Agent": f"Mozilla/5.0 (X11) {secrets.token_urlsafe(160)} of a person"})
        grant = pasted.log_in("the same person logs in", client, user)
        misused = at.with_headers({"User-Agent": f"curl {grant.refresh_token} {'x' * 200}"})
        other = client_of_kind(at, "web" if client.native else "desktop")
        misused.refresh("a token of another client", grant.refresh_token, other)
        misused.refresh("an exception over a token", f"{grant.refresh_token}\x00", client)
        misused.redeem("a code again", _again(at, grant), client)
        misused.refresh("the same person fails", grant.refresh_token, client)
        last = at.log_in("the same person logs in again", client, user)
        misused.revoke("the same person logs out", last.refresh_token, client)
        the_bus(scene).scan("secrets in events, dead letters and logs", stage, personal=False)
        the_bus(scene).scan("personal data in events, at subscribers and in logs", stage, personal=True)
        the_bus(scene).capture("the same person", stage)


def _again(at: Issuer, grant: Grant) -> Any:
    """The authorization by which the grant came, to be presented once more."""
    from harness.probes.authorization import Authorization

    request = {"redirect_uri": grant.client.redirect_uri}
    return Authorization(grant.answer, {"code": grant.code}, grant.verifier, request)


@when("the producers of all stages refer to one and the same session")
def refer_to_one_session(scene: Scene) -> None:
    contract(scene).references("one session at all stages")


@when("the person's account is erased, and the person comes again")
def erase_and_come_again(scene: Scene, stages: list[str]) -> None:
    for stage in stages:
        at = issuer(scene, stage)
        name = at.address.personal
        contract(scene).erase("the erasure", stage, name, None)
        grant = at.log_in("the person comes again", first_client(at), at.address.users[name])
        contract(scene).erase("after the erasure", stage, name, grant)
