"""Phrases about keys and secrets that are rotated while users go on."""

from __future__ import annotations

from dataclasses import dataclass, field

from pytest_bdd import given, when

from harness.observations import RotationPlan, TokenFacts
from harness.ports import Rotation
from harness.probes.stage_address import Client, Route
from harness.scene import Scene
from steps.effects import ask_elsewhere, clock_of
from steps.token import first_client, issuer, log_in

SECRETS = ("signing-key", "client-secret", "refresh-key", "subject-key")
EVERY = 300.0  # seconds between two rounds of the load
SEEN = 31.0  # seconds until what an operator wrote has reached every process
BEFORE = 2.0  # seconds before a token's last moment, and after a change
RETRY = 5.0  # seconds until a client whose answer was lost asks again: within the reuse grace


def rotation(scene: Scene) -> Rotation:
    return scene.port("rotation", lambda recorder: scene.target.rotation(scene.stage, recorder))


@dataclass
class Held:
    """An access token that is in use, and its end by the target's clock."""

    token: str = field(repr=False)
    ends: float


class Load:
    """What users and clients do all the time: log in, refresh, call the API with every token that has not expired."""

    def __init__(self, scene: Scene, old_secret: str) -> None:
        """`old_secret`: the generation of the confidential client's secret until it is rotated."""
        self._old_secret = old_secret
        self._scene, self._at, self._clock = scene, issuer(scene), clock_of(scene)
        self._rotation = rotation(scene)
        self._agent = self._at.new_agent()
        self._held: list[Held] = []
        self._sessions: dict[str, str] = {}  # refresh tokens by client

    @property
    def now(self) -> float:
        return self._clock.now(self._scene.stage)

    def go_to(self, moment: float) -> None:
        """Go on until then, with a round now and again, and one at that moment."""
        while self.now < moment:
            self._clock.advance(self._scene.stage, min(EVERY, max(0.05, moment - self.now)))
            self.round()

    def last_end(self) -> float:
        """When the youngest access token expires."""
        return max((held.ends for held in self._held), default=self.now)

    def round(self) -> None:
        """One of each: the published keys, a login, a refresh by each client, a lost answer, calls of the API."""
        told = {"at": f"{self.now:.1f}"}
        url = self._at.metadata.get("jwks_uri", "")
        self._agent.get("published keys", url, role="keys", **told)
        self._log_in(first_client(self._at), told)
        if self._sessions.get("confidential") is None:
            self._sessions["confidential"] = self._log_in(self._rotation.client(), told)
            self._sessions["public"] = self._log_in(first_client(self._at), told)
        for client in (self._rotation.client(self._old_secret), self._rotation.client()):
            self._refresh("confidential", client, told)  # some of its servers have the new secret, some the old
        self._refresh("public", first_client(self._at), told)
        self._call_api(told)

    def lose_an_answer(self) -> str:
        """Refresh a session of its own, and let the answer get lost; the token that was presented."""
        token = self._log_in(first_client(self._at), {"at": f"{self.now:.1f}"})
        self._at.refresh("load: answer that gets lost", token, first_client(self._at))
        return token

    def ask_again(self, token: str) -> None:
        """Ask once more for the lost answer, and use what it brings."""
        told = {"at": f"{self.now:.1f}"}
        answer = self._at.refresh("load: the lost answer again", token, first_client(self._at), about=told)
        newest = str(answer.json().get("refresh_token") or "none was given")
        self._at.refresh("load: refresh after the lost answer", newest, first_client(self._at), about=told)

    def _log_in(self, client: Client, told: dict[str, str]) -> str:
        """Log in; the refresh token. Whatever goes wrong is for the check to see."""
        user = self._at.address.users["existing"]
        asked = self._at.authorize("load: login", client, user, about=told)
        answer = self._at.redeem("load: code", asked, client, about=told)
        return self._take(answer.json())

    def _refresh(self, session: str, client: Client, told: dict[str, str]) -> None:
        answer = self._at.refresh("load: refresh", self._sessions[session], client, about={"session": session, **told})
        self._sessions[session] = self._take(answer.json()) or self._sessions[session]

    def _take(self, given: dict[str, object]) -> str:
        access, lives = given.get("access_token"), given.get("expires_in")
        if isinstance(access, str) and isinstance(lives, int):
            self._at.observe_token("load: token", access, "access_token")
            self._held.append(Held(access, self.now + lives))
        return str(given.get("refresh_token") or "none was given")

    def _call_api(self, told: dict[str, str]) -> None:
        self._held = [held for held in self._held if held.ends > self.now + 1]
        for held in self._held:
            headers = {"Authorization": f"Bearer {held.token}"}
            self._agent.get("load: API", self._at.address.protected, headers=headers, role="api", **told)


@given("users at a client without a secret and at one with a secret", target_fixture="old_secret")
def client_with_a_secret(scene: Scene) -> str:
    """The generation of the secret that the confidential client begins with."""
    with scene.where_offered():
        plan = rotation(scene).rotate("first secret of the client", "client-secret")
        clock_of(scene).advance(scene.stage, SEEN)
        return plan.generation
    return ""


