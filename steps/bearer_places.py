"""Phrases about the places in a request at which an access token may come, and may not."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from pytest_bdd import given, when

from harness.scene import Scene
from steps.forgeries import surroundings
from steps.presenting import Presenter, Way, presenter

Sent = Mapping[str, Any]  # what `HttpProbe.send` takes besides the case, the method and the URL
NAMES = ("access_token", "token", "authorization")

ELSEWHERE: Mapping[str, Callable[[str], Sent]] = {
    "access_token in the query": lambda token: {"query": urlencode({"access_token": token})},
    "authorization in the query": lambda token: {"query": urlencode({"authorization": f"Bearer {token}"})},
    "access_token in a form": lambda token: {"form": {"access_token": token}},
    "a header of its own": lambda token: {"headers": {"X-Auth": token, "X-Access-Token": token, "X-Auth-Token": token}},
    "a cookie": lambda token: {"headers": {"Cookie": "; ".join(f"{name}={token}" for name in NAMES)}},
}


@given("a user's session at an API that keeps an access log", target_fixture="victim")
def a_session_with_a_log(scene: Scene) -> Presenter:
    victim = presenter(scene)
    with scene.where_offered():
        surroundings(scene).watch(scene.stage)
    return victim


@when("its access token is presented as it should be, and by the scheme in other letters")
def present_rightly(victim: Presenter) -> None:
    victim.present("the token as it is", victim.grant.access_token)
    for scheme in ("bearer", "BEARER", "Bearer   "):
        send(
            victim, "another spelling", {"headers": {"Authorization": f"{scheme} {victim.grant.access_token}"}}, scheme
        )


@when("it comes to every route of the API in these places only")
def present_elsewhere(victim: Presenter, datatable: list[list[str]]) -> None:
    for (place,) in datatable[1:]:
        send(victim, "the token elsewhere", ELSEWHERE[place](victim.grant.access_token), place)


@when("it comes in the header and in the query at once, and in one of two headers")
def present_twice(victim: Presenter) -> None:
    token, other = victim.grant.access_token, secrets.token_urlsafe(32)
    good, bad = f"Bearer {token}", f"Bearer {other}"
    tries: Mapping[str, Sent] = {
        "in both": {"headers": {"Authorization": good}, "query": urlencode({"access_token": token})},
        "in the query, with another in the header": {
            "headers": {"Authorization": bad},
            "query": urlencode({"access_token": token}),
        },
        "in the first of two headers": {"headers": {"Authorization": good, "authorization": bad}},
        "in the second of two headers": {"headers": {"Authorization": bad, "authorization": good}},
    }
    for place, sent in tries.items():
        send(victim, "the token twice", sent, place)


@when("the access log of all that is read")
def read_access_log(scene: Scene, victim: Presenter) -> None:
    victim.present("the token as it is, afterwards", victim.grant.access_token)
    with scene.where_offered():
        surroundings(scene).access_log("the access log", scene.stage)


def send(victim: Presenter, case: str, sent: Sent, place: str) -> None:
    """One request of this kind to each way; a form goes to those only that take a body."""
    for way in victim.ways:
        if "form" in sent and way.method != "POST":
            continue
        victim.agent.send(case, way.method, way.url, **body_of(way, sent), role="api", way=way.name, place=place)


def body_of(way: Way, sent: Sent) -> Sent:
    return sent if "form" in sent else {"json": way.body, **sent}
