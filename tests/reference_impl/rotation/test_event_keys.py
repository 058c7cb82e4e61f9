"""The signing keys that are remembered for events: which, for how long, and with what time of theirs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from reference_impl.events.deploy import ARCHIVE_DAYS
from reference_impl.rotation import Generation, Generations, Rotation
from reference_impl.rotation.event_keys import as_jwk, recorded
from reference_impl.rotation.parameter import EVENT_KEYS, read_event_keys, read_generations
from reference_impl.rotation.policy import ARCHIVED, DAY, SIGNING

Hands = Any  # conftest's clock
Remembered = Callable[[], dict[str, Generation]]


@pytest.fixture
def remembered(ssm: Any) -> Remembered:
    def read() -> dict[str, Generation]:
        return {each.name: each for each in read_event_keys(ssm, "shop", "prod")[EVENT_KEYS]}

    return read


def text_of(ssm: Any, name: str) -> str:
    return str(ssm.get_parameter(Name=f"/shop/prod/auth/{name}", WithDecryption=True)["Parameter"]["Value"])


def first_of(ssm: Any) -> dict[str, str]:
    """The JWK of the key before the first rotation."""
    return dict(json.loads(text_of(ssm, "signing-key")))


def test_a_key_that_ended_is_remembered_with_its_time_and_without_its_private_half(
    ssm: Any, rotation: Rotation, clock: Hands, remembered: Remembered
) -> None:
    first = first_of(ssm)
    second = rotation.rotate(SIGNING)
    clock.time = second.ending[first["kid"]] + 30 * DAY
    third = rotation.rotate(SIGNING)
    jwk = as_jwk(remembered()[first["kid"]])
    assert (jwk["nbf"], jwk["exp"]) == (0, second.ending[first["kid"]])
    assert {name: jwk[name] for name in ("kty", "crv", "x", "y")} == {n: first[n] for n in ("kty", "crv", "x", "y")}
    assert remembered()[second.generation].used_from == second.used_from
    assert remembered()[second.generation].ends_at == third.ending[second.generation]
    assert first["d"] not in text_of(ssm, "event-keys")


def test_it_is_remembered_as_long_as_events_are_archived_and_not_longer(
    ssm: Any, rotation: Rotation, clock: Hands, remembered: Remembered
) -> None:
    first = first_of(ssm)["kid"]
    ends = rotation.rotate(SIGNING).ending[first]
    clock.time = ends + ARCHIVE_DAYS * DAY
    rotation.rotate(SIGNING)
    assert first in remembered()
    clock.time = ends + ARCHIVED
    rotation.rotate(SIGNING)
    assert first not in remembered()


def test_keys_that_are_withdrawn_are_not_remembered_and_those_that_had_ended_are(
    ssm: Any, rotation: Rotation, clock: Hands, remembered: Remembered
) -> None:
    first = first_of(ssm)["kid"]
    second = rotation.rotate(SIGNING)
    clock.time = second.ending[first]
    third = rotation.rotate(SIGNING)
    clock.time = third.used_from  # the second is good for a while yet
    last = rotation.withdraw(SIGNING)
    assert set(remembered()) == {first, last.generation}
    clock.time += 30 * DAY
    rotation.rotate(SIGNING)
    assert {second.generation, third.generation}.isdisjoint(remembered())


def test_a_key_that_was_gone_back_to_began_when_it_signed_first(
    ssm: Any, rotation: Rotation, clock: Hands, remembered: Remembered
) -> None:
    first = first_of(ssm)["kid"]
    undone = rotation.rotate(SIGNING)
    clock.time = undone.used_from + 60
    back = rotation.roll_back(SIGNING)
    assert (remembered()[first].used_from, remembered()[first].ends_at) == (0, None)
    assert remembered()[undone.generation].ends_at == back.ending[undone.generation]


def test_a_key_that_never_signed_is_not_remembered(rotation: Rotation, remembered: Remembered) -> None:
    unused = rotation.rotate(SIGNING).generation
    assert unused in remembered()
    rotation.roll_back(SIGNING)
    assert unused not in remembered()


def test_an_ended_key_that_turns_out_to_be_compromised_is_withdrawn_by_its_name(
    ssm: Any, rotation: Rotation, clock: Hands, remembered: Remembered
) -> None:
    first = first_of(ssm)["kid"]
    second = rotation.rotate(SIGNING)
    with pytest.raises(LookupError, match="none"):
        rotation.withdraw(f"event-key/{first}")  # it is good: the signing key itself has to be withdrawn
    clock.time = second.ending[first]
    with pytest.raises(LookupError, match=first):
        rotation.withdraw("event-key/another")
    plan = rotation.withdraw(f"event-key/{first}")
    assert (plan.generation, plan.ending) == (second.generation, {first: clock.time})
    assert first not in remembered()
    assert first not in [each.name for each in read_generations(ssm, "shop", "prod")[SIGNING]]
    rotation.rotate(SIGNING)
    assert first not in remembered()


def test_a_key_is_taken_for_ended_by_no_rotation_that_failed(
    ssm: Any, rotation: Rotation, clock: Hands, remembered: Remembered
) -> None:
    """It goes on; and when it is withdrawn at last, its end of that time counts for nothing."""
    first = first_of(ssm)["kid"]
    with mock.patch("reference_impl.rotation.operation.write_generations", side_effect=OSError), pytest.raises(OSError):  # noqa: PT011
        rotation.rotate(SIGNING)
    assert remembered()[first].ends_at is not None
    clock.time += DAY
    rotation.withdraw(SIGNING)
    assert first not in remembered()


def test_a_key_a_week_fits_into_the_parameter_and_too_many_are_refused(
    ssm: Any, rotation: Rotation, clock: Hands, remembered: Remembered
) -> None:
    for _ in range(20):
        rotation.rotate(SIGNING)
        clock.time += 7 * DAY
    assert len(remembered()) == 15
    assert len(text_of(ssm, "event-keys")) <= 4096, "a standard parameter is enough"

    def rotate_too_often() -> None:
        for _ in range(40):
            rotation.rotate(SIGNING)
            clock.time += DAY

    with pytest.raises(ValueError, match="rotate every three days at most"):
        rotate_too_often()
    newest = rotation.withdraw(SIGNING).generation  # an emergency is no less one
    assert newest in remembered()


def test_what_is_good_now_is_told_as_it_is_now() -> None:
    """The document is made of what is remembered and of what is good, which may have been read later."""
    known = Generations((Generation("old", "1 1", 10.0, 20.0), Generation("new", "2 2", 15.0)))
    good = Generations((Generation("new", json.dumps({"x": "2", "y": "2", "d": "2"}), 18.0, 90.0),))
    assert recorded(known, good, good, 30.0).kept == (known.kept[0], Generation("new", "2 2", 15.0, 90.0))
