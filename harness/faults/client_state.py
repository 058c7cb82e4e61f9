"""Faults of how a client binds authorization responses to its sign-ins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import request

from harness.faults.registry import fault
from reference_impl.clock import Clock
from reference_impl.oauth_client import Flow, OAuthClient
from reference_impl.parts import Part
from reference_impl.web.pages import Pages
from reference_impl.web.sessions import Flows


@fault("F-TOKEN-05-a", "TOKEN-05.E1", Part.OAUTH_CLIENT)
def the_client_never_compares_the_state(real: OAuthClient) -> OAuthClient:
    class Trusting(OAuthClient):
        def is_answer(self, flow: Flow, callback: str) -> bool:
            return True

    real.__class__ = Trusting
    return real


@fault("F-TOKEN-05-x1", "TOKEN-05.E1", Part.OAUTH_CLIENT)
def an_answer_without_state_is_taken_for_one_to_the_latest_sign_in(real: OAuthClient) -> OAuthClient:
    class Lenient(OAuthClient):
        def is_answer(self, flow: Flow, callback: str) -> bool:
            return "state=" not in callback or super().is_answer(flow, callback)

    real.__class__ = Lenient
    return real


class _Like:
    """The real part, but for what a subclass changes."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


@fault("F-TOKEN-05-b", "TOKEN-05.E1", Part.SIGN_INS)
def a_sign_in_is_not_forgotten_when_it_is_answered(real: Any) -> Any:
    class Kept(_Like):
        def take(self, *identifier: str) -> bool:
            return True

    return Kept(real)


@fault("F-TOKEN-05-x2", "TOKEN-05.E1", Part.SIGN_INS)
def a_sign_in_may_take_as_long_as_it_likes(real: Any) -> Any:
    class Stopped:
        def __init__(self, clock: Clock) -> None:
            self._since = clock.now()

        def now(self) -> float:
            return self._since

    real._clock = Stopped(real._clock)
    return real


@fault("F-TOKEN-05-x3", "TOKEN-05.E2", Part.SIGN_INS)
def a_sign_in_is_looked_up_by_its_state_in_whatever_browser(real: Any) -> Any:
    class Anybodys(_Like):
        """Only the web client serves several browsers."""

        def find(self, identifier: str | None) -> Flow | None:
            asked = request.args.get("state")
            return next((flow for flow in self._real._kept.values() if flow.state == asked), None)

        def take(self, identifier: str | None) -> bool:
            return True

    return Anybodys(real) if isinstance(real, Flows) else real


@fault("F-TOKEN-05-x4", "TOKEN-05.E3", Part.OAUTH_CLIENT)
def states_are_short(real: OAuthClient) -> OAuthClient:
    class Short(OAuthClient):
        def begin(self, redirect_uri: str) -> Flow:
            flow = super().begin(redirect_uri)
            state = flow.state[:8]
            return replace(flow, state=state, authorize_url=flow.authorize_url.replace(flow.state, state))

    real.__class__ = Short
    return real


@fault("F-TOKEN-05-x5", "TOKEN-05.E4", Part.PAGES)
def a_refused_answer_is_shown_as_an_empty_page(real: Pages) -> Pages:
    class Silent(Pages):
        def message(self, *given: Any, **named: Any) -> str:
            return ""

    return Silent(real.place)
