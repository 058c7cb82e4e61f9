"""A Secret Service that accepts every secret and keeps none, on a D-Bus of its own: what a store must notice in time.

It speaks as much of the protocol as libraries use to store, find and delete (freedesktop.org Secret Service 0.2), and
never looks at a secret. Linux only.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from jeepney import DBusErrorResponse, HeaderFields, Message, MessageType, new_error, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from harness.errors import TargetError

__all__ = ["DiscardingService"]

NAME = "org.freedesktop.secrets"
COLLECTION = "/org/freedesktop/secrets/collection/discarding"
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
                    _reply(self._connection, message)


def _reply(connection: DBusConnection, message: Message) -> None:
    fields = message.header.fields
    interface, member = fields.get(HeaderFields.interface, ""), fields[HeaderFields.member]
    answer = _METHODS.get(f"{interface.rpartition('.')[2]}.{member}")
    given = answer(message.body) if answer else None
    if given is None:
        connection.send(new_error(message, "org.freedesktop.DBus.Error.NotSupported", "s", (f"no {member} here",)))
    else:
        connection.send(new_method_return(message, *given))


def _open_session(body: tuple[Any, ...]) -> _Answer | None:
    return ("vo", (("s", ""), "/org/freedesktop/secrets/session/1")) if body[0] == "plain" else None


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
    "Collection.CreateItem": lambda body: ("oo", (f"{COLLECTION}/1", NOBODY)),
    "Item.Delete": lambda body: ("o", (NOBODY,)),
    "Properties.Get": _property,
}
