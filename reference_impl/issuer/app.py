"""The issuer's WSGI application: its routes, and what holds for all of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError
from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException

from reference_impl.database import RETRY_AFTER, STORAGE_ERRORS
from reference_impl.events.authenticity import PATH as EVENT_KEYS_PATH
from reference_impl.events.occurrences import ServerFault
from reference_impl.issuer.authorization import LoginFlow
from reference_impl.issuer.end_session import EndSession
from reference_impl.issuer.event_keys import EventKeys
from reference_impl.issuer.keys import KeyRing
from reference_impl.issuer.protocol import IssuerServer
from reference_impl.issuer.recorder import EventRecorder
from reference_impl.issuer.state import IssuerState, IssuerStore
from reference_impl.issuer.token_endpoint import InvalidTarget
from reference_impl.rfc9449 import InvalidProof, PresentedProof, ProofVerifier

TARGETS = ("resource", "audience")  # RFC 8707 §2; RFC 8693 §2.1 has the other name, and clients send it elsewhere too

_log = logging.getLogger(__name__)


class InvalidProofError(OAuth2Error):
    """A token request whose DPoP proof does not hold (RFC 9449 §5)."""

    error = "invalid_dpop_proof"


class InvalidTargetError(OAuth2Error):
    """A token request for another API than this stage's own (RFC 8707 §2)."""

    error = "invalid_target"


@dataclass(frozen=True)
class IssuerRoutes:
    """The endpoints that clients call themselves."""

    store: IssuerStore
    server: IssuerServer
    events: EventRecorder
    proofs: ProofVerifier
    token_url: str  # as the metadata name it

    def token(self) -> Response:
        """POST /token; where it brings a proof, its tokens are bound to that key (RFC 9449 §5)."""
        try:
            self.server.endpoint.check_target(value for name in TARGETS for value in request.form.getlist(name))
        except InvalidTarget:
            return self.server.refuse(InvalidTargetError("tokens of this issuer are for its own API"))
        headers = tuple(request.headers.getlist("DPoP"))
        if headers:
            try:
                g.thumbprint = self.proofs.verify(PresentedProof(headers, request.method, self.token_url))
            except InvalidProof as invalid:
                return self.server.refuse(InvalidProofError(str(invalid)))
        return self._decide(self.server.answer_token_request)

    def revoke(self) -> Response:
        """POST /revoke."""
        return self._decide(self.server.answer_revocation)

    def introspect(self) -> Response:
        """POST /introspect."""
        return self._decide(self.server.answer_introspection)

    def _decide(self, respond: Callable[[], Response]) -> Response:
        """Answer in one transaction of the store, which a refusal commits and a fault rolls back."""
        if request.args or any(len(values) > 1 for _, values in request.form.lists()):
            # RFC 6749 §2.3.1 and §3.2: in the body, and once. Authlib would also take them from the URL.
            return self.server.refuse(InvalidRequestError("parameters belong in the body, each once"))
        try:
            return self.store.change(lambda state: self._respond(state, respond))
        except Exception:
            self._record_fault()
            raise

    def _respond(self, state: IssuerState, respond: Callable[[], Response]) -> Response:
        g.state = state
        return respond()

    def _record_fault(self) -> None:
        fault = ServerFault(request.form.get("client_id", ""), request.form.get("grant_type", ""))
        try:
            self.store.change(lambda state: self.events.record(state, fault))
        except STORAGE_ERRORS:
            _log.warning("the store is out of order")  # the fault itself is answered and logged by the caller


def create_issuer_app(
    app: Flask,
    routes: IssuerRoutes,
    login: LoginFlow,
    end_session: EndSession,
    keys: KeyRing,
    event_keys: EventKeys,
    metadata: Mapping[str, object],
    headers: Callable[[Response], Response],
) -> Flask:
    """Give the application its routes, and every answer its headers; return it."""
    app.add_url_rule("/authorize", view_func=login.authorize, methods=["GET"])
    app.add_url_rule("/login", view_func=login.submit, methods=["POST"])
    app.add_url_rule("/logout", view_func=end_session.answer, methods=["GET", "POST"])
    app.add_url_rule("/token", view_func=routes.token, methods=["POST"])
    app.add_url_rule("/introspect", view_func=routes.introspect, methods=["POST"])
    app.add_url_rule("/revoke", view_func=routes.revoke, methods=["POST"])
    app.add_url_rule("/.well-known/jwks.json", "jwks", lambda: jsonify(keys.jwks()))
    app.add_url_rule(EVENT_KEYS_PATH, "event keys", lambda: jsonify(event_keys.document()))
    for name in ("oauth-authorization-server", "openid-configuration"):  # RFC 8414 §3, OpenID Connect Discovery 1.0 §4
        app.add_url_rule(f"/.well-known/{name}", name, lambda: jsonify(metadata))
    app.register_error_handler(Exception, answer_fault)
    app.after_request(headers)
    return app


def answer_fault(error: Exception) -> Response | HTTPException:
    """Answer 503 where storage failed, 500 for any other fault; both say that nothing was decided."""
    if isinstance(error, HTTPException):
        return error
    _log.error("%s failed: %s", request.path, type(error).__name__, exc_info=error)
    storage = isinstance(error, STORAGE_ERRORS)
    response = jsonify(error="temporarily_unavailable" if storage else "server_error")
    response.status_code = 503 if storage else 500
    if storage:
        response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


NOTHING = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"


def add_headers(response: Response) -> Response:
    """Add what holds for every answer: nothing is stored, guessed or told to the next site."""
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Content-Security-Policy", NOTHING)  # an error page of the framework is one, too
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
