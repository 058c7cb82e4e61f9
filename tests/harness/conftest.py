"""What several tests of the harness share."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from secrets import token_urlsafe

import pytest
import trustme

from harness.checks import registry
from harness.evidence.seal import public_half
from harness.machine.session import PrivateSession
from harness.redact import Redactor
from harness.targets.reference import ReferenceTarget
from tests.harness.contracts.fake_issuer import FakeIssuer
from tests.harness.small_run import CHECKS


@pytest.fixture
def small_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks of small runs, forgotten after the test."""
    monkeypatch.setattr(registry, "_registered", {**registry.checks(), **CHECKS})


@pytest.fixture(scope="session")
def reference() -> Iterator[ReferenceTarget]:
    """The reference, started once for all tests that only use it; their sessions and users are their own."""
    with PrivateSession.start(secret_service=False) as machine:
        target = ReferenceTarget.open(machine, Redactor())
        yield target
        target.close()


@pytest.fixture
def fake() -> Iterator[FakeIssuer]:
    server = FakeIssuer()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """A port that speaks TLS as right.localhost, and the file of its authority."""
    file = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    authority.cert_pem.write_to_path(file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("right.localhost", key_type=trustme.KeyType.ECDSA).configure_cert(context)
    listening, ends = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def serve() -> None:
        while True:
            connection, _ = listening.accept()
            with connection, contextlib.suppress(OSError):
                if ends.is_set():
                    return
                context.wrap_socket(connection, server_side=True).close()

    server = threading.Thread(target=serve)
    server.start()
    yield listening.getsockname()[1], file
    ends.set()
    socket.create_connection(listening.getsockname()).close()  # so that it need not wait any longer
    server.join()
    listening.close()


@pytest.fixture(scope="session")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sealed bundle of a rehearsal, made by a process of its own; not to be changed."""
    folder = tmp_path_factory.mktemp("rehearsal") / "bundle"
    secrets = json.dumps({kind: token_urlsafe(32) for kind in ("access_token", "session_cookie", "password")})
    command = [sys.executable, "-m", "harness.rehearsal", str(folder)]
    subprocess.run(command, input=secrets, text=True, check=True, capture_output=True, timeout=60)
    return folder


@pytest.fixture
def own_bundle(rehearsed: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    copy = tmp_path / "bundle"
    shutil.copytree(rehearsed, copy)
    shutil.copy(public_half(rehearsed), public_half(copy))
    return copy
