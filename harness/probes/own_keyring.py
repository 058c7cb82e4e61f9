"""A Secret Service for one client alone, that can be locked, unlocked and restarted without disturbing another's."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from jeepney import DBusAddress, MessageType, new_method_call
from jeepney.io.blocking import open_dbus_connection

from harness.errors import TargetError
from harness.machine.secret_service import SecretService
from harness.probes.prompter import Prompter

__all__ = ["DISMISSED", "UNANSWERED", "OwnKeyring"]

DISMISSED, UNANSWERED = "dismissed", "never answered"  # what becomes of a prompt for the password
_SERVICE = "/org/freedesktop/secrets"
_COLLECTION = f"{_SERVICE}/aliases/default"
_LOGIN = f"{_SERVICE}/collection/login"
_UNLOCK = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface"  # what the login of the system itself uses
SECONDS = 5.0


class OwnKeyring:
    """Its bus lies in `folder`, its files in the environment's XDG_DATA_HOME."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        """Raises NotHere where this machine has no Secret Service."""
        self._folder, self._own = folder, environment
        self._password = secrets.token_urlsafe(24)
        self._prompter: Prompter | None = None
        self._service = SecretService.start(folder, environment, self._password)

    @property
    def environment(self) -> Mapping[str, str]:
        """For a client of it."""
        return {**self._own, "DBUS_SESSION_BUS_ADDRESS": self.address}

    @property
    def address(self) -> str:
        """Of its bus; the same after a restart."""
        return self._service.address.partition(",")[0]

    @property
    def files(self) -> Path:
        """The folder of the keyring's own files."""
        return Path(self._own["XDG_DATA_HOME"]) / "keyrings"

    def lock(self, prompt: str) -> None:
        """Lock it. From now on a prompt for its password is `DISMISSED` or `UNANSWERED`."""
        self._dismiss_prompter()
        self._prompter = Prompter(self.address, prompt == DISMISSED)
        self._call("org.freedesktop.Secret.Service", "Lock", "ao", ([_COLLECTION],))

    def unlock(self) -> None:
        """Unlock it as the user does who gives the password elsewhere."""
        self._dismiss_prompter()
        with closing(open_dbus_connection(bus=self.address)) as connection:
            opened = _ask(connection, "org.freedesktop.Secret.Service", "OpenSession", "sv", ("plain", ("s", "")))
            secret = (opened[1], b"", self._password.encode(), "text/plain")
            _ask(connection, _UNLOCK, "UnlockWithMasterPassword", "o(oayays)", (_LOGIN, secret))

    def restart(self) -> None:
        """End bus and keyring and start them again, as when the user logs out of the system and in again."""
        self.stop()
        self._service = SecretService.start(self._folder, self._own, self._password)

    def stop(self) -> None:
        """End bus and keyring, if they run; their files stay."""
        self._dismiss_prompter()
        self._service.stop()
        (self._folder / "bus").unlink(missing_ok=True)

    def _dismiss_prompter(self) -> None:
        prompter, self._prompter = self._prompter, None
        if prompter is not None:
            prompter.close()

    def _call(self, interface: str, method: str, signature: str, body: tuple[Any, ...]) -> None:
        with closing(open_dbus_connection(bus=self.address)) as connection:
            _ask(connection, interface, method, signature, body)


def _ask(connection: Any, interface: str, method: str, signature: str, body: tuple[Any, ...]) -> Any:
    """The body of the reply. Raises TargetError for an error."""
    service = DBusAddress(_SERVICE, bus_name="org.freedesktop.secrets", interface=interface)
    reply = connection.send_and_get_reply(new_method_call(service, method, signature, body), timeout=SECONDS)
    if reply.header.message_type is MessageType.error:
        raise TargetError(f"the keyring refused {method}: {reply.body}")
    return reply.body
