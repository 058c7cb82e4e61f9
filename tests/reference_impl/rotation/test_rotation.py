"""Rotation in Parameter Store, and how issuer, API and clients meet it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from reference_impl.issuer.client_secrets import ClientSecrets
from reference_impl.issuer.keys import KeyRing
from reference_impl.issuer.opaque import fingerprint
from reference_impl.issuer.refresh_keys import RefreshKeys
from reference_impl.issuer.subject_key import rotating_subject_key
from reference_impl.rotation import (
    OLDEST,
    RELOAD,
    Generation,
    Generations,
    GenerationsUnknown,
    LiveGenerations,
    Rotation,
)
from reference_impl.rotation.parameter import read_generations
from reference_impl.rotation.policy import REFRESH, SIGNING, SUBJECT
from reference_impl.secret_parameters import StageSecrets, read_secrets

Hands = Any  # conftest's clock
KEY = b"k" * 32


@pytest.fixture
def secrets(ssm: Any) -> StageSecrets:
    found = read_secrets(ssm, "shop", "prod", [])
    assert found
    return found


@pytest.fixture
def live(ssm: Any, clock: Hands) -> LiveGenerations:
    return LiveGenerations(partial(read_generations, ssm, "shop", "prod"), clock)


@pytest.fixture
def ring(secrets: StageSecrets, live: LiveGenerations) -> KeyRing:
    return KeyRing(secrets.signing_key, live)


def kids(ring: KeyRing) -> list[object]:
    return [key["kid"] for key in ring.jwks()["keys"]]


def test_a_new_signing_key_is_published_for_a_cache_lifetime_before_it_signs(
    ring: KeyRing, rotation: Rotation, clock: Hands
) -> None:
    old = ring.kid
    plan = rotation.rotate(SIGNING)
    clock.time += 30
    assert (ring.kid, kids(ring)) == (old, [old, plan.generation])
    clock.time = plan.used_from - 1
    assert ring.kid == old
    assert plan.used_from - (1_800_000_000 + 30) >= 600
    clock.time = plan.used_from
    assert ring.kid == plan.generation


def test_what_the_old_key_signed_is_good_until_it_has_expired_and_not_longer(
    ring: KeyRing, rotation: Rotation, clock: Hands
) -> None:
    plan = rotation.rotate(SIGNING)
    clock.time = plan.used_from - 1
    old, last = ring.kid, ring.sign({"sub": "someone"})
    clock.time = plan.used_from + 900
    assert ring.read(last) == {"sub": "someone"}
    clock.time = plan.ending[old]
    assert ring.read(last) is None
    assert kids(ring) == [plan.generation]


def test_a_withdrawn_key_is_nowhere_any_more(ring: KeyRing, rotation: Rotation, ssm: Any, clock: Hands) -> None:
    token, compromised = ring.sign({}), ring.kid
    plan = rotation.withdraw(SIGNING)
    clock.time += 30
    assert (kids(ring), ring.kid, ring.read(token)) == ([plan.generation], plan.generation, None)
    names = [p["Name"] for p in ssm.get_parameters_by_path(Path="/shop/prod/auth/")["Parameters"]]
    values = [ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"] for name in names]
    assert not any(compromised in value for value in values)


def test_a_process_that_starts_later_has_the_newest_key(ssm: Any, rotation: Rotation, secrets: StageSecrets) -> None:
    plan = rotation.rotate(SIGNING)
    started = read_secrets(ssm, "shop", "prod", [])
    assert started
    assert started.signing_key["kid"] == plan.generation != secrets.signing_key["kid"]


def test_a_rotation_can_be_taken_back(ring: KeyRing, rotation: Rotation, clock: Hands) -> None:
    old = ring.kid
    plan = rotation.rotate(SIGNING)
    clock.time = plan.used_from + 31
    token = ring.sign({"sub": "someone"})
    back = rotation.roll_back(SIGNING)
    clock.time += 31
    assert (back.generation, ring.kid) == (old, old)
    assert ring.read(token) == {"sub": "someone"}


def test_a_token_of_the_old_refresh_key_is_known_and_the_successor_of_a_lost_answer_is_the_same(
    live: LiveGenerations, rotation: Rotation, clock: Hands
) -> None:
    keys = RefreshKeys.rotating(KEY, live)
    token = keys.derive("session", 1)
    known = fingerprint(token)
    assert keys.derive_again("session", 1, known) == token
    assert keys.derive_again("session", 1, "another") is None


def test_a_withdrawn_refresh_key_makes_its_tokens_worthless(
    secrets: StageSecrets, live: LiveGenerations, rotation: Rotation, clock: Hands
) -> None:
    keys = RefreshKeys.rotating(secrets.refresh_key, live)
    token = keys.derive("session", 1)
    plan = rotation.rotate(REFRESH)
    clock.time = plan.used_from
    assert keys.derive_again("session", 1, fingerprint(token)) == token
    assert keys.derive("session", 2) != RefreshKeys.of(secrets.refresh_key).derive("session", 2)
    rotation.withdraw(REFRESH)
    clock.time += 30
    assert keys.derive_again("session", 1, fingerprint(token)) is None


def test_a_client_has_two_good_secrets_while_one_is_rotated(
    live: LiveGenerations, rotation: Rotation, clock: Hands
) -> None:
    known = ClientSecrets(live)
    assert not known.accepts("reports", "")
    assert not ClientSecrets().accepts("reports", "anything")
    first = rotation.rotate("client-secret/reports")
    clock.time += 30
    second = rotation.rotate("client-secret/reports")
    clock.time += 30
    assert known.accepts("reports", first.reveal)
    assert known.accepts("reports", second.reveal)
    assert not known.accepts("web", first.reveal)
    clock.time = second.ending[first.generation]
    assert not known.accepts("reports", first.reveal)
    assert known.accepts("reports", second.reveal)


def test_the_secret_of_a_client_is_told_once_and_kept_nowhere(ssm: Any, rotation: Rotation) -> None:
    plan = rotation.rotate("client-secret/reports")
    kept = ssm.get_parameter(Name="/shop/prod/auth/generations", WithDecryption=True)["Parameter"]["Value"]
    assert plan.reveal
    assert plan.reveal not in kept + repr(plan)


def test_the_subject_key_is_replaced_at_once(
    secrets: StageSecrets, live: LiveGenerations, rotation: Rotation, clock: Hands
) -> None:
    current = rotating_subject_key(secrets.subject_key, live)
    assert current() == secrets.subject_key
    rotation.rotate(SUBJECT)
    clock.time += 30
    assert current() != secrets.subject_key


@pytest.mark.parametrize("secret", ["users", "", "client-secret/", "signing"])
def test_what_cannot_be_rotated_is_named_with_what_can(rotation: Rotation, secret: str) -> None:
    for act in (rotation.rotate, rotation.withdraw):
        with pytest.raises(LookupError, match="signing-key"):
            act(secret)


def test_more_generations_than_the_parameter_holds_are_refused_and_the_old_ones_stay(
    ssm: Any, rotation: Rotation
) -> None:
    def rotate_too_often() -> None:
        for _ in range(30):
            rotation.rotate(SIGNING)

    with pytest.raises(ValueError, match="wait until an old one has ended"):
        rotate_too_often()
    assert len(read_generations(ssm, "shop", "prod")[SIGNING].kept) > 2


class Store:
    """What `read_generations` reads, out of order where a test says so."""

    def __init__(self, clock: Hands) -> None:
        self.clock = clock
        self.works = True
        self.asked: list[float] = []

    def read(self) -> dict[str, Generations]:
        self.asked.append(self.clock.time)
        if not self.works:
            raise OSError("not there")
        return {SIGNING: Generations((Generation("old", "", 0.0), Generation("new", "", 1.0)))}


@pytest.fixture
def store(clock: Hands) -> Store:
    return Store(clock)


def names(live: LiveGenerations) -> list[str]:
    return [each.name for each in live.of(SIGNING, Generation("new", "", 0.0))]


def test_a_store_that_cannot_be_read_changes_nothing_for_a_while_and_is_asked_again(store: Store, clock: Hands) -> None:
    live = LiveGenerations(store.read, clock)
    live.load()
    store.works = False
    clock.time += 30
    for _ in range(3):
        assert names(live) == ["old", "new"]
    clock.time += 30
    assert names(live) == ["old", "new"]
    assert store.asked == [1_800_000_000, 1_800_000_030, 1_800_000_060]


def test_after_a_stated_age_nothing_is_taken_for_good_until_the_store_is_back(store: Store, clock: Hands) -> None:
    live = LiveGenerations(store.read, clock)
    live.load()
    store.works = False
    clock.time += OLDEST - 1
    assert names(live) == ["old", "new"]
    clock.time += RELOAD
    with pytest.raises(GenerationsUnknown, match="Parameter Store"):
        live.of(SIGNING)
    store.works = True
    clock.time += RELOAD
    assert names(live) == ["old", "new"]


def test_a_process_that_starts_while_the_store_is_away_does_not_start(store: Store, clock: Hands) -> None:
    """It would know the newest key alone, and refuse the tokens of the one before."""
    store.works = False
    live = LiveGenerations(store.read, clock)
    with pytest.raises(GenerationsUnknown, match="auth/generations"):
        live.load()
    with pytest.raises(GenerationsUnknown):
        names(live)


def test_whoever_asks_while_another_thread_reads_for_the_first_time_waits_for_it(store: Store, clock: Hands) -> None:
    reading, go_on = threading.Event(), threading.Event()

    def read() -> dict[str, Generations]:
        reading.set()
        assert go_on.wait(10)
        return store.read()

    live = LiveGenerations(read, clock)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(names, live)
        assert reading.wait(10)
        second = pool.submit(names, live)
        go_on.set()
        assert (first.result(10), second.result(10)) == (["old", "new"], ["old", "new"])
    assert len(store.asked) == 1
