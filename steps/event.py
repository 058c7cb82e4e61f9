"""Phrases about the events on the bus, and about their way there."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlencode, urlsplit

from pytest_bdd import given, when

from harness.observations import Observation
from harness.observe import Recorder
from harness.ports import Admin, Bus, Issuer, Process, Publisher
from harness.probes import bff
from harness.probes.authorization import Grant
from harness.probes.http import HttpProbe
from harness.probes.login import User
from harness.probes.lost import refresh_unheard
from harness.probes.scripted_bus import CallRefused
from harness.probes.stage_address import Client
from harness.scene import Scene
from steps.effects import clock_of
from steps.token import first_client, issuer

# Users who log in for the first time here, and nowhere else.
FIRST_LOGINS = {"first": "new37", "second": "new38"}
FIRST_LOGIN_AT_ONCE, DISABLED = "new39", "new40"
TRIES = 5  # how often a client presents a dead token
MINUTE = 61.0  # seconds, and a little


def the_bus(scene: Scene) -> Bus:
    return scene.port("bus", lambda recorder: scene.target.bus(recorder))


def the_admin(scene: Scene) -> Admin:
    return scene.port("admin", lambda _: scene.target.admin())


def client_of_kind(at: Issuer, kind: str) -> Client:
    """The stage's `web` client, or its native one, the `desktop`."""
    return next(client for client in at.address.clients.values() if client.native == (kind == "desktop"))


@contextmanager
def watched(scene: Scene, case: str) -> Iterator[Issuer]:
    """The stage's issuer, while what its bus delivers is captured under `case`."""
    the_bus(scene).open_window(scene.stage)
    yield issuer(scene)
    the_bus(scene).capture(case, scene.stage)


@given("a subscriber of the stage's bus")
def subscriber(scene: Scene) -> None:
    the_bus(scene).open_window(scene.stage)


@when("users complete these logins")
def complete_logins(scene: Scene, datatable: list[list[str]]) -> None:
    for case, user, kind in datatable[1:]:
        with watched(scene, case) as at:
            at.log_in(case, client_of_kind(at, kind), at.address.users[FIRST_LOGINS[user]])


@when("a user logs in at the web application", target_fixture="web_login")
def log_in_at_web(scene: Scene) -> tuple[HttpProbe, bff.WebLogin]:
    case = "a login at the web application"
    with watched(scene, case) as at:
        agent = at.new_agent()
        login = bff.log_in(agent, case, at.address.web, at.address.users["existing"])
        agent.get(case, f"{at.address.web}/", role="end")
    return agent, login


@when("a new user completes two logins at once")
def two_logins_at_once(scene: Scene) -> None:
    case = "two first logins at once"
    seen: list[Observation] = []

    def log_in(client: Client) -> None:
        """With a recorder of its own: a scenario's is for one thread."""
        at = scene.target.issuer(scene.stage, Recorder(scene.id, scene.recorder.redactor, seen.append))
        authorization = at.authorize(case, client, at.address.users[FIRST_LOGIN_AT_ONCE])
        at.redeem(case, authorization, client)

    with watched(scene, case) as at, ThreadPoolExecutor() as pool:
        list(pool.map(log_in, at.address.clients.values()))
    for observation in seen:
        scene.recorder.record(observation)


@when("the web application's callback is sent again, and with a state that it never gave out")
def callback_with_other_state(scene: Scene, web_login: tuple[HttpProbe, bff.WebLogin]) -> None:
    agent, login = web_login
    with watched(scene, "the callback is sent again"):
        agent.get("the callback is sent again", login.callback)
    with watched(scene, "a callback with another state") as at:
        stranger = at.new_agent()
        begun = bff.log_in(
            stranger, "a login to be misled", at.address.web, at.address.users["existing"], stop_at_callback=True
        )
        stranger.get("a callback with another state", _with_other_state(begun.callback))


