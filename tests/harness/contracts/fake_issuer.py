"""The least that is an OAuth issuer with an API, over http on loopback: for what speaks to issuers, not about them."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

__all__ = ["FakeIssuer"]

Form = Mapping[str, str]
PASSWORD = "correct horse battery staple"


class FakeIssuer(ThreadingHTTPServer):
    """Knows one client, `web`, and one user, `alice`; used codes and refresh tokens are refused."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.well_known = "/.well-known/oauth-authorization-server"
        self.openid: dict[str, object] = {}  # what an OpenID document says, if there is one
        self.redirect_uri = "http://127.0.0.1:1/cb"
        self.key = ECKey.generate_key("P-256", {"kid": "k1"})
        self.claims: dict[str, object] = {}  # of its metadata, beside or instead of the true ones
        self.asked: dict[str, Form] = {}  # code requests that wait for a login
        self.codes: dict[str, str] = {}  # code → challenge
        self.refresh_tokens: set[str] = set()
        self.live: set[str] = set()
        self.lock = threading.Lock()

    def metadata(self) -> dict[str, object]:
        endpoints = {f"{name}_endpoint": f"{self.url}/{name}" for name in ("authorization", "token", "revocation")}
        described = {"jwks_uri": f"{self.url}/jwks", "code_challenge_methods_supported": ["S256"]}
        return {"issuer": self.url, **endpoints, **described, **self.claims}

    def jwks(self) -> dict[str, object]:
        return {"keys": [self.key.as_dict(private=False)]}

    def token(self, form: Form) -> tuple[int, dict[str, object]]:
        with self.lock:
            if form.get("grant_type") == "refresh_token":
                known = form.get("refresh_token", "") in self.refresh_tokens
                self.refresh_tokens.discard(form.get("refresh_token", ""))
            else:
                challenge = self.codes.pop(form.get("code", ""), None)
                digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
                known = challenge == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if not known:
                return 400, {"error": "invalid_grant"}
            refresh = secrets.token_urlsafe(32)
            claims = {"iss": self.url, "sub": "alice", "exp": int(time.time()) + 900, "jti": secrets.token_urlsafe(8)}
            access = jwt.encode({"alg": "ES256", "kid": "k1"}, claims, self.key)
            self.refresh_tokens.add(refresh)
            self.live.add(access)
        return 200, {"access_token": access, "refresh_token": refresh, "token_type": "Bearer", "expires_in": 900}


class _Handler(BaseHTTPRequestHandler):
    server: FakeIssuer

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        if asked.path == self.server.well_known:
            self.answer_json(200, self.server.metadata())
        elif asked.path == "/.well-known/openid-configuration" and self.server.openid:
            self.answer_json(200, self.server.openid)
        elif asked.path == "/jwks":
            self.answer_json(200, self.server.jwks())
        elif asked.path == "/authorization":
            self.authorize(query)
        elif asked.path == "/login":
            hidden = f'<input type="hidden" name="request" value="{query["request"]}">'
            user = '<input name="user"><input type="password" name="password">'
            buttons = '<button name="go" value="yes">Yes</button><button name="go" value="no">No</button>'
            self.answer(200, f'<form action="login" method="post">{hidden}{user}{buttons}</form>')
        elif asked.path == "/me":
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            self.answer_json(200 if token in self.server.live else 401, {})
        elif asked.path == "/round":
            self.answer(302, headers={"Location": "/round"})
        else:
            self.answer(404)

    def authorize(self, query: Form) -> None:
        if query.get("client_id") != "web" or query.get("redirect_uri") != self.server.redirect_uri:
            self.answer(400, "<h1>Error</h1>")
        elif query.get("code_challenge_method") != "S256" or len(query.get("code_challenge", "")) != 43:
            self.redirect({"error": "invalid_request", **_state_of(query)})
        else:
            request = secrets.token_hex(8)
            self.server.asked[request] = query
            self.answer(302, headers={"Location": f"/login?request={request}"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        if self.path == "/token":
            self.answer_json(*self.server.token(form))
        elif self.path == "/revocation":
            self.server.live.discard(form.get("token", ""))
            self.answer(200)
        elif form.get("go") != "yes":
            self.redirect({"error": "access_denied"})
        elif (form.get("user"), form.get("password")) != ("alice", PASSWORD):
            self.answer(200, "<p>Wrong.</p>")
        else:
            request = self.server.asked.pop(form["request"])
            code = secrets.token_urlsafe(32)
            self.server.codes[code] = request["code_challenge"]
            self.redirect({"code": code, **_state_of(request)})

    def redirect(self, parameters: Form) -> None:
        self.answer(302, headers={"Location": f"{self.server.redirect_uri}?{urlencode(parameters)}"})

    def answer_json(self, status: int, data: Mapping[str, object]) -> None:
        self.answer(status, json.dumps(data), {"Content-Type": "application/json"})

    def answer(self, status: int, body: str = "", headers: Form | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "text/html", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _state_of(request: Form) -> Form:
    return {"state": request["state"]} if "state" in request else {}