@when("they go on while every key and secret is rotated as planned", target_fixture="load")
def rotate_under_load(scene: Scene, old_secret: str) -> Load | None:
    if not old_secret:  # the target cannot, and has said so
        return None
    with scene.where_offered():
        load = Load(scene, old_secret)
        load.round()
        lost = load.lose_an_answer()
        plans = {secret: rotation(scene).rotate("planned rotation", secret) for secret in SECRETS}
        clock_of(scene).advance(scene.stage, RETRY)
        load.ask_again(lost)
        load.go_to(plans["signing-key"].at + SEEN)
        lost = _lose_an_answer_at(scene, load, plans["refresh-key"].used_from - BEFORE)
        clock_of(scene).advance(scene.stage, RETRY)
        load.ask_again(lost)
        _pass_the_change(load, plans["signing-key"])
        return load
    return None


def _lose_an_answer_at(scene: Scene, load: Load, moment: float) -> str:
    clock_of(scene).advance(scene.stage, max(0.0, moment - load.now))
    return load.lose_an_answer()


def _pass_the_change(load: Load, plan: RotationPlan) -> None:
    """Go on over the change of the signing key, and until the last token of the old one has lived its life."""
    load.go_to(plan.used_from - BEFORE)
    last = load.last_end()
    load.go_to(plan.used_from + BEFORE)
    load.go_to(last - BEFORE)


@when("the signing key is rotated once more, and that is taken back while they go on")
def roll_back_under_load(scene: Scene, load: Load | None) -> None:
    with scene.where_offered():
        if load is not None:
            plan = rotation(scene).rotate("rotation that is taken back", "signing-key")
            clock_of(scene).advance(scene.stage, max(0.0, plan.used_from + BEFORE - load.now))
            load.round()
            rotation(scene).roll_back("taken back", "signing-key")
            last = load.last_end()
            load.go_to(load.now + SEEN)
            load.go_to(last - BEFORE)


@when("what the old keys and secrets are good for is tried after their end")
def use_the_old_after_the_end(scene: Scene, old_secret: str, load: Load | None) -> None:
    if load is None:  # nothing was rotated, and why is recorded
        return
    with scene.where_offered():
        at, clock = issuer(scene), clock_of(scene)
        plans = [plan for plan in scene.recorder.seen if isinstance(plan, RotationPlan)]
        ends = {name: end for plan in plans for name, end in plan.ending.items()}
        old_key = str(scene.recorder.seen.of(TokenFacts, "load: token")[0].header.get("kid"))
        clock.advance(scene.stage, max(0.0, max(ends[old_secret], ends[old_key]) + BEFORE - clock.now(scene.stage)))
        old, new = rotation(scene).client(old_secret), rotation(scene).client()
        session = at.log_in("a session of the client with a secret", new, at.address.users["existing"])
        at.refresh("the old secret after its end", session.refresh_token, old)
        at.refresh("the new secret after that", session.refresh_token, new)
        forged = rotation(scene).forge(session.access_token, old_key)
        at.call_api("a token of the old key after its end", forged)
        at.call_api("a token of the newest key after that", session.access_token)


@when("the signing key and the refresh key are withdrawn, because they are compromised")
def withdraw(scene: Scene) -> None:
    with scene.where_offered():
        at, clock, operator = issuer(scene), clock_of(scene), rotation(scene)
        withdraw_now = operator.withdraw  # first: where nobody can, nobody need log in
        session = log_in(scene, "a session before")
        at.call_api("before the withdrawal", session.access_token)
        old = at.observe_token("before the withdrawal", session.access_token, "access_token").header.get("kid", "")
        withdraw_now("withdrawn", "signing-key")
        withdraw_now("withdrawn", "refresh-key")
        clock.advance(scene.stage, SEEN)
        fresh = log_in(scene, "a session after")
        at.call_api("a new token after the withdrawal", fresh.access_token)
        clock.advance(scene.stage, scene.parameter("jwks_cache") - SEEN)
        _try_withdrawn(
            scene, {"issued": session.access_token, "forged": operator.forge(session.access_token, str(old))}
        )
        at.refresh("withdrawn: refresh token", session.refresh_token, session.client)
        at.new_agent().get("published keys after the withdrawal", at.metadata.get("jwks_uri", ""), role="keys")


def _try_withdrawn(scene: Scene, tokens: dict[str, str]) -> None:
    """Every route of the API, with tokens of the withdrawn key."""
    at = issuer(scene)
    routes = (*(Route("GET", path) for path in at.address.api_data), *at.address.api_routes)
    for how, token in tokens.items():
        at.call_api("withdrawn: API", token, token=how, elsewhere=str(len(routes)))
        for route in routes:
            ask_elsewhere(
                at, "withdrawn: elsewhere", route, token, {"token": how, "route": f"{route.method} {route.path}"}
            )
