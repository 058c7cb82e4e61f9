"""The issuer's public keys as an API knows them: fetched, kept for a while, and fetched again for an unknown key id.

The address comes from the API's own configuration, never from a token (RFC 8725 §3.10). Whoever sends tokens decides
how often an unknown key id comes; so he must not decide how often the issuer is asked.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

import requests
from werkzeug.test import Client

from reference_impl.clock import Clock

if TYPE_CHECKING:
    from flask import Flask

Jwks = Mapping[str, Sequence[Mapping[str, object]]]

PATH = "/.well-known/jwks.json"
KEPT = 600.0  # seconds: after a key was withdrawn it is trusted no longer than this
AT_MOST_EVERY = 30.0  # seconds between two fetches that an unknown key id causes, whatever became of the first
AGAIN = 1.0  # seconds after a failure before somebody without keys asks again
TIMEOUT = 5.0  # seconds that the issuer has for an answer


class KeysUnavailable(Exception):
    """The issuer does not tell its keys now: nobody can be let in, and nobody is refused for good."""


class IssuerKeys:
    """The key set of one issuer. Safe for several threads, of which one fetches; who has keys waits for none."""

    def __init__(self, fetch: Callable[[], Jwks], clock: Clock) -> None:
        """``fetch`` raises KeysUnavailable."""
        self.fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._known: tuple[float, Jwks] | None = None  # when they were fetched, and the keys
        self._asked_at: float | None = None

    def __call__(self) -> Jwks:
        """Return the keys, not older than `KEPT`. Raises KeysUnavailable."""
        known = self._fresh()
        if known is None:
            with self._lock:
                known = self._fresh() or self._fetch(AGAIN)
        return known

    def refresh(self) -> None:
        """Look for keys that were published meanwhile, unless somebody did just now. Raises KeysUnavailable."""
        with self._lock:
            if not self._asked_within(AT_MOST_EVERY):
                self._fetch(0.0)

    def _fresh(self) -> Jwks | None:
        known = self._known
        return known[1] if known is not None and 0 <= self._clock.now() - known[0] < KEPT else None

    def _asked_within(self, seconds: float) -> bool:
        return self._asked_at is not None and 0 <= self._clock.now() - self._asked_at < seconds

    def _fetch(self, pause: float) -> Jwks:
        if self._asked_within(pause):
            raise KeysUnavailable("the issuer told no keys a moment ago")
        self._asked_at = self._clock.now()
        keys = self.fetch()
        self._known = (self._clock.now(), keys)
        return keys


def fetch_over_http(http: requests.Session, issuer: str, path: str = PATH) -> Jwks:
    """Fetch the keys of an issuer elsewhere. Raises KeysUnavailable."""
    try:
        response = http.get(f"{issuer}{path}", allow_redirects=False, timeout=TIMEOUT)
        return _checked(response.status_code, response.json())
    except (requests.RequestException, ValueError) as error:
        raise KeysUnavailable(f"no keys from {issuer} ({type(error).__name__})") from error


def fetch_in_process(app: Flask, issuer: str, path: str = PATH) -> Jwks:
    """Fetch the keys of an issuer in this process: by WSGI, so that no thread of its server waits for another one."""
    response = Client(app).get(path, base_url=issuer)
    return _checked(response.status_code, response.get_json(silent=True))


def _checked(status: int, body: object) -> Jwks:
    keys = body.get("keys") if isinstance(body, dict) else None
    if status != 200 or not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise KeysUnavailable(f"the issuer answered {status} without a key set")
    return cast("Jwks", body)
