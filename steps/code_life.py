"""Phrases about authorization codes: redeemed at once, again, and too late."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from pytest_bdd import when

from harness.probes.authorization import Authorization
from harness.probes.races import race_redemptions
from harness.probes.stage_address import Client
from harness.scene import Scene
from steps.effects import clock_of, use_until_refused
from steps.token import issuer

ROUNDS = {"glance": 3, "pr": 10, "full": 50}  # of the first client's race, by depth
OTHER_ROUNDS = 3  # of every other client's


@dataclass(frozen=True)
class Redeemed:
    """A code that was redeemed, and what it gave."""

    client: Client
    authorization: Authorization = field(repr=False)
    access: str = field(repr=False)
    refresh: str = field(repr=False)


@when("one code of each client is redeemed many times at once, round after round")
def race_codes(scene: Scene, clients: list[Client]) -> None:
    at = issuer(scene)
    about = {"depth": scene.depth, "clients": " ".join(client.client_id for client in clients)}
    for number, client in enumerate(clients):
        rounds = OTHER_ROUNDS if number else ROUNDS[scene.depth]
        race_redemptions(at, "race", 20, rounds, client, at.address.users["existing"], **about)


@when("a code is redeemed, its tokens are used, the code is redeemed again, and the tokens are used again")
def replay_code(scene: Scene, clients: list[Client]) -> None:
    replay(scene, clients, "at once", 0.0)


@when("the same is done after the life of the codes, where the target promises to remember them so long")
def replay_old_code(scene: Scene, clients: list[Client]) -> None:
    wait = scene.parameter("code_lifetime") + 2
    if scene.parameter("code_memory") > wait:
        with scene.where_offered():
            replay(scene, clients, "after its life", wait)


def replay(scene: Scene, clients: list[Client], when: str, wait: float) -> None:
    """Redeem a code of each client twice, the second time after `wait` seconds of the target's clock, and use the
    tokens before and after. Where nothing is waited for, nothing of another client comes in between either: a login
    in a browser may take longer than a code lives."""
    rounds = [clients] if wait else [[client] for client in clients]
    replayed = [one for some in rounds for one in redeem_twice(scene, some, when, wait)]
    with scene.where_offered():
        for one, began in replayed:
            told = {"client": one.client.client_id, "replay": when}
            use_until_refused(scene, "access after the replay", one.access, began, told)


def redeem_twice(scene: Scene, clients: list[Client], when: str, wait: float) -> list[tuple[Redeemed, float]]:
    """What the codes of these clients gave, and when each came again (monotonic seconds)."""
    at, clock, about = issuer(scene), clock_of(scene), {"replay": when}
    asked = clock.now(scene.stage)
    first = [redeemed(scene, client, when) for client in clients]
    if wait:
        clock.advance(scene.stage, wait)
    with scene.where_offered():
        for one in first:
            at.call_api("first use of the access token", one.access, client=one.client.client_id, **about)
    replayed = []
    for one in first:
        replayed.append((one, time.monotonic()))
        age = f"{clock.now(scene.stage) - asked:.3f}"
        at.redeem("second redemption", one.authorization, one.client, about={**about, "age": age})
        at.refresh("refresh after the replay", one.refresh, one.client, about=about)
    return replayed


def redeemed(scene: Scene, client: Client, when: str) -> Redeemed:
    """A code of this client, redeemed once."""
    at = issuer(scene)
    authorization = at.authorize("replay: code", client, at.address.users["existing"])
    tokens = at.redeem("first redemption", authorization, client, about={"replay": when}).json()
    return Redeemed(client, authorization, str(tokens.get("access_token", "")), str(tokens.get("refresh_token", "")))


@when("codes are redeemed one second before and two seconds after the end of their life")
def redeem_at_the_edge(scene: Scene, clients: list[Client]) -> None:
    at, clock = issuer(scene), clock_of(scene)
    with scene.where_offered():
        for case, offset in (("one second before", -1.0), ("two seconds after", 2.0)):
            codes = []
            for client in clients:
                asked = clock.now(scene.stage)
                code = at.authorize(f"{case}: code", client, at.address.users["existing"])
                codes.append((client, code, asked, clock.now(scene.stage)))
            passed = clock.now(scene.stage) - codes[0][2] if offset < 0 else 0.0
            clock.advance(scene.stage, max(scene.parameter("code_lifetime") + offset - passed, 0.0))
            for client, code, asked, answered in codes:
                least = clock.now(scene.stage) - answered
                most = clock.now(scene.stage) - asked
                age = most if offset < 0 else least
                about = {"age": f"{age:.3f}", "stated_by": scene.stated_by("code_lifetime")}
                at.redeem(case, code, client, about=about)
