"""Phrases about access tokens that somebody forges: by their algorithm, and by hints at keys."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlsplit

from pytest_bdd import given, when

from harness.observations import Volley
from harness.ports import Surroundings
from harness.probes.forgeries import ALGORITHMS, KEY_HINTS, WELL_SIGNED, Forger, Listener
from harness.probes.forgery import AttackerKeys, PublicKey, Token, read_jwk
from harness.probes.listener import CanaryListener
from harness.scene import Scene
from steps.presenting import Presenter, jwt_of, not_reachable, presenter

__all__ = ["Attack"]

IN_VAIN = 200  # requests with key ids that nobody knows
NO_KEY = PublicKey(b"", b"", b"", b"")


@dataclass
class Attack:
    """An attacker with a token of the user's, and the API that he attacks."""

    presenter: Presenter
    token: Token
    forger: Forger
    keys: AttackerKeys


@given("a user's access token, and an attacker who knows the issuer's public key", target_fixture="attack")
def an_attacker(scene: Scene) -> Attack:
    victim = presenter(scene)
    token = jwt_of(victim)
    keys = AttackerKeys(str(token.header.get("alg")))
    return Attack(victim, token, Forger(token, public_key(victim, token), keys), keys)


def public_key(victim: Presenter, token: Token) -> PublicKey:
    """The issuer's key, as published. Raises NotOffered where none with the token's key id can be read."""
    published = victim.at.published_keys().get(victim.at.stage, {}).get("keys")
    for jwk in published if isinstance(published, list) else ():
        if isinstance(jwk, dict) and jwk.get("kid") == token.header.get("kid") and (read := read_jwk(jwk)):
            return read
    told = "no key that it publishes has the key id of its tokens"
    raise victim.at.address.not_offered("published key", told)


@when("the token is presented as it is, and forged in these ways, at every route that takes one")
def present_forgeries(attack: Attack, datatable: list[list[str]]) -> None:
    victim = attack.presenter
    victim.present("the token as it is", victim.grant.access_token)
    for (name,) in datatable[1:]:
        victim.forged("a forged token", ALGORITHMS[name](attack.forger), forgery=name)
    victim.present("the token as it is, afterwards", victim.grant.access_token)


@when("tokens of the attacker name keys in these ways, while he listens for whoever fetches them")
def present_hints(scene: Scene, attack: Attack, datatable: list[list[str]]) -> None:
    victim, keys = attack.presenter, attack.keys
    with scene.where_offered():
        surroundings(scene).watch(scene.stage)
    named = ({"kid": "attacker"}, attack.forger.issuers_key_id)
    jwks = [{**keys.jwk, "alg": keys.algorithm, "use": "sig", **kid} for kid in named]
    listener = CanaryListener({"keys": jwks}, keys.x5u)
    scene.closing.callback(listener.close)
    victim.present("the token as it is", victim.grant.access_token, victim.first)
    for scheme in ("http", "https"):
        at = Listener(listener.url("/keys.json", scheme), listener.url("/certificate.pem", scheme))
        forger = Forger(attack.token, attack.forger.public, keys, at)
        for (name,) in datatable[1:]:
            if scheme == "http" or "URL" in name:
                victim.forged("a hint at a key", KEY_HINTS[name](forger), forgery=name, scheme=scheme)
    with scene.where_offered():
        host = urlsplit(victim.ways[0].url).hostname or ""
        if not (host in ("127.0.0.1", "::1") or host == "localhost" or host.endswith(".localhost")):
            raise not_reachable(host)
        listener.observe("who came to the listener", scene.recorder, stage=scene.stage)


@when("the issuer's own key signs tokens that name an unknown key, or an extension that nobody knows")
def present_well_signed(scene: Scene, attack: Attack) -> None:
    with scene.where_offered():
        key = scene.port("signing key", lambda recorder: scene.target.signing_key())
        forger = Forger(attack.token, NO_KEY, attack.keys, sign=lambda signed: key.sign(scene.stage, signed))
        for name, forge in WELL_SIGNED.items():
            attack.presenter.forged("a hint at a key", forge(forger), forgery=name, scheme="http")


@when("many tokens in a row name keys that nobody knows, and then the token is presented as it is")
def present_in_vain(scene: Scene, attack: Attack) -> None:
    victim, statuses = attack.presenter, Counter[str]()
    began = time.monotonic()
    way = victim.ways[0]
    for number in range(IN_VAIN):
        headers = {"Authorization": f"Bearer {attack.forger.in_vain(number)}"}
        answer = victim.agent.send("one of many", way.method, way.url, headers=headers, record=False)
        statuses[str(answer.status)] += 1
    seconds = round(time.monotonic() - began, 3)
    scene.recorder.record(
        Volley(case="many unknown key ids", about={"stage": scene.stage}, statuses=statuses, seconds=seconds)
    )
    with scene.where_offered():
        surroundings(scene).key_requests("requests for the key set", scene.stage)
    victim.present("the token as it is, afterwards", victim.grant.access_token)
    with scene.where_offered():
        surroundings(scene).logs("the logs of the attack", scene.stage)


def surroundings(scene: Scene) -> Surroundings:
    """What the target's operators see."""
    return scene.port("surroundings", lambda recorder: scene.target.surroundings(recorder))
