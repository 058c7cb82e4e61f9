"""Logout that a client begins in the user's browser (OpenID Connect RP-Initiated Logout 1.0).

The issuer keeps no session of its own in the browser: every sign-in asks for the password. So what is ended is the
grant of the client that asks, and whose it is an ID token proves that only this client was given (§2).
"""

from __future__ import annotations

from dataclasses import dataclass

from authlib.common.urls import add_params_to_uri
from flask import Response, make_response, redirect, request
from werkzeug.datastructures import MultiDict

from reference_impl.config import Client, StageConfig
from reference_impl.events.schema import Reason
from reference_impl.issuer.clients import ClientRegistry
from reference_impl.issuer.keys import KeyRing
from reference_impl.issuer.responses import show_page
from reference_impl.issuer.state import IssuerStore
from reference_impl.issuer.token_endpoint import TokenEndpoint

PARAMETERS = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state")


@dataclass(frozen=True)
class EndSession:
    """The end session endpoint."""

    config: StageConfig
    store: IssuerStore
    clients: ClientRegistry
    keys: KeyRing
    endpoint: TokenEndpoint

    def answer(self) -> Response:
        """GET or POST /logout: end the session that the hint is of; go back only where exactly that is registered."""
        asked = request.form if request.method == "POST" else request.args
        found = self.session_of(asked)
        if found is None:
            text = "Nothing was ended: the application did not say, or could not prove, whose session it means."
            return show_page("signed_out.html", 400, self.config, heading="Not signed out", text=text)
        client, session_id = found
        self.store.change(lambda state: self.endpoint.end(state, session_id, Reason.USER))
        target = asked.get("post_logout_redirect_uri")
        if target is None or target not in client.post_logout_redirect_uris:
            return show_page("signed_out.html", 200, self.config, heading="Signed out", text="You are signed out.")
        state = asked.get("state")
        return make_response(redirect(add_params_to_uri(target, [("state", state)]) if state else target, 303))

    def session_of(self, asked: MultiDict[str, str]) -> tuple[Client, str] | None:
        """Return client and session of the ID token, which may have expired (§4); None where it proves nothing."""
        if any(len(asked.getlist(name)) > 1 for name in PARAMETERS):
            return None  # which one would count is a guess
        claims = self.keys.read(asked.get("id_token_hint", "")) or {}
        audience, session_id = claims.get("aud"), claims.get("sid")
        # An access token is for the API, which is no client: it is no hint.
        client = self.clients.find(audience) if isinstance(audience, str) and "auth_time" in claims else None
        if client is None or not isinstance(session_id, str) or claims.get("iss") != self.config.issuer:
            return None
        return (client, session_id) if asked.get("client_id", client.client_id) == client.client_id else None
