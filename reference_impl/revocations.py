"""Revocations that a sign-out owes the issuer: tried at once, and again until the issuer confirms them (RFC 7009 §2).

A sign-out is complete here whatever the network does. At the issuer the grant lives on until somebody who holds its
token revokes it. So a token that is still to be revoked is kept, under a name of its own that no sign-in and no refresh
ever reads, until the issuer has confirmed that it is dead, or it must be dead of old age.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Protocol

from reference_impl.clock import Clock
from reference_impl.oauth_client import OAuthClient, OAuthClientError

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0  # seconds between two tries; each pause is twice the one before
TOO_OLD = 30 * 86_400.0  # seconds: no refresh token lives longer (NIST SP 800-63B-4 §2.1.3)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Owed:
    """A token to revoke, its issuer, to whom alone it may be sent, since when (seconds since the epoch), and why."""

    issuer: str
    token: str = field(repr=False)
    since: float
    reason: str = "user"


class Shelf(Protocol):
    """Where a text is kept; one that outlives the process makes the revocations outlive it."""

    @property
    def most(self) -> int:
        """How many revocations the text may hold; then the oldest gives way."""

    def load(self) -> str | None:
        """Return what was saved last, or None."""

    def save(self, text: str | None) -> None:
        """Keep this text and no other; None: keep nothing."""


class MemoryShelf:
    """Keeps the text in this object: enough for many users who sign out while the issuer is away."""

    most: int = 1000

    def __init__(self) -> None:
        self._text: str | None = None

    def load(self) -> str | None:
        """Return what was saved last, or None."""
        return self._text

    def save(self, text: str | None) -> None:
        """Keep this text and no other."""
        self._text = text


class Revocations:
    """What is owed, and who pays it. Safe for several threads."""

    def __init__(
        self,
        client_of: Callable[[str], OAuthClient | None],
        clock: Clock,
        shelf: Shelf | None = None,
        stopping: threading.Event | None = None,
    ) -> None:
        """``client_of``: the client for an issuer, None where there is none (any more); ``stopping`` ends the tries."""
        self.shelf = shelf or MemoryShelf()
        self._client_of = client_of
        self._clock = clock
        self._stopping = stopping or threading.Event()
        self._lock = threading.Lock()
        self._payer: threading.Thread | None = None

    def owe(self, issuer: str, token: str, reason: str = "user") -> None:
        """Keep a token until it is revoked; nothing is sent yet."""
        with self._lock:
            owed = [*self._load(), Owed(issuer, token, self._clock.now(), reason)]
            if len(owed) > self.shelf.most:
                _report("revocation-given-up", "no room for more")
            self._save(owed[-self.shelf.most :])

    def pay(self, token: str) -> bool:
        """Try to revoke a token that is owed; return whether the issuer confirmed it. If not, it is tried again."""
        with self._lock:
            owed = [debt for debt in self._load() if debt.token == token]
        if all(self._try(debt) for debt in owed):
            return True
        self.resume(FIRST_PAUSE)
        return False

    def resume(self, pause: float = 0.0) -> None:
        """Go on trying, beside the caller, after ``pause`` seconds; without effect where nothing is owed."""
        with self._lock:
            if self._load() and self._payer is None:
                self._payer = threading.Thread(target=self._pay_all, args=(pause,), name="revocations", daemon=True)
                self._payer.start()

    def _pay_all(self, pause: float) -> None:
        while not self._stopping.wait(pause):
            with self._lock:
                owed = self._load()
                if not owed:
                    self._payer = None
                    return
            for debt in owed:
                self._try(debt)
            pause = min(max(2 * pause, FIRST_PAUSE), LONGEST_PAUSE)

    def _try(self, debt: Owed) -> bool:
        """Send one revocation; forget the debt where it is confirmed, or where there is nothing more to gain."""
        client = self._client_of(debt.issuer)
        if client is None or self._clock.now() > debt.since + TOO_OLD:
            _report("revocation-given-up", "no such issuer" if client is None else "too old")
            self._forget(debt)
            return False
        try:
            client.revoke(debt.token, debt.reason, debt.since)
        except OAuthClientError as error:
            _log.debug("still owed: %s", type(error).__name__)
            return False
        self._forget(debt)
        return True

    def _forget(self, debt: Owed) -> None:
        with self._lock:
            self._save([kept for kept in self._load() if kept != debt])

    def _load(self) -> list[Owed]:
        text = self.shelf.load()
        try:
            return [Owed(**debt) for debt in json.loads(text)] if text else []
        except (ValueError, TypeError):
            _report("revocations-not-loaded", "the entry is damaged")
            self.shelf.save(None)
            return []

    def _save(self, owed: list[Owed]) -> None:
        self.shelf.save(json.dumps([asdict(debt) for debt in owed]) if owed else None)


def _report(record: str, reason: str) -> None:
    _log.warning("%s", record, extra={"fields": {"record": record, "reason": reason}})
