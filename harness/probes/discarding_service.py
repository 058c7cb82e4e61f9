"""A Secret Service that keeps nothing, or gives other values back: what a store must notice in time.

It speaks as much of the protocol as libraries use to store, find and delete (freedesktop.org Secret Service 0.2), and
never looks at a secret. It is on a D-Bus of its own. Linux only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jeepney import HeaderFields, Message, new_error, new_method_return

from harness.probes.bus_name import BusName

__all__ = ["AlteringService", "DiscardingService"]

NAME = "org.freedesktop.secrets"
COLLECTION = "/org/freedesktop/secrets/collection/discarding"
ITEM = f"{COLLECTION}/1"
SESSION = "/org/freedesktop/secrets/session/1"
NOBODY = "/"  # no prompt is needed

_Answer = tuple[str, tuple[Any, ...]]


class DiscardingService(BusName):
    """Serves on the bus at `address` until it is closed."""

    name = NAME

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
