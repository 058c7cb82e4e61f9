"""Faults of the desktop shell's bridge."""

from __future__ import annotations

import json
from typing import Any

from harness.faults.registry import fault
from reference_impl.desktop.shell.contract import Channel, Message, contract_json
from reference_impl.desktop.shell.dispatcher import Dispatcher, Reply
from reference_impl.desktop.shell.scripts import PreloadScripts
from reference_impl.desktop.shell.senders import ORIGIN, Sender, SenderPolicy
from reference_impl.parts import Part


def scripts_with(*changes: tuple[str, str]) -> PreloadScripts:
    """The scripts with these texts replaced. A text that is not there would be no fault."""

    class Changed(PreloadScripts):
        def guarded(self, name: str) -> str:
            source = super().guarded(name)
            for old, new in changes:
                source = source.replace(old, new)
            return source

    whole = PreloadScripts().preload() + PreloadScripts().bridge()
    missing = [old for old, _ in changes if old not in whole]
    assert not missing, f"the scripts hold no {missing}"
    return Changed()


@fault("F-BRIDGE-01-a", "BRIDGE-01.E2", Part.PRELOAD_SCRIPTS)
def the_page_gets_a_function_that_takes_a_channel(real: PreloadScripts) -> PreloadScripts:
    generic = """api.invoke = Object.freeze((channel, body) => new Promise((resolve, reject) => {
      const id = next++; waiting.set(id, { resolve, reject }); post({ id, method: channel, body }); }));
  api.onChanged ="""
    by_name = "find(([name, each]) => each.method === method || name === method)"
    return scripts_with(("api.onChanged =", generic), ("find(([, each]) => each.method === method)", by_name))


@fault("F-BRIDGE-01-b", "BRIDGE-01.E3", Part.PRELOAD_SCRIPTS)
def the_callback_gets_the_event(real: PreloadScripts) -> PreloadScripts:
    heard, told = "port.onmessage = ({ data }) => {\n    if (data.event)", "port.onmessage = (event) => {"
    told += "\n    const { data } = event; if (data.event)"
    return scripts_with((heard, told), ("listener();", "listener(event);"))


@fault("F-BRIDGE-01-x1", "BRIDGE-01.E1", Part.PRELOAD_SCRIPTS)
def the_port_to_the_preload_is_left_in_the_page(real: PreloadScripts) -> PreloadScripts:
    return scripts_with(("const post = port", "window.ipc = port; const post = port"))


@fault("F-BRIDGE-01-x2", "BRIDGE-01.E1", Part.PRELOAD_SCRIPTS)
def the_bridge_can_be_changed_by_script(real: PreloadScripts) -> PreloadScripts:
    return scripts_with(("value: Object.freeze(api)", "value: api"))


@fault("F-BRIDGE-02-a", "BRIDGE-02.E2", Part.BRIDGE_DISPATCHER)
def a_payload_is_taken_apart_without_checks(real: Dispatcher) -> Dispatcher:
    class Careless(Dispatcher):
        def receive(self, text: str, sender: Sender, reply: Reply) -> None:
            list(json.loads(text)["body"].items())
            super().receive(text, sender, reply)

    real.__class__ = Careless
    return real


@fault("F-BRIDGE-02-c", "BRIDGE-02.E1", Part.BRIDGE_DISPATCHER)
def a_field_more_is_no_mistake(real: Dispatcher) -> Dispatcher:
    class Lenient(Dispatcher):
        def read(self, channel: Channel, body: object) -> Message:
            known = channel.request.model_fields
            more = {k: v for k, v in body.items() if k in known} if isinstance(body, dict) else body
            return super().read(channel, more)

    real.__class__ = Lenient
    return real


@fault("F-BRIDGE-02-x1", "BRIDGE-02.E3", Part.PRELOAD_SCRIPTS)
def the_preload_passes_replies_on_unseen(real: PreloadScripts) -> PreloadScripts:
    return scripts_with((" && isReply(CONTRACT.channels[call.channel].reply, reply.value)", ""))


@fault("F-BRIDGE-02-x2", "BRIDGE-02.E4", Part.PRELOAD_SCRIPTS)
def the_preload_has_an_older_contract(real: PreloadScripts) -> PreloadScripts:
    class Older(PreloadScripts):
        def contract(self) -> str:
            told: dict[str, Any] = json.loads(contract_json())
            told["channels"]["notes:list"]["limit"] = 60.0
            return json.dumps(told)

    return Older()


@fault("F-BRIDGE-04-b", "BRIDGE-04.E1", Part.BRIDGE_SENDERS)
def an_origin_that_begins_alike_will_do(real: SenderPolicy) -> SenderPolicy:
    class Prefix(SenderPolicy):
        def is_application(self, url: str) -> bool:
            return url.startswith(ORIGIN)

    return Prefix()


@fault("F-BRIDGE-04-x1", "BRIDGE-04.E2", Part.BRIDGE_DISPATCHER)
def refusals_are_not_logged(real: Dispatcher) -> Dispatcher:
    class Silent(Dispatcher):
        def log_refusal(self, sender: Sender, channel: str) -> None:
            pass

    real.__class__ = Silent
    return real


@fault("F-BRIDGE-04-x2", "BRIDGE-04.E3", Part.BRIDGE_SENDERS)
def a_window_that_was_refused_is_never_heard_again(real: SenderPolicy) -> SenderPolicy:
    class Resentful(SenderPolicy):
        def __init__(self) -> None:
            self._refused = False

        def allows(self, sender: Sender) -> bool:
            self._refused = self._refused or not super().allows(sender)
            return not self._refused

    return Resentful()