def _with_other_state(callback: str) -> str:
    parts = urlsplit(callback)
    answered = {**dict(parse_qsl(parts.query)), "state": secrets.token_urlsafe(16)}
    return parts._replace(query=urlencode(answered)).geturl()


@when("logins are declined, mistyped, abandoned, and begun while the identity provider fails")
def logins_that_end_badly(scene: Scene) -> None:
    at = issuer(scene)
    client, user = first_client(at), at.address.users["existing"]
    with watched(scene, "a declined login"):
        at.authorize("a declined login", client, user, deny=True)
    with watched(scene, "a mistyped password"):
        at.authorize("a mistyped password", client, User(user.name, secrets.token_urlsafe(12)))
    with watched(scene, "a login abandoned at its page"):
        at.authorize("a login abandoned at its page", client, None)
    with watched(scene, "a code that is never redeemed"):
        at.authorize("a code that is never redeemed", client, user)
    with watched(scene, "an error of the identity provider"), the_admin(scene).upstream_fails(scene.stage):
        at.authorize("an error of the identity provider", client, user)


@when("a code is redeemed, and then redeemed again")
def redeem_again(scene: Scene) -> None:
    at = issuer(scene)
    client = first_client(at)
    authorization = at.authorize("a code to redeem twice", client, at.address.users["existing"])
    at.redeem("the first redemption", authorization, client)
    with watched(scene, "a code redeemed again"):
        at.redeem("a code redeemed again", authorization, client)


@when("codes are presented with a wrong verifier, and for another redirect URI")
def present_codes_wrongly(scene: Scene) -> None:
    at = issuer(scene)
    client, user = first_client(at), at.address.users["existing"]
    case = "a code with a wrong verifier"
    authorization = at.authorize(f"{case}: the code", client, user)
    with watched(scene, case):
        at.redeem(case, authorization, client, changes={"code_verifier": secrets.token_urlsafe(32)})
    case = "a code for another redirect URI"
    authorization = at.authorize(f"{case}: the code", client, user)
    with watched(scene, case):
        at.redeem(case, authorization, client, changes={"redirect_uri": f"{client.redirect_uri}/elsewhere"})


@when("a session is refreshed five times while the bus is watched")
def refresh_five_times(scene: Scene) -> None:
    at = issuer(scene)
    grant = at.log_in("a login to refresh", first_client(at), at.address.users["existing"])
    token = grant.refresh_token
    with watched(scene, "five refreshes"):
        for _ in range(5):
            token = str(at.refresh("five refreshes", token, grant.client).json().get("refresh_token", ""))


@when("a refresh is tried again within the grace")
def refresh_again(scene: Scene) -> None:
    at, case = issuer(scene), "a refresh within the grace"
    grant = at.log_in("a login to refresh twice", first_client(at), at.address.users["existing"])
    at.refresh(f"{case}: the first", grant.refresh_token, grant.client)
    with watched(scene, case):
        at.refresh(case, grant.refresh_token, grant.client)


@given("a server of its own, and a subscriber of the stage's bus", target_fixture="process")
def own_server(scene: Scene) -> Process:
    return scene.port("process", lambda recorder: scene.target.process(recorder))


@when("a user logs in, the server is killed as soon as it has answered, and it is started again")
def kill_after_login(scene: Scene, process: Process) -> None:
    at = process.serve(scene.stage)
    authorization = at.authorize("a login before the kill", first_client(at), at.address.users["existing"])
    the_bus(scene).open_window(scene.stage)
    at.redeem("killed after the answer", authorization, first_client(at))
    process.kill()
    process.restart()
    the_bus(scene).capture("killed after the answer", scene.stage)


@when("refresh tokens that have ended in each of these ways are presented, five times each")
def present_dead_tokens(scene: Scene, datatable: list[list[str]]) -> None:
    for (case,) in datatable[1:]:
        at, reason = issuer(scene), case.partition(",")[0]
        user = at.address.users[DISABLED if reason == "account_disabled" else "existing"]
        grant = at.log_in(f"a session to end: {reason}", client_of_kind(at, "web"), user)
        client = client_of_kind(at, "desktop") if reason == "client_mismatch" else grant.client
        with watched(scene, case):
            END[reason](scene, at, grant)
            for _ in range(TRIES):
                at.refresh(case, grant.refresh_token, client, about={"presented": "dead", "by": client.client_id})


