"""Private surroundings for session stores: never the user's home, configuration, or D-Bus session."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from reference_impl.session_store.keyring_back_end import KeyringBackEnd, Worker

# Starts a bus and a keyring in it, says where the bus is, and ends both when its stdin ends.
_BUS = """
printf test | gnome-keyring-daemon --unlock --components=secrets >/dev/null
echo "$DBUS_SESSION_BUS_ADDRESS"
cat >/dev/null
"""

# Back ends with one defect each, as modules of the worker's own import path.
_DEFECTIVE = """
import os, time
from keyring.backend import KeyringBackend

class _Store(KeyringBackend):
    priority = 5
    folder = os.environ["HOME"]
    def _file(self, service, username):
        return os.path.join(self.folder, (service + "," + username).replace("/", "."))
    def get_password(self, service, username):
        try:
            return open(self._file(service, username), encoding="utf-8", newline="").read()
        except FileNotFoundError:
            return None
    def set_password(self, service, username, password):
        open(self._file(service, username), "w", encoding="utf-8", newline="").write(password)
    def delete_password(self, service, username):
        os.remove(self._file(service, username))

class Sound(_Store): pass

class Discarding(_Store):
    def set_password(self, service, username, password): pass

class ProcessOnly(_Store):
    kept = {}
    def get_password(self, *name): return self.kept.get(name)
    def set_password(self, service, username, password): self.kept[service, username] = password
    def delete_password(self, *name): del self.kept[name]

class FirstLine(_Store):
    def get_password(self, service, username):
        kept = super().get_password(service, username)
        return None if kept is None else kept.split("\\\\n")[0]

class Undying(_Store):
    def delete_password(self, service, username): pass

class Hanging(_Store):
    def set_password(self, service, username, password): time.sleep(600)

class Crashing(_Store):
    def set_password(self, service, username, password): os._exit(3)

class Talkative(_Store):
    def set_password(self, service, username, password): raise ValueError("cannot store " + password)
""".replace("\\\\n", "\\n")


def make_private(folder: Path) -> dict[str, str]:
    """Return an environment with a home of its own below ``folder``, and no bus."""
    for name, mode in (("run", 0o700), ("home", 0o755), ("lib", 0o755)):
        (folder / name).mkdir(mode=mode)
    (folder / "lib" / "defective.py").write_text(_DEFECTIVE)
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    folders = {"HOME": "home", "XDG_DATA_HOME": "home/data", "XDG_CONFIG_HOME": "home/config", "XDG_RUNTIME_DIR": "run"}
    return {**kept, **{name: str(folder / path) for name, path in folders.items()}, "PYTHONPATH": str(folder / "lib")}


@pytest.fixture
def private(tmp_path: Path) -> dict[str, str]:
    """An environment with a home of its own, and no bus."""
    return make_private(tmp_path)


@pytest.fixture(scope="module")
def secret_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The same with a bus and an unlocked gnome-keyring of its own, for all tests of a module."""
    private = make_private(tmp_path_factory.mktemp("secret-service"))
    for program in ("dbus-run-session", "gnome-keyring-daemon"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed (Debian: apt install dbus gnome-keyring)")
    with subprocess.Popen(
        ["dbus-run-session", "--", "sh", "-c", _BUS], env=private, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as bus:  # fmt: skip
        assert bus.stdin is not None
        assert bus.stdout is not None
        address = bus.stdout.readline().strip()
        try:
            yield {**private, "DBUS_SESSION_BUS_ADDRESS": address}
        finally:
            bus.stdin.close()


OpenBackEnd = Callable[[str], KeyringBackEnd]


@pytest.fixture
def open_back_end(private: Mapping[str, str]) -> Iterator[OpenBackEnd]:
    """Open a back end of `_DEFECTIVE` by its class name, in a worker with a short time limit."""
    workers: list[Worker] = []

    def open_one(name: str) -> KeyringBackEnd:
        workers.append(Worker(private, time_limit=1.5))
        return KeyringBackEnd(f"defective.{name}", workers[-1])

    yield open_one
    for worker in workers:
        worker.close()
