"""A small issuer and API for the tests of the clients: it can answer wrongly, and it remembers what it was asked."""

from __future__ import annotations

import io
import secrets
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from flask import Flask, Response, jsonify, request
from requests.adapters import BaseAdapter


@dataclass
class FakeIssuer:
    """One refresh token is good at a time. ``sent``: all refresh tokens presented; ``revoked``: all tokens revoked."""

    url: str
    api_url: str
    sent: list[str] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)  # that came with what was revoked
    access: set[str] = field(default_factory=set)
    newest: str | None = None
    gate: threading.Event = field(default_factory=threading.Event)  # the token endpoint waits for it
    override: dict[str, Any] = field(default_factory=dict)  # path -> (status, body) to answer instead
    codes: dict[str, str] = field(default_factory=dict)  # code -> challenge
    other: FakeIssuer | None = None  # of another stage, where there is one

    def __post_init__(self) -> None:
        self.gate.set()

    def approve(self, authorize_url: str, **changes: str | None) -> str:
        """Do what a user does in the browser; return the callback URL. ``changes``: parameters to replace or drop."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(authorize_url).query).items()}
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked["code_challenge"]
        answer = {"code": code, "state": asked["state"], "iss": self.url, **changes}
        sent = {name: value for name, value in answer.items() if value is not None}
        return f"{asked['redirect_uri']}?{urlencode(sent)}"

    def app(self) -> Flask:
        """Return the WSGI application of issuer and API."""
        app = Flask("fake-issuer")
        app.before_request(self._overridden)
        app.add_url_rule("/.well-known/oauth-authorization-server", view_func=self._metadata)
        app.add_url_rule("/token", view_func=self._token, methods=["POST"])
        app.add_url_rule("/revoke", view_func=self._revoke, methods=["POST"])
        app.add_url_rule("/me", view_func=self._me)
        return app

    def _overridden(self) -> Response | None:
        if request.path not in self.override:
            return None
        status, body = self.override[request.path]
        response = jsonify(body)
        response.status_code = status
        return response

    def _metadata(self) -> Response:
        paths = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "revocation_endpoint": "/revoke"}
        return jsonify(issuer=self.url, **{name: self.url + path for name, path in paths.items()})

    def _token(self) -> tuple[Response, int]:
        self.gate.wait(10)
        if request.form["grant_type"] == "authorization_code":
            challenge = self.codes.pop(request.form["code"], "")
            good = challenge == create_s256_code_challenge(request.form["code_verifier"])  # type: ignore[no-untyped-call]
        else:
            self.sent.append(request.form["refresh_token"])
            good = request.form["refresh_token"] == self.newest
        if not good:
            return jsonify(error="invalid_grant"), 400
        self.newest = secrets.token_urlsafe(16)
        access = secrets.token_urlsafe(16)
        self.access.add(access)
        return jsonify(access_token=access, refresh_token=self.newest, token_type="Bearer", expires_in=900), 200

    def _revoke(self) -> str:
        self.revoked.append(request.form["token"])
        self.reasons.append(request.form.get("reason", ""))
        self.newest = None
        self.access.clear()
        return ""

    def _me(self) -> tuple[Response, int]:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return (jsonify(name="Alice"), 200) if token in self.access else (jsonify(error="invalid_token"), 401)


class InProcess(BaseAdapter):
    """Lets a requests session speak to a Flask application without a socket."""

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self._app = app

    # `Any` as in requests' own signatures.
    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Ask the application."""
        answer = self._app.test_client().open(
            request.url, method=request.method, headers=list(request.headers.items()), data=request.body
        )
        response = requests.Response()
        response.status_code, response.url, response.request = answer.status_code, request.url or "", request
        response.headers.update(answer.headers)
        response.raw = io.BytesIO(answer.data)
        return response

    def close(self) -> None:
        """Nothing is open."""
