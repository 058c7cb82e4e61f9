"""Phrases about what keeps the stages apart."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import permutations

from pytest_bdd import given, when

from harness.errors import NotOffered
from harness.model import STAGES
from harness.ports import Bus, Issuer, Process
from harness.probes import bff
from harness.probes.authorization import Authorization, Grant
from harness.probes.http import HttpProbe
from harness.probes.stages import ask_for_metadata, ask_in_clear, origins_of
from harness.scene import Scene
from steps.token import first_client, issuer

ENCRYPTED = ("staging", "prod")


@given("a configuration that is complete for production", target_fixture="process")
def production_configuration(scene: Scene) -> Process:
    return scene.port("process", lambda recorder: scene.target.process(recorder))


@when("the server is started with each of these stages")
def start_with_stages(process: Process, datatable: list[list[str]]) -> None:
    for case, stage in datatable[1:]:
        process.start(case, None if stage == "absent" else json.loads(stage))


@given("the three stages, side by side", target_fixture="issuers")
def three_stages(scene: Scene) -> dict[str, Issuer]:
    absent = [stage for stage in STAGES if stage not in scene.target.stages]
    if absent:
        raise NotOffered(
            "stages", f"the three are compared, and {scene.target.name} describes no {' and no '.join(absent)}"
        )
    return {stage: issuer(scene, stage) for stage in STAGES}


@when("each stage is asked for its metadata")
def ask_each_for_metadata(issuers: dict[str, Issuer]) -> None:
    for at in issuers.values():
        ask_for_metadata(at)


@when("a user logs in and refreshes the session on each stage")
def mint_tokens(issuers: dict[str, Issuer]) -> None:
    for at in issuers.values():
        for client in at.address.clients.values():
            grant = at.log_in("login", client, at.address.users["existing"])
            answer = at.refresh("refresh", grant.refresh_token, client)
            at.observe_token("refresh", str(answer.json().get("access_token", "")), "access_token")


@when("on each stage a login ends well, is declined, and is asked for wrongly")
def end_logins(scene: Scene, issuers: dict[str, Issuer]) -> None:
    for at in issuers.values():
        user = at.address.users["existing"]
        for client in at.address.clients.values():
            about = {"origins": origins_of(at, client)}
            at.authorize("a login that ends well", client, user, about=about)
            with scene.where_offered():
                at.authorize("a login that is declined", client, user, deny=True, about=about)
            at.authorize("a request that is wrong", client, user, {"code_challenge": None}, about=about)
        with scene.where_offered():
            bff.log_in(at.new_agent(), "a web login", web_of(at), user, about={"origins": origins_of(at)})


def web_of(at: Issuer) -> str:
    """The stage's web application. Raises NotOffered where the target has none."""
    if not at.address.web:
        raise at.address.not_offered("web", f"no web application of {at.stage} is described")
    return at.address.web


@when("staging and production are spoken to without encryption")
def speak_in_clear(issuers: dict[str, Issuer]) -> None:
    for at in (issuers[stage] for stage in ENCRYPTED):
        ask_in_clear(at, "in clear", first_client(at), at.address.users["existing"])


@dataclass(frozen=True)
class Origin:
    """What a stage has handed out, to be presented to another stage."""

    at: Issuer
    to: Issuer
    grant: Grant = field(repr=False)
    authorization: Authorization = field(repr=False)
    cookie: str = field(repr=False)  # "" without a web application


@given("a user who is logged in to the web application of each stage", target_fixture="agents")
def web_users(scene: Scene, issuers: dict[str, Issuer]) -> dict[str, HttpProbe]:
    agents = {stage: at.new_agent() for stage, at in issuers.items()}
    with scene.where_offered():
        for stage, at in issuers.items():
            bff.log_in(agents[stage], "web login", web_of(at), at.address.users["existing"])
            for place in places_of(at):
                at.new_agent().get("no cookie", f"{at.address.web}{place}", place=place)
                agents[stage].get("cookie at home", f"{at.address.web}{place}", place=place)
    return agents


@when("tokens, codes and cookies of each stage are presented to each other stage")
def present_everywhere(scene: Scene, issuers: dict[str, Issuer], agents: dict[str, HttpProbe]) -> None:
    _present(scene, issuers, agents, keys="off")


@when("the same is done while each stage knows the public keys of the other")
def present_with_keys(scene: Scene, issuers: dict[str, Issuer], agents: dict[str, HttpProbe]) -> None:
    with scene.where_offered():
        _present(scene, issuers, agents, keys="on")


def bus_of(scene: Scene) -> Bus:
    return scene.port("bus", lambda recorder: scene.target.bus(recorder))


def _present(scene: Scene, issuers: dict[str, Issuer], agents: dict[str, HttpProbe], keys: str) -> None:
    pairs = permutations(issuers.values(), 2)
    shown_to_nobody = {stage: _new_code(at) for stage, at in issuers.items()}
    handed_out = [_obtain(at, to, agents[at.stage]) for at, to in pairs]
    with scene.where_offered():
        for stage in issuers:
            bus_of(scene).open_window(stage)
    for origin in handed_out:
        with _fixture(scene, origin, keys):
            _present_abroad(scene, origin, keys)
    with scene.where_offered():
        for stage in issuers:
            bus_of(scene).capture(f"attempts, keys {keys}", stage)
    for origin in handed_out:
        _use_at_home(scene, origin, keys)
    for stage, authorization in shown_to_nobody.items():  # older than all others: if these still work, no age ended any
        at = issuers[stage]
        at.redeem("code shown to nobody", authorization, first_client(at), about={"keys": keys})


def _new_code(at: Issuer) -> Authorization:
    return at.authorize("a code to present", first_client(at), at.address.users["existing"])


def _obtain(at: Issuer, to: Issuer, agent: HttpProbe) -> Origin:
    user, authorization = at.address.users["existing"], _new_code(at)
    cookie = agent.cookies_for(f"{at.address.web}/") if at.address.web else ""
    return Origin(at, to, at.log_in("a login to present", first_client(at), user), authorization, cookie)


def _fixture(scene: Scene, origin: Origin, keys: str) -> AbstractContextManager[None]:
    if keys == "off":
        return nullcontext()
    return scene.port("admin", lambda _: scene.target.admin()).trusts_keys_of(origin.to.stage, origin.at.stage)


def _present_abroad(scene: Scene, origin: Origin, keys: str) -> None:
    to, grant, about = origin.to, origin.grant, {"origin": origin.at.stage, "keys": keys}
    with scene.where_offered():
        to.call_api("access token abroad", grant.access_token, **about)
    to.refresh("refresh token abroad", grant.refresh_token, grant.client, about=about)
    to.redeem("code abroad", origin.authorization, grant.client, about=about)
    for place in places_of(to) if origin.cookie else ():
        url, headers = f"{to.address.web}{place}", {"Cookie": origin.cookie}
        to.new_agent().get("cookie abroad", url, headers=headers, place=place, **about)


def places_of(at: Issuer) -> tuple[str, ...]:
    """Where the web application knows its user by the cookie: at its first page, and wherever it answers with data."""
    return ("/", *at.address.web_data)


def _use_at_home(scene: Scene, origin: Origin, keys: str) -> None:
    at, grant, about = origin.at, origin.grant, {"tried": origin.to.stage, "keys": keys}
    at.redeem("code at home", origin.authorization, grant.client, about=about)
    with scene.where_offered():
        at.call_api("access token at home", grant.access_token, **about)
    at.refresh("refresh token at home", grant.refresh_token, grant.client, about=about)
