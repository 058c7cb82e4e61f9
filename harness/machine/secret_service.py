"""A Secret Service of one's own: a D-Bus and a gnome-keyring in a folder, unlocked with a random password.

The bus starts nothing by itself: no service of the machine's user comes in by activation. Linux only.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import NotHere
from harness.machine.debian import apt_command

__all__ = ["PACKAGES", "SecretService", "find_secret_service", "start_bus"]

PACKAGES = ("gnome-keyring", "dbus")  # Debian's names
START_SECONDS = 10.0

_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


def find_secret_service() -> Path:
    """The keyring daemon, where the D-Bus daemon is here too. Raises NotHere."""
    daemon = shutil.which("gnome-keyring-daemon")
    if daemon and shutil.which("dbus-daemon"):
        return Path(daemon)
    mend = apt_command(*PACKAGES) if shutil.which("apt-get") else "install gnome-keyring and dbus (Linux only)"
    raise NotHere("no Secret Service (gnome-keyring with dbus-daemon)", mend)


@dataclass(frozen=True)
class SecretService:
    """A running one. `address` goes into DBUS_SESSION_BUS_ADDRESS; scenarios may break the processes."""

    address: str
    bus: subprocess.Popen[bytes]
    keyring: subprocess.Popen[bytes]

    @classmethod
    def start(cls, folder: Path, environment: Mapping[str, str], password: str = "") -> SecretService:
        """Starts both daemons with this environment; their files lie in `folder` and in the environment's
        XDG_DATA_HOME. `password` opens what they keep; without one, it is random and never needed again. Raises NotHere
        where they are not installed or do not answer within START_SECONDS.
        """
        find_secret_service()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        bus, address = start_bus(folder, environment)
        environment = {**environment, "DBUS_SESSION_BUS_ADDRESS": address}
        keyring = _start_keyring(folder, environment, password or secrets.token_urlsafe(24))
        service = cls(address, bus, keyring)
        if not service._answers_in_time():
            service.stop()
            raise NotHere("the Secret Service does not answer", f"see what {folder / 'keyring.log'} says")
        return service

    def answers(self) -> bool:
        """Whether the service is on the bus and has an unlocked default collection."""
        # Imported here: the lock brings it on Linux only, and this module must load everywhere.
        from jeepney import DBusAddress, MessageType, new_method_call
        from jeepney.io.blocking import open_dbus_connection

        name = "org.freedesktop.secrets"
        service = DBusAddress("/org/freedesktop/secrets", bus_name=name, interface="org.freedesktop.Secret.Service")
        call = new_method_call(service, "ReadAlias", "s", ("default",))
        with contextlib.suppress(OSError, TimeoutError), open_dbus_connection(bus=self.address) as connection:
            reply = connection.send_and_get_reply(call, timeout=1)
            return reply.header.message_type is MessageType.method_return and reply.body != ("/",)
        return False

    def stop(self) -> None:
        """Ends both daemons, also stopped ones: nothing of theirs is kept, so nothing need be in order."""
        for process in (self.keyring, self.bus):
            process.kill()
            process.wait()

    def _answers_in_time(self) -> bool:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.keyring.poll() is None:
            if self.answers():
                return True
            time.sleep(0.005)
        return False


def start_bus(folder: Path, environment: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], str]:
    """A D-Bus daemon with nobody on it yet, and its address. Raises NotHere."""
    configuration = folder / "bus.conf"
    configuration.write_text(_BUS.format(socket=folder / "bus"))
    with (folder / "bus.log").open("wb") as log:
        bus = subprocess.Popen(
            ["dbus-daemon", f"--config-file={configuration}", "--nofork", "--print-address=1"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            env=dict(environment),
        )
    assert bus.stdout is not None
    with bus.stdout:
        address = bus.stdout.readline().decode().strip()
    if not address:
        bus.wait()
        raise NotHere(
            "the D-Bus daemon does not start", f"see what it says: {(folder / 'bus.log').read_text().strip()}"
        )
    return bus, address


def _start_keyring(folder: Path, environment: Mapping[str, str], password: str) -> subprocess.Popen[bytes]:
    with (folder / "keyring.log").open("wb") as log:
        keyring = subprocess.Popen(
            ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=log,
            env=dict(environment),
        )
    assert keyring.stdin is not None
    with contextlib.suppress(BrokenPipeError), keyring.stdin:
        keyring.stdin.write(password.encode())
    return keyring
