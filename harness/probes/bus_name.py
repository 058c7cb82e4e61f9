"""A program that owns a well-known name on a D-Bus of its own, and answers what is asked of it. Linux only."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import ClassVar

from jeepney import DBusErrorResponse, Message, MessageType
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

from harness.errors import TargetError

__all__ = ["BusName"]

LOOK_SECONDS = 0.05  # between looks at whether to stop
PRIMARY_OWNER = 1


class BusName(ABC):
    """Has its name on the bus at `address` until it is closed."""

    name: ClassVar[str]

    def __init__(self, address: str) -> None:
        """Raises TargetError where the name is taken."""
        self._connection = open_dbus_connection(bus=address)
        reply = self._connection.send_and_get_reply(message_bus.RequestName(self.name), timeout=5)
        if reply.body != (PRIMARY_OWNER,):
            self._connection.close()
            raise TargetError(f"the bus has a {self.name} already")
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

    @abstractmethod
    def _reply(self, message: Message) -> None:
        """Answer a call."""
