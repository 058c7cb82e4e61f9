"""An OAuth issuer that works, but for what it does to whoever asks at some of its steps."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from tests.harness.contracts.fake_issuer import PASSWORD, FakeIssuer, _Handler

__all__ = ["STEPS", "Attack", "HostileIssuer", "describe", "hostile"]

Attack = Callable[[socket.socket, str, bytes], object]  # is given the connection, the step, and the honest answer
STEPS = {
    "/.well-known/oauth-authorization-server": "metadata",
    "/.well-known/openid-configuration": "metadata",
    "/jwks": "keys",
    "/authorization": "authorize",
    "/login": "login",
    "/token": "token",
    "/revocation": "revocation",
    "/me": "api",
}


class HostileIssuer(FakeIssuer):
    """Attacks at these steps, and answers honestly at the others. `asked_for` is every path that was asked for."""

    def __init__(self, attack: Attack, steps: Collection[str], tls: ssl.SSLContext | None = None) -> None:
        super().__init__()
        self.RequestHandlerClass = _HostileHandler
        self.attack, self.steps = attack, steps
        self.asked_for: list[str] = []
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
            self.url = self.url.replace("http://127.0.0.1", "https://localhost")

    def handle_error(self, request: object, client_address: object) -> None:
        """The client has heard enough."""


class _HostileHandler(_Handler):
    server: HostileIssuer

    def answer(self, status: int, body: str = "", headers: Mapping[str, str] | None = None) -> None:
        path = self.path.partition("?")[0]
        self.server.asked_for.append(path)
        step = STEPS.get(path, "other")
        if step not in self.server.steps:
            super().answer(status, body, headers)
            return
        given = {"Content-Type": "text/html", **(headers or {}), "Content-Length": str(len(body.encode()))}
        lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in given.items()), "", body]
        self.close_connection = True
        self.connection.settimeout(20)
        self.server.attack(self.connection, step, "\r\n".join(lines).encode())


@contextmanager
def hostile(
    attack: Attack,
    steps: Collection[str] = tuple(STEPS.values()),
    tls: ssl.SSLContext | None = None,
    kind: type[HostileIssuer] = HostileIssuer,
) -> Iterator[HostileIssuer]:
    """The issuer, running."""
    server = kind(attack, steps, tls)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def describe(issuers: Mapping[str, FakeIssuer], folder: Path, limits: str, more: str = "") -> Path:
    """A description of the issuers of some stages, as a user would write it; `more` goes into each stage."""
    stages = (_STAGE.format(stage=stage, issuer=one, password=PASSWORD, more=more) for stage, one in issuers.items())
    path = folder / "hostile.toml"
    path.write_text(f'kind = "oauth"\nname = "hostile"\n{"".join(stages)}\n[limits]\n{limits}\n', encoding="utf-8")
    return path


_STAGE = """
[stage.{stage}]
issuer = "{issuer.url}"
protected = "{issuer.url}/me"
{more}

[[stage.{stage}.client]]
id = "web"
redirect_uri = "{issuer.redirect_uri}"

[[stage.{stage}.user]]
name = "alice"
password = "{password}"
"""
