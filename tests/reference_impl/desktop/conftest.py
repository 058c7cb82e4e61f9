"""A desktop process of its own, with a private home and store, against an issuer on loopback."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from reference_impl.loopback import LoopbackHost
from tests.reference_impl.web.fake_issuer import FakeIssuer

ROOT = Path(__file__).parents[3]

# A launcher that trusts a file-backed store instead of a keyring: what a harness does with a replaced part.
LAUNCHER = """
import os, sys
from dataclasses import replace
from reference_impl.desktop.__main__ import main
from reference_impl.parts import Part, Parts

def chosen(chain):
    return replace(chain, candidates=lambda: (os.environ["TEST_STORE"],), refuse_name=lambda name: None)

sys.exit(main(os.environ, Parts({Part.SESSION_STORE: (chosen,)}) if "TEST_STORE" in os.environ else None, sys.argv[1:]))
"""
BACK_ENDS = """
import os, time
from keyring.backend import KeyringBackend

class Sound(KeyringBackend):
    priority = 5
    def _file(self, service, username):
        return os.path.join(os.environ["HOME"], (service + "," + username).replace("/", "."))
    def get_password(self, service, username):
        try:
            with open(self._file(service, username), encoding="utf-8", newline="") as kept:
                return kept.read()
        except FileNotFoundError:
            return None
    def set_password(self, service, username, password):
        with open(self._file(service, username), "w", encoding="utf-8", newline="") as kept:
            kept.write(password)
    def delete_password(self, service, username):
        os.remove(self._file(service, username))

class Full(Sound):
    def set_password(self, service, username, password):
        if "self-test" not in service:
            raise OSError("the disk is full")
        super().set_password(service, username, password)
"""


class Desktop:
    """A running desktop process, and a browser session for its window."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.events: list[dict[str, Any]] = []
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._pump, daemon=True).start()
        self.ready = self._reply()
        self.browser = requests.Session()
        self.browser.trust_env = False

    def do(self, do: str, **more: object) -> dict[str, Any]:
        """Send a command and return its reply; events that come before it are kept."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, **more}) + "\n")
        self.process.stdin.flush()
        return self._reply()

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.browser.get(self.origin + path, timeout=5, **more)

    def post(self, path: str, headers: dict[str, str]) -> requests.Response:
        return self.browser.post(self.origin + path, headers=headers, timeout=5)

    def open_window(self) -> requests.Response:
        return self.browser.get(self.ready["window"], timeout=5)

    @property
    def origin(self) -> str:
        parts = urlsplit(self.ready["window"])
        return f"{parts.scheme}://{parts.netloc}"

    def close(self) -> tuple[int, str]:
        """End its input; return its exit code and its log."""
        assert self.process.stdin is not None
        assert self.process.stderr is not None
        self.process.stdin.close()
        code = self.process.wait(5)
        log = self.process.stderr.read()
        self.process.stderr.close()
        self.browser.close()
        return code, log

    def _pump(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self._lines.put(line)

    def _reply(self) -> dict[str, Any]:
        line: dict[str, Any] = json.loads(self._lines.get(timeout=15))
        while "event" in line:
            self.events.append(line)
            line = json.loads(self._lines.get(timeout=15))
        return line


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FakeIssuer, Path]]:
    """An issuer and API on one https port, and the file of the authority that vouches for it."""
    host = LoopbackHost(tmp_path_factory.mktemp("tls"))
    listener = host.listen()
    url, api = (f"https://{name}.dev.localhost:{listener.port}" for name in ("auth", "api"))
    fake = FakeIssuer(url, api)
    app = fake.app()
    fake.other = FakeIssuer(url.replace("dev", "staging"), api.replace("dev", "staging"))
    other = fake.other.app()
    apps = {"auth.dev.localhost": app, "api.dev.localhost": app}
    server = listener.serve({**apps, "auth.staging.localhost": other, "api.staging.localhost": other})
    yield fake, host.ca_file
    server.stop()


StartDesktop = Callable[..., Desktop]


@pytest.fixture
def start(issuer: tuple[FakeIssuer, Path], tmp_path: Path) -> Iterator[StartDesktop]:
    """Start desktops, which share one home; ``store``: a class of `BACK_ENDS`, else there is no store. Named arguments
    are environment variables."""
    fake, ca_file = issuer
    (tmp_path / "home").mkdir()
    (tmp_path / "back_ends.py").write_text(BACK_ENDS)
    (tmp_path / "launcher.py").write_text(LAUNCHER)
    environ = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}",
        "AUTH_STAGE": "dev", "AUTH_ISSUER": fake.url, "AUTH_API": fake.api_url, "AUTH_TLS_CA": str(ca_file),
        "AUTH_LOG_LEVEL": "warning",
    }  # fmt: skip

    with ExitStack() as ended:

        def start_one(store: str | None = None, *arguments: str, **more: str) -> Desktop:
            more |= {"TEST_STORE": f"back_ends.{store}"} if store else {}
            process = subprocess.Popen(
                [sys.executable, "-W", "error", str(tmp_path / "launcher.py"), *arguments], env={**environ, **more},
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
            ended.callback(process.kill)
            return Desktop(process)

        yield start_one
