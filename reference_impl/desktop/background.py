"""What a desktop does beside its user: it keeps the shown name current, and learns so whether the session holds.

Each round asks for the session that is shown, and keeps none: who leaves a stage takes nothing along.
"""

from __future__ import annotations

import logging
import threading

import requests

from reference_impl.desktop.sessions import Sessions
from reference_impl.oauth_client import OAuthClientError

_log = logging.getLogger("reference_impl.desktop")


class Background:
    """Works every ``pause`` seconds, in a thread of its own."""

    def __init__(self, sessions: Sessions, pause: float) -> None:
        self.sessions = sessions
        self.pause = pause
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="background", daemon=True)

    def start(self) -> None:
        """Begin after the first pause."""
        self._thread.start()

    def stop(self) -> None:
        """Begin no other round."""
        self._stopping.set()

    def round(self) -> None:
        """Ask for the profile of whoever is signed in. Raises OAuthClientError, requests.RequestException."""
        with self.sessions.turn:
            self.sessions.shown.update_profile()

    def _work(self) -> None:
        while not self._stopping.wait(self.pause):
            try:
                self.round()
            except (OAuthClientError, requests.RequestException) as error:
                _log.debug("background work: %s", type(error).__name__)
            except Exception:  # noqa: BLE001 whatever it is, the next round is made
                _log.exception("background work failed")
