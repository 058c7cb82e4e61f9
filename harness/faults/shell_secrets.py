"""Faults by which secrets get into the renderers of the desktop shell."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from harness.faults.registry import fault
from reference_impl.desktop.shell.contract import Message, Nothing, Session
from reference_impl.desktop.shell.dispatcher import CallFailed
from reference_impl.desktop.shell.handlers import Handlers
from reference_impl.issuer.token_endpoint import TokenEndpoint
from reference_impl.parts import Part

DAY = 86_400


def _refresh_token(handlers: Handlers) -> str | None:
    return handlers.sessions.shown._vault.load()


@fault("F-BRIDGE-03-b", "BRIDGE-03.E1", Part.BRIDGE_HANDLERS)
def the_session_is_told_with_all_its_tokens(real: Handlers) -> Handlers:
    class Generous(Handlers):
        def get_session(self, request: Nothing) -> Message:
            told = super().get_session(request)
            assert isinstance(told, Session)
            return told.model_copy(update={"warning": json.dumps({"refresh_token": _refresh_token(self)})})

    real.__class__ = Generous
    return real


@fault("F-BRIDGE-03-c", "BRIDGE-03.E3", Part.BRIDGE_HANDLERS)
def a_failure_tells_what_was_sent(real: Handlers) -> Handlers:
    class Telling(Handlers):
        def get_access_token(self, request: Nothing) -> Message:
            try:
                return super().get_access_token(request)
            except CallFailed as failure:
                code: Any = f"{failure.code}: grant_type=refresh_token&refresh_token={_refresh_token(self)}"
                raise CallFailed(code) from None

    real.__class__ = Telling
    return real


@fault("F-BRIDGE-03-x1", "BRIDGE-03.E2", Part.TOKEN_ENDPOINT)
def the_page_gets_a_token_for_a_day(real: TokenEndpoint) -> TokenEndpoint:
    return replace(real, config=replace(real.config, lifetimes=replace(real.config.lifetimes, access=DAY)))
