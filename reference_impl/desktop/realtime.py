"""The desktop's ear at the API's realtime channel: the windows are told when something changed.

It listens for whoever is signed in, and for no longer: each line, and each heartbeat between them, is heard only while
the session is the one that it was opened for.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import requests

from reference_impl.desktop.session import DesktopSession
from reference_impl.desktop.sessions import Sessions
from reference_impl.oauth_client import OAuthClientError

PAUSE = 1.0  # seconds between two connections

_log = logging.getLogger("reference_impl.desktop")


class RealtimeClient:
    """Listens in a thread of its own. ``changed`` is called for each event; what it was is asked for anew."""

    def __init__(self, sessions: Sessions, changed: Callable[[], None], pause: float = PAUSE) -> None:
        self.sessions = sessions
        self.changed = changed
        self.pause = pause
        self._stopping = threading.Event()

    def start(self) -> None:
        """Listen whenever somebody is signed in."""
        threading.Thread(target=self._work, name="realtime", daemon=True).start()

    def stop(self) -> None:
        """Open no other connection, and hear nothing more of the one that is open."""
        self._stopping.set()

    def listen(self) -> None:
        """Hear one connection to its end. Raises OAuthClientError, requests.RequestException."""
        session = self.sessions.shown
        if session.signed_in:
            self.hear(session, session.stream("/events"), session.epoch)

    def hear(self, session: DesktopSession, answer: requests.Response, epoch: int) -> None:
        """Tell of each event, while the session goes on."""
        with answer:
            if answer.status_code != 200:
                return
            for line in answer.iter_lines(chunk_size=1):
                if self._stopping.is_set() or session.epoch != epoch or not session.signed_in:
                    return
                if line.startswith(b"event:"):
                    self.changed()

    def _work(self) -> None:
        while not self._stopping.wait(self.pause):
            try:
                self.listen()
            except (OAuthClientError, requests.RequestException) as error:
                _log.debug("realtime: %s", type(error).__name__)
            except Exception:  # noqa: BLE001 whatever it is, it listens again
                _log.exception("the realtime client failed")
