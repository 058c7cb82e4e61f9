"""A Secret Service that keeps nothing, or gives other values back: what a store must notice in time.

It speaks as much of the protocol as libraries use to store, find and delete (freedesktop.org Secret Service 0.2), and
never looks at a secret. It is on a D-Bus of its own. Linux only.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from jeepney import DBusErrorResponse, HeaderFields, Message, MessageType, new_error, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

from harness.errors import TargetError

__all__ = ["AlteringService", "DiscardingService"]

NAME = "org.freedesktop.secrets"
COLLECTION = "/org/freedesktop/secrets/collection/discarding"
ITEM = f"{COLLECTION}/1"
SESSION = "/org/freedesktop/secrets/session/1"
NOBODY = "/"  # no prompt is needed
LOOK_SECONDS = 0.1  # between looks at whether to stop

_Answer = tuple[str, tuple[Any, ...]]


class DiscardingService:
    """Serves on the bus at `address` until it is closed."""

    def __init__(self, address: str) -> None:
        """Raises TargetError where the name is taken."""
        self._connection = open_dbus_connection(bus=address)
        reply = self._connection.send_and_get_reply(message_bus.RequestName(NAME), timeout=5)
        if reply.body != (1,):  # the primary owner
            self._connection.close()
            raise TargetError(f"the bus has a {NAME} already")
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Leave the bus; safe to call twice."""
        self._stopped.set()
        self._thread.join(5)
        self._connection.close()

    def _serve(self) -> None:
        with suppress(ConnectionError, OSError, DBusErrorResponse):  # the bus ended before us
            while not self._stopped.is_set():
                try:
                    message = self._connection.receive(timeout=LOOK_SECONDS)
                except TimeoutError:
                    continue
                if message.header.message_type is MessageType.method_call:
                    self._reply(message)

    def _reply(self, message: Message) -> None:
        fields = message.header.fields
        interface, member = fields.get(HeaderFields.interface, ""), fields[HeaderFields.member]
        given = self._answer(f"{interface.rpartition('.')[2]}.{member}", message.body)
        if given is None:
            name, text = "org.freedesktop.DBus.Error.NotSupported", f"no {member} here"
            self._connection.send(new_error(message, name, "s", (text,)))
        else:
            self._connection.send(new_method_return(message, *given))

    def _answer(self, method: str, body: tuple[Any, ...]) -> _Answer | None:
        """The signature and body of the answer; None for what it does not know."""
        answer = _METHODS.get(method)
        return answer(body) if answer else None


class AlteringService(DiscardingService):
    """Finds again what was stored, with another secret in it."""

    _holds = False

    def _answer(self, method: str, body: tuple[Any, ...]) -> _Answer | None:
        if method in ("Collection.CreateItem", "Item.Delete"):
            self._holds = method == "Collection.CreateItem"
        if method == "Collection.SearchItems" and self._holds:
            return "ao", ([ITEM],)
        if method == "Item.GetSecret":
            return "(oayays)", ((SESSION, b"", b"another value", "text/plain"),)
        return super()._answer(method, body)


def _open_session(body: tuple[Any, ...]) -> _Answer | None:
    return ("vo", (("s", ""), SESSION)) if body[0] == "plain" else None


def _property(body: tuple[Any, ...]) -> _Answer | None:
    known: dict[str, tuple[str, object]] = {
        "Label": ("s", "discarding"),
        "Locked": ("b", False),
        "Items": ("ao", []),
        "Collections": ("ao", [COLLECTION]),
    }
    return ("v", (known[body[1]],)) if body[1] in known else None


_METHODS: Mapping[str, Callable[[tuple[Any, ...]], _Answer | None]] = {
    "Service.OpenSession": _open_session,
    "Service.ReadAlias": lambda body: ("o", (COLLECTION,)),
    "Service.Unlock": lambda body: ("aoo", (list(body[0]), NOBODY)),
    "Service.SearchItems": lambda body: ("aoao", ([], [])),
    "Collection.SearchItems": lambda body: ("ao", ([],)),
    "Collection.CreateItem": lambda body: ("oo", (ITEM, NOBODY)),
    "Item.Delete": lambda body: ("o", (NOBODY,)),
    "Properties.Get": _property,
}
