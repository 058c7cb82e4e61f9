"""Main's side of the bridge: takes a message, and sends exactly one reply, in time.

Sender, size, nesting and schema are checked before anything is done. Handlers run beside the user interface, each in a
thread of its own and with a time limit; what comes later than its limit is dropped. A channel whose handlers hang holds
up no other. A failure is told by its code only.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from reference_impl.desktop.shell.contract import CHANNELS, DEEPEST, LONGEST_MESSAGE, Channel, Code, Message
from reference_impl.desktop.shell.senders import Sender, SenderPolicy

_log = logging.getLogger("reference_impl.desktop")

Handler = Callable[[Any], Message]  # `Any`: each takes the request of its channel
Reply = Callable[[str], None]


class CallFailed(Exception):
    """A handler's refusal, with the code that the renderer is told."""

    def __init__(self, code: Code) -> None:
        self.code = code
        super().__init__(str(code))


class Dispatcher:
    """Safe for several threads and windows."""

    most = 32  # calls of one channel that are under way, late ones included

    def __init__(self, handlers: Mapping[str, Handler], senders: SenderPolicy) -> None:
        self._handlers = dict(handlers)
        self._senders = senders
        self._free = {name: threading.Semaphore(self.most) for name in CHANNELS}
        self._closed = False

    def receive(self, text: str, sender: Sender, reply: Reply) -> None:
        """Take one message, ``{"id", "channel", "body"}`` as JSON; ``reply`` is called once, from any thread."""
        identifier = 0
        try:
            message = parse(text)
            identifier = message["id"]
            channel = self.channel_of(message)
            if not self._senders.allows(sender):
                self.log_refusal(sender, channel.name)
                raise CallFailed(Code.FORBIDDEN)
            request = self.read(channel, message["body"])
            if self._closed or not self._free[channel.name].acquire(blocking=False):
                raise CallFailed(Code.UNAVAILABLE)
        except CallFailed as failure:
            reply(_error(identifier, failure.code))
            return
        once = _Once(lambda answer: reply(json.dumps({"id": identifier, **answer})))
        timer = threading.Timer(channel.limit, once.give, [_told(Code.TIMEOUT)])
        timer.daemon = True
        timer.start()
        threading.Thread(target=self._run, args=(channel, request, once, timer), name="bridge", daemon=True).start()

    def channel_of(self, message: Mapping[str, Any]) -> Channel:
        """Return the channel that a message is for. Raises CallFailed."""
        channel = CHANNELS.get(message["channel"])
        if channel is None or channel.name not in self._handlers:
            raise CallFailed(Code.UNKNOWN_CHANNEL)
        return channel

    def read(self, channel: Channel, body: object) -> Message:
        """Return the request in a message's body. Raises CallFailed."""
        try:
            return channel.request.model_validate(body)
        except (ValidationError, RecursionError):
            raise CallFailed(Code.MALFORMED) from None

    def close(self) -> None:
        """Take no more messages; what runs is left to end by itself."""
        self._closed = True

    def log_refusal(self, sender: Sender, channel: str) -> None:
        """Say who was refused what; nothing of the message's body."""
        fields = {"record": "bridge-refused", "origin": sender.origin, "window": sender.window, "channel": channel}
        _log.warning("%s", fields["record"], extra={"fields": fields})

    def _run(self, channel: Channel, request: Message, once: _Once, timer: threading.Timer) -> None:
        try:
            once.give({"value": self.answer(channel, request)})
        except CallFailed as failure:
            once.give(_told(failure.code))
        except Exception:  # noqa: BLE001 the renderer is told a code, and the log where
            _log.exception("a handler failed")
            once.give(_told(Code.INTERNAL))
        finally:
            timer.cancel()
            self._free[channel.name].release()

    def answer(self, channel: Channel, request: Message) -> object:
        """Return a handler's reply, checked against its declared type."""
        reply = self._handlers[channel.name](request)
        if type(reply) is not channel.reply:
            raise CallFailed(Code.BAD_REPLY)
        return reply.model_dump()


class _Once:
    """Gives the first answer and drops the others."""

    def __init__(self, give: Callable[[dict[str, object]], None]) -> None:
        self._give, self._given, self._lock = give, False, threading.Lock()

    def give(self, answer: dict[str, object]) -> None:
        with self._lock:
            if self._given:
                return
            self._given = True
        self._give(answer)


def parse(text: str) -> dict[str, Any]:
    """Return the message. Raises CallFailed for one that is too large, nested too deeply, or none."""
    if len(text) > LONGEST_MESSAGE:
        raise CallFailed(Code.TOO_LARGE)
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise CallFailed(Code.MALFORMED) from None
    known = isinstance(message, dict) and message.keys() == {"id", "channel", "body"}
    if not known or type(message["id"]) is not int or not isinstance(message["channel"], str):
        raise CallFailed(Code.MALFORMED)
    if _depth(message["body"]) > DEEPEST:
        raise CallFailed(Code.MALFORMED)
    return dict(message)


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


def _told(code: Code) -> dict[str, object]:
    return {"error": str(code)}


def _error(identifier: int, code: Code) -> str:
    return json.dumps({"id": identifier, **_told(code)})
