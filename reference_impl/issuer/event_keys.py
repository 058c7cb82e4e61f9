"""The issuer's keys for whoever verifies its events: a document of their own, for tokens must die with their keys."""

from __future__ import annotations

from reference_impl.issuer.keys import KeyRing
from reference_impl.rotation.event_keys import as_jwk, recorded
from reference_impl.rotation.generations import Generations
from reference_impl.rotation.live import LiveGenerations
from reference_impl.rotation.parameter import EVENT_KEYS


class EventKeys:
    """What the issuer publishes at `reference_impl.events.authenticity.PATH`."""

    def __init__(self, ring: KeyRing, remembered: LiveGenerations) -> None:
        """``remembered``: where the keys are seen that have ended."""
        self._ring, self._remembered = ring, remembered

    def document(self) -> dict[str, list[dict[str, object]]]:
        """Return the JWK set: each key with the time in which it signed. Raises GenerationsUnknown."""
        good = Generations(tuple(self._ring.published()))
        keys = recorded(self._remembered.of(EVENT_KEYS), good, good, self._remembered.now())
        return {"keys": [as_jwk(key) for key in keys]}
