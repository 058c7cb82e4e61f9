"""An attacker who only listens: counts the connections that reach a port of the loopback address."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

__all__ = ["Decoy"]


class Decoy:
    """Accepts and ends every connection; `connections` counts them."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._count = 0
        self._came = threading.Condition()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    @property
    def connections(self) -> int:
        with self._came:
            return self._count

    def hears(self, seconds: float = 5.0) -> bool:
        """Whether a connection of one's own is counted; it is taken off again."""
        with self._came:
            before = self._count
        socket.create_connection(("127.0.0.1", self.port), timeout=seconds).close()
        with self._came:
            heard = self._came.wait_for(lambda: self._count > before, seconds)
            self._count -= heard
        return heard

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(2)

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with self._came:
                    self._count += 1
                    self._came.notify_all()
                connection.close()
