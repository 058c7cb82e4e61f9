"""Stands for the window in which a keyring asks its user for the password, and for the user who does not give it.

It speaks as much as gnome-keyring asks of a prompter (gcr 3: org.gnome.keyring.internal.Prompter). Linux only.
"""

from __future__ import annotations

import threading
from contextlib import suppress

from jeepney import (
    DBusAddress,
    DBusErrorResponse,
    HeaderFields,
    Message,
    MessageType,
    new_method_call,
    new_method_return,
)
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

from harness.errors import TargetError

__all__ = ["Prompter"]

NAME = "org.gnome.keyring.SystemPrompter"
CALLBACK = "org.gnome.keyring.internal.Prompter.Callback"
LOOK_SECONDS = 0.05  # between looks at whether to stop


class Prompter:
    """On the bus at `address` until it is closed. `answers`: it is dismissed at once; else it waits for ever."""

    def __init__(self, address: str, answers: bool) -> None:
        """Raises TargetError where the bus has a prompter already."""
        self._answers = answers
        self.asked = 0
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
                if message.header.message_type is MessageType.method_call and message.body:
                    self._reply(message)

    def _reply(self, message: Message) -> None:
        fields = message.header.fields
        self._connection.send(new_method_return(message))
        client = DBusAddress(message.body[0], bus_name=fields[HeaderFields.sender], interface=CALLBACK)
        match fields[HeaderFields.member]:
            case "BeginPrompting":
                self.asked += 1
                if self._answers:
                    self._connection.send(new_method_call(client, "PromptReady", "sa{sv}s", ("", {}, "")))
            case "PerformPrompt":
                self._connection.send(new_method_call(client, "PromptReady", "sa{sv}s", ("no", {}, "")))
            case "StopPrompting":
                self._connection.send(new_method_call(client, "PromptDone"))
