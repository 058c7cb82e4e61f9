"""The key of the stage's pseudonyms, of which the newest makes those of new accounts."""

from __future__ import annotations

import base64
from collections.abc import Callable

from reference_impl.rotation.generations import Generation
from reference_impl.rotation.live import LiveGenerations
from reference_impl.rotation.policy import SUBJECT


def rotating_subject_key(key: bytes, live: LiveGenerations) -> Callable[[], bytes]:
    """Return what gives the configured key, and after a rotation the one in its place."""
    configured = Generation("configured", base64.urlsafe_b64encode(key).decode(), used_from=0.0)

    def current() -> bytes:
        return base64.urlsafe_b64decode(live.of(SUBJECT, configured).current(live.now()).value)

    return current
