"""The sessions of a desktop that knows several stages: one for each, and one sign-in under way at most."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from reference_impl.desktop.session import DesktopSession


class Sessions:
    """The sessions by stage; that of the desktop's own stage under "". Each issuer has a redirect URI of its own.

    An answer is given to the session that began the latest sign-in, wherever it came to and whatever it says of itself:
    that session knows whose answer it waits for, and at which address (RFC 9207 §2.4, RFC 9700 §4.4.2.2).
    """

    def __init__(self, sessions: Mapping[str, DesktopSession]) -> None:
        self._sessions = sessions
        self._lock = threading.Lock()
        self._waiting = self._shown = sessions[""]

    @property
    def others(self) -> frozenset[str]:
        """The stages that are known beside the desktop's own."""
        return frozenset(self._sessions) - {""}

    @property
    def shown(self) -> DesktopSession:
        """The session that the window shows: that of the latest sign-in, at first that of the own stage."""
        with self._lock:
            return self._shown

    def show(self, stage: str) -> None:
        """Show the session of the stage with this name. Raises KeyError for none."""
        session = next((one for one in self._sessions.values() if one.stage == stage), None)
        if session is None:
            raise KeyError(stage)
        with self._lock:
            self._shown = session

    def resume(self) -> None:
        """Take up what the store holds, at every stage, now that it can be used again."""
        for session in self._sessions.values():
            session.resume()

    def begin(self, stage: str, origin: str) -> str:
        """Start a sign-in at a stage; return the URL for the system's browser. Raises what the session raises."""
        session = self._sessions[stage]
        url = session.begin(f"{origin}/cb{'/' if stage else ''}{stage}")
        with self._lock:
            self._waiting = session
        return url

    def complete(self, callback: str) -> None:
        """Take the issuer's answer that came to this URL. Raises what `DesktopSession.complete` raises."""
        with self._lock:
            waiting = self._waiting
        waiting.complete(callback)
        with self._lock:
            self._shown = waiting
