"""The realtime channel: server-sent events (HTML §9.2) for one caller, for as long as he may call the API.

A token that was good when the connection was opened says nothing about a minute later. So the guard is asked again
before everything that is sent, and every few seconds in between: a connection ends with its session (RFC 7009 §2.1),
its token or its account, well within the 60 s that a revocation may take to be in force.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from reference_impl.api.challenge import Unauthorized
from reference_impl.api.guard import ApiGuard
from reference_impl.api.issuer_keys import KeysUnavailable
from reference_impl.database import STORAGE_ERRORS
from reference_impl.rfc9449 import PresentedProof

RECHECK = 2.0  # seconds between two looks at the session, each followed by a heartbeat
MOST_STREAMS = 12  # each holds a thread of the server, which has 24
MOST_OF_ONE = 6  # of one subject: he cannot take the others' places
BACKLOG = 100  # messages that wait for one slow caller; then his connection ends, and he may open another

_log = logging.getLogger(__name__)

Inbox = queue.Queue[str | None]  # None ends the stream


class TooManyStreams(Exception):
    """As many connections are open as this server can bear, or as one caller may have."""


class Realtime:
    """The open connections of one stage's API. Safe for several threads."""

    def __init__(self, guard: ApiGuard, recheck: float = RECHECK) -> None:
        self._guard = guard
        self.recheck = recheck
        self._inboxes: dict[Inbox, str] = {}  # to the subject that listens
        self._lock = threading.Lock()
        self._closed = False

    def subscribe(self, authorization: str | None, proof: PresentedProof | None = None) -> Stream:
        """Open a stream for the bearer of this Authorization header. Raises Unauthorized, TooManyStreams."""
        principal = self._guard.admit(authorization, proof)
        inbox: Inbox = queue.Queue(BACKLOG)
        with self._lock:
            own = sum(listener == principal.subject for listener in self._inboxes.values())
            if self._closed or len(self._inboxes) >= MOST_STREAMS or own >= MOST_OF_ONE:
                raise TooManyStreams
            self._inboxes[inbox] = principal.subject
        return Stream(self, authorization, inbox)

    def publish(self, subject: str, event: str, data: str) -> None:
        """Tell all connections of a subject. ``data`` is one line: an id, by which the caller asks for the rest."""
        with self._lock:
            for inbox, listener in self._inboxes.items():
                if listener == subject:
                    _put(inbox, f"event: {event}\ndata: {data}\n\n")

    def may_go_on(self, authorization: str | None) -> bool:
        """Say whether the guard would still let the caller in; where it cannot tell now, he has to ask again."""
        try:
            self._guard.admit_again(authorization)
        except Unauthorized:
            return False
        except (KeysUnavailable, *STORAGE_ERRORS) as error:
            _log.warning("a stream ends, for nobody can tell whether it may go on (%s)", type(error).__name__)
            return False
        return True

    def close(self) -> None:
        """End every stream, and open no more."""
        with self._lock:
            self._closed = True
            for inbox in self._inboxes:
                _put(inbox, None)

    def leave(self, inbox: Inbox) -> None:
        """Forget a stream that has ended; the second time without effect."""
        with self._lock:
            self._inboxes.pop(inbox, None)


@dataclass(frozen=True)
class Stream:
    """The body of one connection's answer; who serves it calls ``close`` at the end, however it ends (PEP 3333)."""

    realtime: Realtime
    authorization: str | None = field(repr=False)
    inbox: Inbox

    def __iter__(self) -> Iterator[str]:
        """Yield what is to be sent, until the caller may listen no more."""
        yield ": open\n\n"
        while True:
            try:
                message = self.inbox.get(timeout=self.realtime.recheck)
            except queue.Empty:
                message = ": heartbeat\n\n"
            if message is None or not self.realtime.may_go_on(self.authorization):
                return
            yield message

    def close(self) -> None:
        """Give the stream's place to another."""
        self.realtime.leave(self.inbox)


def _put(inbox: Inbox, message: str | None) -> None:
    """Add a message; where no more fit, the last word is that the stream ends."""
    try:
        inbox.put_nowait(message)
    except queue.Full:
        with suppress(queue.Empty):  # the caller may have caught up meanwhile
            inbox.get_nowait()
        inbox.put_nowait(None)
