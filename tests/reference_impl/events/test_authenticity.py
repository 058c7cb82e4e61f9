"""The times in which a key speaks for the issuer."""

from __future__ import annotations

from typing import Any

import pytest

from reference_impl.events import EventSigner, EventVerifier
from reference_impl.events.authenticity import SKEW
from reference_impl.events.schema import rfc3339
from tests.reference_impl.events.test_consumer import KEY, PUBLISHED

BEGINS, ENDS = 1_800_000_000, 1_800_009_000


def verified(told: dict[str, str], **bounds: Any) -> bool:
    (public,) = PUBLISHED["keys"]
    return EventVerifier(lambda: {"keys": [{**public, **bounds}]})(told, EventSigner.of_key(KEY)(told))


def at(moment: float, member: str = "recorded_at") -> dict[str, str]:
    return {member: rfc3339(moment)}


@pytest.mark.parametrize("member", ["recorded_at", "occurred_at"])
@pytest.mark.parametrize(
    ("moment", "counts"),
    [
        (BEGINS - SKEW - 1, False),
        (BEGINS - SKEW, True),
        (BEGINS, True),
        (ENDS - 0.001, True),
        (ENDS, False),
        (ENDS + 86_400, False),
    ],
)
def test_an_event_counts_if_it_was_recorded_in_the_time_of_its_key(moment: float, counts: bool, member: str) -> None:
    assert verified(at(moment, member), nbf=BEGINS, exp=ENDS) is counts


def test_when_it_was_recorded_counts_and_not_when_it_happened() -> None:
    """Somebody who was offline signed out before the key began; and a thief would say so."""
    assert verified({**at(BEGINS), **at(BEGINS - 86_400, "occurred_at")}, nbf=BEGINS, exp=ENDS)
    assert not verified({**at(ENDS), **at(BEGINS, "occurred_at")}, nbf=BEGINS, exp=ENDS)


def test_a_key_without_bounds_has_none_and_one_whose_bounds_are_no_numbers_verifies_nothing() -> None:
    assert verified(at(ENDS + 1), nbf=BEGINS)
    assert verified(at(0))
    assert not verified(at(BEGINS), exp="later")
    assert not verified(at(BEGINS), nbf=None)
    assert not verified(at(BEGINS), exp=float("nan"))


@pytest.mark.parametrize("told", [{}, {"recorded_at": "yesterday"}])
def test_an_event_that_tells_no_time_is_of_no_key(told: dict[str, str]) -> None:
    assert not verified(told, nbf=BEGINS, exp=ENDS)
