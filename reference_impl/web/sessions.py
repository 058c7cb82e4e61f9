"""What the server keeps of its browsers: sessions with their tokens, and sign-ins under way. All in memory."""

from __future__ import annotations

import hashlib
import secrets
import threading
from dataclasses import dataclass, replace

from reference_impl.clock import Clock
from reference_impl.oauth_client import Flow
from reference_impl.token_manager import TokenManager

IDLE = 3600.0  # seconds without the user
ABSOLUTE = 86_400.0  # seconds from the sign-in, whatever the user does
LIMITS = {  # the limits with their reasons (OWASP ASVS 5.0.0 7.1.1)
    "idle": (
        IDLE,
        "NIST SP 800-63B-4 §2.2.3: one hour of inactivity; what a page does by itself is none",
    ),
    "absolute": (ABSOLUTE, "NIST SP 800-63B-4 §2.2.3: a day, after which the user signs in again"),
}
FLOW_LIFETIME = 600.0  # seconds that a sign-in may take
_MOST_FLOWS = 1000  # a crowd that only starts sign-ins must not fill the memory


@dataclass(frozen=True)
class WebSession:
    """A signed-in browser. The tokens stay inside ``manager``; the browser knows only the identifier."""

    identifier: str
    account: str
    manager: TokenManager
    began_at: float
    seen_at: float

    @property
    def issuer(self) -> str:
        """Who vouches for the user."""
        return self.manager.oauth.issuer


class WebSessions:
    """Sessions by their identifier, found by its hash so that the time of a look-up tells nothing about it."""

    def __init__(self, clock: Clock, idle: float = IDLE, absolute: float = ABSOLUTE) -> None:
        self._clock = clock
        self.idle = idle
        self.absolute = absolute
        self._kept: dict[str, WebSession] = {}
        self._ends: dict[str, float] = {}  # the absolute end of each session, remembered for a while after it
        self._lock = threading.Lock()

    def mint(self, account: str) -> str:
        """Return a new identifier, 256 random bits: it says nothing about the account it is made for."""
        return secrets.token_urlsafe(32)

    def create(self, manager: TokenManager, account: str) -> WebSession:
        """Begin a session under a new identifier (OWASP ASVS 5.0.0 7.2.4)."""
        now = self._clock.now()
        session = WebSession(self.mint(account), account, manager, now, now)
        with self._lock:
            self._kept = {key: kept for key, kept in self._kept.items() if self._is_live(kept)}
            self._ends = {key: at for key, at in self._ends.items() if now < at + self.absolute}
            self._kept[_key(session.identifier)] = session
            self._ends[_key(session.identifier)] = now + self.absolute
        return session

    def find(self, identifier: str | None, *, activity: bool) -> WebSession | None:
        """Return the live session, or None. ``activity``: the user did this, not the page by itself."""
        if not identifier:
            return None
        with self._lock:
            session = self._kept.get(_key(identifier))
            if session is None or not self._is_live(session):
                self._kept.pop(_key(identifier), None)
                return None
            if activity:
                session = replace(session, seen_at=self._clock.now())
                self._kept[_key(identifier)] = session
            return session

    def end(self, session: WebSession) -> None:
        """Forget the session; its identifier is worth nothing from now on."""
        with self._lock:
            self._kept.pop(_key(session.identifier), None)
            self._ends.pop(_key(session.identifier), None)

    def is_over(self, identifier: str | None) -> bool:
        """Say whether this was a session that has come to its absolute end, and was not ended before by its user."""
        with self._lock:
            ends = self._ends.get(_key(identifier)) if identifier else None
        return ends is not None and self._clock.now() >= ends

    def remaining(self, session: WebSession) -> int:
        """Return the whole seconds until the session's absolute end."""
        return max(0, int(session.began_at + self.absolute - self._clock.now()))

    def public_view(self, session: WebSession) -> dict[str, object]:
        """Return what page script may know of a session: whose it is and how long it lasts. No token."""
        return {"signed_in": True, "account": session.account, "expires_in": self.remaining(session)}

    def _is_live(self, session: WebSession) -> bool:
        now = self._clock.now()
        return now < session.seen_at + self.idle and now < session.began_at + self.absolute


class Flows:
    """Sign-ins under way, each bound to the browser that holds its identifier, each used once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[str, Flow] = {}
        self._lock = threading.Lock()

    def add(self, flow: Flow) -> str:
        """Keep a flow; return the identifier for the browser's cookie."""
        identifier = secrets.token_urlsafe(32)
        oldest = self._clock.now() - FLOW_LIFETIME
        with self._lock:
            live = [(key, kept) for key, kept in self._kept.items() if kept.began_at > oldest]
            self._kept = dict(live[-_MOST_FLOWS:])
            self._kept[_key(identifier)] = flow
        return identifier

    def find(self, identifier: str | None) -> Flow | None:
        """Return the flow and keep it; None where there is none, or no more."""
        with self._lock:
            flow = self._kept.get(_key(identifier)) if identifier else None
        return flow if flow and flow.began_at > self._clock.now() - FLOW_LIFETIME else None

    def take(self, identifier: str | None) -> bool:
        """Forget the flow; True for the one caller that did."""
        with self._lock:
            return bool(identifier) and self._kept.pop(_key(identifier or ""), None) is not None


def _key(identifier: str) -> str:
    return hashlib.sha256(identifier.encode(errors="replace")).hexdigest()
