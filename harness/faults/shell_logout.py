"""Faults by which something of a session outlives it in the desktop shell."""

from __future__ import annotations

from harness.faults.registry import fault
from reference_impl.desktop.background import Background
from reference_impl.desktop.realtime import RealtimeClient
from reference_impl.desktop.shell.contract import Message, Nothing
from reference_impl.desktop.shell.dispatcher import CallFailed
from reference_impl.desktop.shell.handlers import Handlers
from reference_impl.parts import Part
from reference_impl.token_manager import Logout, TokenManager


@fault("F-BRIDGE-10-a", "BRIDGE-10.E1", Part.BACKGROUND)
def a_service_keeps_its_token_where_the_new_one_is_none(real: Background) -> Background:
    class Keeping(Background):
        kept: str | None = None

        def round(self) -> None:
            session = self.sessions.shown
            token = session.access_token()[0] if session.signed_in else None
            self.kept = token or self.kept
            if self.kept:
                session._ask("/me", self.kept)

    real.__class__ = Keeping
    return real


@fault("F-BRIDGE-10-c", "BRIDGE-10.E1", Part.REALTIME_CLIENT)
def the_realtime_client_connects_again_with_the_old_token(real: RealtimeClient) -> RealtimeClient:
    class Stubborn(RealtimeClient):
        kept: str | None = None

        def listen(self) -> None:
            session = self.sessions.shown
            self.kept = session.access_token()[0] if session.signed_in else self.kept
            if self.kept:
                self.hear(session, session._ask("/events", self.kept, stream=True), session.epoch)

    real.__class__ = Stubborn
    return real


class _Cached(Handlers):
    """Keeps what it fetched last."""

    last: Message | None = None

    def list_notes(self, request: Nothing) -> Message:
        try:
            self.last = super().list_notes(request)
        except CallFailed:
            if self.last is None:
                raise
        return self.last


@fault("F-BRIDGE-10-x1", "BRIDGE-10.E2", Part.BRIDGE_HANDLERS)
def data_that_was_fetched_is_served_after_the_logout(real: Handlers) -> Handlers:
    real.__class__ = _Cached
    return real


@fault("F-BRIDGE-10-x2", "BRIDGE-10.E3", Part.LOGOUT)
def the_last_refresh_token_is_remembered(real: Logout) -> Logout:
    class Remembering(Logout):
        remembered: str | None = None

        def _end_here(self, manager: TokenManager, reason: str) -> str | None:
            held = super()._end_here(manager, reason)
            self.remembered = held or self.remembered
            return held

    real.__class__ = Remembering
    return real


@fault("F-BRIDGE-10-x3", "BRIDGE-10.E4", Part.BRIDGE_HANDLERS)
def data_is_cached_without_regard_to_its_owner(real: Handlers) -> Handlers:
    class Careless(Handlers):
        first: Message | None = None

        def list_notes(self, request: Nothing) -> Message:
            fresh = super().list_notes(request)
            self.first = self.first or fresh
            return type(fresh)(notes=f"{self.first.notes}{fresh.notes}")  # type: ignore[attr-defined, call-arg]

    real.__class__ = Careless
    return real
