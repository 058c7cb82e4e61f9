"""An issuer in an attacker's hand: it lets everybody in, and notes what clients bring to its token endpoint.

It is real to a client: metadata (RFC 8414), an authorization endpoint that answers at once with a code, its `iss`
(RFC 9207) and the state, and a token endpoint that takes whatever comes and gives nothing for it, until it is told to
give tokens, with an ID token that is sound or has a mistake. Its API counts who comes with such a token.
"""

from __future__ import annotations

import json
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from harness.errors import TargetError, nearest
from harness.observations import HttpExchange
from harness.observe import Recorder
from harness.probes.id_tokens import MISTAKES, IdTokens

__all__ = ["AttackerIssuer"]

LONGEST_BODY = 65_536  # bytes
METADATA = "/.well-known/oauth-authorization-server"


class AttackerIssuer:
    """Serves on loopback, from its making to `close`. `url` is its issuer identifier."""

    def __init__(self, cert_file: Path, host: str, now: Callable[[], float] = time.time) -> None:
        """`cert_file`: key and certificate chain for `host` (PEM). `now`: the clock by which it dates its tokens."""
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(cert_file)
        self._server = _Server(tls, now)
        self.url = self._server.url = f"https://{host}:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def give_tokens(self, mistake: str | None) -> None:
        """Answer codes with tokens from now on, and an ID token with this mistake (`nothing`: a sound one); None:
        refuse them again. Raises TargetError for a mistake that it cannot make."""
        if mistake is not None and mistake not in MISTAKES:
            raise TargetError(f"no such mistake: {mistake!r} ({nearest(mistake, MISTAKES)})")
        self._server.mistake = mistake

    @property
    def api_calls(self) -> int:
        """How many requests came to its API with a bearer token."""
        return self._server.api_calls

    @contextmanager
    def listening(self, recorder: Recorder, case: str) -> Iterator[None]:
        """While it lasts, the requests to the token endpoint are recorded under `case`, about role tap."""
        self._server.log = (recorder, case)
        try:
            yield
        finally:
            self._server.log = None

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    url = ""
    log: tuple[Recorder, str] | None = None
    mistake: str | None = None
    api_calls = 0

    def __init__(self, tls: ssl.SSLContext, now: Callable[[], float]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.tokens = IdTokens(now)
        # The handshake is the handler's: a client that never finishes it must not hold up the others.
        self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no error of ours."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 5  # seconds

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        if asked.path == METADATA:
            endpoints = {f"{name}_endpoint": f"{self.server.url}/{name}" for name in ("authorization", "token")}
            told = {"issuer": self.server.url, **endpoints, "authorization_response_iss_parameter_supported": True}
            keys = {"jwks_uri": f"{self.server.url}/jwks", "scopes_supported": ["openid", "api"]}
            self._answer(200, json.dumps({**told, **keys}))
        elif asked.path == "/jwks":
            self._answer(200, json.dumps(self.server.tokens.jwks()))
        elif asked.path == "/me":
            self.server.api_calls += bool(self.headers.get("Authorization"))
            self._answer(200, json.dumps({"name": "somebody", "sub": "somebody"}))
        elif asked.path == "/authorization" and "redirect_uri" in query:
            code, state = secrets.token_urlsafe(32), query.get("state", "")
            self.server.tokens.expect(code, query.get("client_id", ""), query.get("nonce"))
            answer = urlencode({"code": code, "state": state, "iss": self.server.url})
            self._answer(303, "", {"Location": f"{query['redirect_uri']}?{answer}"})
        else:
            self._answer(404, "{}")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "0")
        sent = self.rfile.read(min(int(length), LONGEST_BODY)).decode("utf-8", "replace") if length.isdecimal() else ""
        status, answer = 400, json.dumps({"error": "invalid_grant"})
        code = parse_qs(sent).get("code", [""])[0]
        if self.path == "/token" and self.server.mistake is not None and code:
            status, answer = 200, json.dumps(self.server.tokens.answer(self.server.url, code, self.server.mistake))
        if self.path == "/token" and self.server.log is not None:
            self._note(*self.server.log, sent, status, answer)
        self._answer(status, answer)

    def log_message(self, format: str, *arguments: object) -> None:
        """Log nothing."""

    def _note(self, recorder: Recorder, case: str, sent: str, status: int, answered: str) -> None:
        headers, url = dict(self.headers.items()), f"{self.server.url}/token"
        recorder.redactor.register_from_request(url, headers, sent)
        recorder.redactor.register_from_response([("Content-Type", "application/json")], answered)
        about = {"role": "tap", "issuer": "attacker"}
        recorder.record(
            HttpExchange(
                case=case, about=about, method="POST", url=url, request_body=sent, status=status, body=answered,
                headers=(("Content-Type", "application/json"),), body_bytes=len(answered),
            )
        )  # fmt: skip

    def _answer(self, status: int, body: str, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        sized = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Cache-Control": "no-store"}
        for name, value in {**sized, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())
