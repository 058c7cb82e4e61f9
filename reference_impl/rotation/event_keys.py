"""By which keys events are verified: the public halves of the signing keys that are good, and of those that ended as
planned, each with the time in which it signed. Pure.

Tokens die before their key ends; events are archived, and read many keys later. So a key that ended is remembered as
long as its events are, and no private half with it. One that was taken away before its end is not: what it signed is
worth nothing, whatever time it tells.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace

from reference_impl.rotation.generations import Generation, Generations
from reference_impl.rotation.policy import ARCHIVED


def recorded(known: Generations, before: Generations, after: Generations, now: float) -> Generations:
    """Return what is remembered once a change has made ``after`` of the signing keys ``before``.

    A key began when it signed first, also where it was gone back to.
    """
    good_before = {each.name for each in before.accepted(now)}
    ended = (each for each in known if is_remembered(each, now) and each.name not in good_before)
    began = {each.name: each.used_from for each in known}
    good = (replace(each, value=public_point(each.value), used_from=_began(each, began)) for each in after)
    return Generations((*ended, *good))


def is_remembered(key: Generation, now: float) -> bool:
    """Say whether the key has ended, and its events may still be in an archive."""
    return key.ends_at is not None and key.ends_at <= now < key.ends_at + ARCHIVED


def public_point(private_jwk: str) -> str:
    """Return the public half of an EC key: the members x and y of its JWK."""
    jwk = json.loads(private_jwk)
    return f"{jwk['x']} {jwk['y']}"


def as_jwk(key: Generation) -> dict[str, object]:
    """Return a remembered key as a JWK. Its `nbf` and `exp` bound the times that events of this key may tell, as those
    of a historical key in OpenID Federation 1.0 §8.7: seconds since the epoch."""
    x, y = key.value.split(" ")
    told = {"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": key.name, "use": "sig", "alg": "ES256"}
    end = {} if key.ends_at is None else {"exp": math.ceil(key.ends_at)}
    return {**told, "nbf": math.floor(key.used_from), **end}


def _began(key: Generation, known: dict[str, float]) -> float:
    return min(key.used_from, known.get(key.name, key.used_from))
