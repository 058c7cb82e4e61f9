"""Faults by which somebody else chooses where the desktop shell sends its credentials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import requests

from harness.faults.registry import fault
from harness.faults.shell import a_field_more_is_no_mistake
from reference_impl.desktop.shell.contract import Channel, Message
from reference_impl.desktop.shell.dispatcher import Dispatcher
from reference_impl.parts import Part
from reference_impl.token_manager import TokenManager


@fault("F-BRIDGE-09-a", "BRIDGE-09.E1", Part.BRIDGE_DISPATCHER)
def a_message_says_where_the_api_is(real: Dispatcher) -> Dispatcher:
    class Obedient(Dispatcher):
        def read(self, channel: Channel, body: object) -> Message:
            if isinstance(body, dict) and "apiEndpoint" in body:
                handler: Any = self._handlers[channel.name]
                session = handler.__self__.sessions.shown
                session._config = replace(session._config, api_url=body.pop("apiEndpoint"))
            return super().read(channel, body)

    real.__class__ = Obedient
    return real


@fault("F-BRIDGE-09-x1", "BRIDGE-09.E2", Part.TOKEN_MANAGER)
def redirects_of_the_api_are_followed(real: TokenManager) -> TokenManager:
    class Following(TokenManager):
        def call(self, send: Callable[[str], requests.Response]) -> requests.Response:
            response = super().call(send)
            return requests.get(response.headers["Location"], timeout=5) if response.is_redirect else response

    real.__class__ = Following
    return real


@fault("F-BRIDGE-09-x2", "BRIDGE-09.E3", Part.BRIDGE_DISPATCHER)
def addresses_in_messages_are_passed_over_in_silence(real: Dispatcher) -> Dispatcher:
    faulty: Dispatcher = a_field_more_is_no_mistake(real)
    return faulty
