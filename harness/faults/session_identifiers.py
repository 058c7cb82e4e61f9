"""Faults of how the web client names its sessions."""

from __future__ import annotations

import itertools
import re
import secrets

from flask import has_request_context, request

from harness.faults.registry import fault
from reference_impl.parts import Part
from reference_impl.web.cookies import CookiePolicy
from reference_impl.web.sessions import WebSession, WebSessions

WELL_FORMED = re.compile(r"[\w-]{43}")


def _sent(name: str) -> str:
    """The cookie of this name in the request at hand; "" where there is none."""
    return request.cookies.get(name, "") if has_request_context() else ""


@fault("F-WEB-07-b", "WEB-07.E2", Part.WEB_SESSION)
def the_server_adopts_any_well_formed_identifier_of_the_client(real: WebSessions) -> WebSessions:
    class Adopting(WebSessions):
        def mint(self, account: str) -> str:
            sent = _sent(CookiePolicy.session_name)
            return sent if WELL_FORMED.fullmatch(sent) else super().mint(account)

    return _same(real, Adopting)


@fault("F-WEB-07-x1", "WEB-07.E1", Part.WEB_SESSION)
def a_second_login_goes_on_under_the_same_identifier(real: WebSessions) -> WebSessions:
    class Continuing(WebSessions):
        _ended = ""

        def end(self, session: WebSession) -> None:
            self._ended = session.identifier
            super().end(session)

        def mint(self, account: str) -> str:
            sent = _sent(CookiePolicy.session_name)
            return sent if sent and sent == self._ended else super().mint(account)

    return _same(real, Continuing)


@fault("F-WEB-07-x2", "WEB-07.E1", Part.WEB_SESSION)
def a_second_login_does_not_end_the_session_before(real: WebSessions) -> WebSessions:
    class Hoarding(WebSessions):
        def end(self, session: WebSession) -> None:
            """Only its tokens are forgotten, by whoever calls this."""

    return _same(real, Hoarding)


@fault("F-WEB-07-x3", "WEB-07.E3", Part.WEB_SESSION)
def identifiers_are_a_number_behind_a_constant_of_the_process(real: WebSessions) -> WebSessions:
    numbers, constant = itertools.count(100_000), secrets.token_hex(16)

    class Counting(WebSessions):
        def mint(self, account: str) -> str:
            return f"{constant}{next(numbers)}"

    return _same(real, Counting)


def _same(real: WebSessions, other: type[WebSessions]) -> WebSessions:
    """Sessions with the real ones' state and limits, and another behaviour."""
    real.__class__ = other
    return real
