"""Faults of how long the web client's sessions last."""

from __future__ import annotations

import math

from harness.faults.registry import fault
from reference_impl.parts import Part
from reference_impl.web.sessions import WebSession, WebSessions


def _same(real: WebSessions, other: type[WebSessions]) -> WebSessions:
    """Sessions with the real ones' state and limits, and another behaviour."""
    real.__class__ = other
    return real


@fault("F-WEB-08-b", "WEB-08.E1", Part.WEB_SESSION)
def background_polling_keeps_the_session_alive(real: WebSessions) -> WebSessions:
    class Polled(WebSessions):
        def find(self, identifier: str | None, *, activity: bool) -> WebSession | None:
            return super().find(identifier, activity=True)

    return _same(real, Polled)


@fault("F-WEB-08-x1", "WEB-08.E1", Part.WEB_SESSION)
def only_the_cookie_has_an_inactivity_limit(real: WebSessions) -> WebSessions:
    real.idle = math.inf
    return real


@fault("F-WEB-08-c", "WEB-08.E2", Part.WEB_SESSION)
def there_is_no_absolute_limit(real: WebSessions) -> WebSessions:
    class Endless(WebSessions):
        def remaining(self, session: WebSession) -> int:
            return int(self.idle)

    real.absolute = math.inf
    return _same(real, Endless)


@fault("F-WEB-08-x2", "WEB-08.E3", Part.WEB_SESSION)
def activity_extends_nothing(real: WebSessions) -> WebSessions:
    class Fixed(WebSessions):
        def find(self, identifier: str | None, *, activity: bool) -> WebSession | None:
            return super().find(identifier, activity=False)

    return _same(real, Fixed)


@fault("F-WEB-08-x3", "WEB-08.E3", Part.WEB_SESSION)
def a_page_that_was_looked_at_doubles_the_inactivity_limit(real: WebSessions) -> WebSessions:
    class Lenient(WebSessions):
        def _is_live(self, session: WebSession) -> bool:
            seen = session.seen_at > session.began_at
            idle = self.idle * (2 if seen else 1)
            now = self._clock.now()
            return now < session.seen_at + idle and now < session.began_at + self.absolute

    return _same(real, Lenient)


@fault("F-WEB-08-x4", "WEB-08.E4", Part.WEB_SESSION)
def sessions_end_sooner_than_is_documented(real: WebSessions) -> WebSessions:
    real.idle *= 0.9
    return real
