"""How long before its use a new generation is published, and how long after it the old one is good. Seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reference_impl.config import Lifetimes

JWKS_CACHE = 600.0  # seconds that whoever verifies may keep a JWK set
RELOAD = 30.0  # seconds after which each process has read what another one wrote
OLDEST = 900.0  # seconds since the last look after which a process that cannot look takes no key for good: for so long
# may a withdrawn one be taken, where Parameter Store cannot be read
MARGIN = 60.0
DAY = 86_400.0
ARCHIVED = 97 * DAY  # events are archived for 90 (events/deploy.py), and may have waited a week for the bus before

SIGNING, REFRESH, SUBJECT, CLIENT = "signing-key", "refresh-key", "subject-key", "client-secret/"
EVENT_KEY = "event-key/"  # a signing key that has ended, by which events of its time are verified


@dataclass(frozen=True)
class RotationPolicy:
    """``leads`` and ``overlaps`` by secret; all secrets of clients share one entry."""

    leads: Mapping[str, float] = field(default_factory=dict)
    overlaps: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, lifetimes: Lifetimes) -> RotationPolicy:
        """Return the policy that follows from how long things live."""
        return cls(
            leads={
                SIGNING: JWKS_CACHE + RELOAD + MARGIN,  # no verifier meets a key that it cannot have seen
                REFRESH: RELOAD + MARGIN,  # no process meets a token of a key that it has not read
                SUBJECT: 0.0,
                CLIENT: RELOAD,
            },
            overlaps={
                SIGNING: lifetimes.access + lifetimes.leeway + RELOAD,  # the last token that it signed has expired
                REFRESH: lifetimes.refresh_idle + RELOAD,  # a family that was not refreshed meanwhile is dead
                SUBJECT: 0.0,  # nothing is verified with it: what it made is kept
                CLIENT: DAY,  # until every server of the client has the new one
            },
        )

    def lead(self, secret: str) -> float:
        """Return how long before its use a new generation of the secret is published."""
        return self.leads[_entry(secret)]

    def overlap(self, secret: str) -> float:
        """Return how long an old generation is good after the new one is used."""
        return self.overlaps[_entry(secret)]


def _entry(secret: str) -> str:
    return CLIENT if secret.startswith(CLIENT) else secret