def _let_expire(scene: Scene, at: Issuer, grant: Grant) -> None:
    clock_of(scene).advance(at.stage, scene.parameter("refresh_absolute") + 1)


def _revoke(scene: Scene, at: Issuer, grant: Grant) -> None:
    at.revoke("a session to end: revocation", grant.refresh_token, grant.client)


def _use_and_wait(scene: Scene, at: Issuer, grant: Grant) -> None:
    at.refresh("a session to end: rotation", grant.refresh_token, grant.client)
    clock_of(scene).advance(at.stage, scene.parameter("reuse_grace") + 2)


def _disable(scene: Scene, at: Issuer, grant: Grant) -> None:
    the_admin(scene).disable_account(at.stage, DISABLED)


def _leave(scene: Scene, at: Issuer, grant: Grant) -> None:
    """The token is well; it is the client that is not its own."""


END: Mapping[str, Callable[[Scene, Issuer, Grant], None]] = {
    "expired": _let_expire,
    "revoked": _revoke,
    "reuse_detected": _use_and_wait,
    "client_mismatch": _leave,
    "account_disabled": _disable,
}


@when("a client presents fifty refresh tokens that nobody ever issued, and one more after a minute")
def present_garbage(scene: Scene) -> None:
    at, clock = issuer(scene), clock_of(scene)
    clock.advance(scene.stage, MINUTE)
    _present_garbage(at, "what others presented is told", 1)
    for case, count in (("fifty tokens that nobody issued", 50), ("one more after a minute", 1)):
        clock.advance(scene.stage, MINUTE)
        with watched(scene, case):
            _present_garbage(at, case, count)


def _present_garbage(at: Issuer, case: str, count: int) -> None:
    for _ in range(count):
        at.refresh(case, secrets.token_urlsafe(32), first_client(at), about={"presented": "dead"})


@when("a refresh succeeds after the server failed, after its answer was lost, and twice within the grace")
def refresh_after_trouble(scene: Scene) -> None:
    at = issuer(scene)
    failing, lost, again = (
        (case, at.log_in(f"a session for {case}", first_client(at), at.address.users["existing"]))
        for case in ("a failing server, then success", "a lost answer, then a retry", "a retry within the grace")
    )
    with watched(scene, failing[0]):
        the_admin(scene).storage_fails_once(scene.stage)
        for _ in range(2):
            _refresh_live(at, *failing)
    with watched(scene, lost[0]):
        refresh_unheard(at, lost[0], lost[1].refresh_token, lost[1].client, presented="live")
        _refresh_live(at, *lost)
    with watched(scene, again[0]):
        for _ in range(2):
            _refresh_live(at, *again)


def _refresh_live(at: Issuer, case: str, grant: Grant) -> None:
    at.refresh(case, grant.refresh_token, grant.client, about={"presented": "live"})


@when("events are published to a bus that refuses some of them")
def publish_to_refusing_bus(scene: Scene, datatable: list[list[str]]) -> None:
    publisher: Publisher = scene.port("publisher", lambda recorder: scene.target.publisher(recorder))
    for case, events, refused, code, calls in datatable[1:]:
        if refused == "the call":
            publisher.publish(case, [*[CallRefused(code)] * int(calls), []], int(events))
            continue
        places = {int(place) for place in refused.split(",")}
        first = [code if place in places else "" for place in range(1, int(events) + 1)]
        again = [code] * len(places)
        # The last row is what every further call is answered with.
        rows = [first, again] if calls == "always" else [first, *[again] * (int(calls) - 1), [""] * len(places)]
        publisher.publish(case, rows, int(events))
