"""Faults of logging out and of revocation: at the clients, at the issuer, and on realtime connections."""

from __future__ import annotations

from collections.abc import Callable
from queue import Queue

from authlib.oauth2.rfc6749 import InvalidRequestError, UnsupportedTokenTypeError
from flask import Response, current_app, request

from harness.faults.registry import fault
from reference_impl.api.guard import ApiGuard, Principal
from reference_impl.api.realtime import BACKLOG, Inbox, Realtime, Stream
from reference_impl.issuer.revocation import GrantOfToken, Leaving, Revocation
from reference_impl.issuer.state import IssuerState
from reference_impl.oauth_client import OAuthClientError
from reference_impl.parts import Part
from reference_impl.revocations import MemoryShelf
from reference_impl.rfc9449 import PresentedProof
from reference_impl.token_manager import Logout, TokenManager
from reference_impl.web.sessions import WebSession, WebSessions

AddsHeaders = Callable[[Response], Response]


@fault("F-TOKEN-19-a", "TOKEN-19.E1", Part.LOGOUT)
def a_logout_only_deletes_local_state(real: Logout) -> Logout:
    class Local(Logout):
        def end(self, manager: TokenManager, reason: str = "user") -> bool:
            manager.forget()
            return True

    return Local(real.revocations)


@fault("F-TOKEN-19-c", "TOKEN-19.E2", Part.REALTIME)
def a_connection_is_authorised_when_it_is_opened_and_never_again(real: Realtime) -> Realtime:
    class Trusting(Realtime):
        def may_go_on(self, authorization: str | None) -> bool:
            return True

    return _like(real, Trusting)


@fault("F-TOKEN-19-x1", "TOKEN-19.E2", Part.REALTIME)
def a_connection_is_resumed_without_asking_the_guard(real: Realtime) -> Realtime:
    """Who was let in once is let in again, as where the token of a connection is kept to resume it."""

    class Resuming(Realtime):
        def subscribe(self, authorization: str | None, proof: PresentedProof | None = None) -> Stream:
            known: set[str | None] = vars(self).setdefault("_known", set())
            if authorization not in known:
                known.add(authorization)
                return super().subscribe(authorization, proof)
            inbox: Inbox = Queue(BACKLOG)
            self._inboxes[inbox] = ""
            return Stream(self, authorization, inbox)

    return _like(real, Resuming)


@fault("F-TOKEN-19-x2", "TOKEN-19.E2", Part.WEB_SESSION)
def the_web_session_outlives_the_logout(real: WebSessions) -> WebSessions:
    """The cookie is deleted in the browser; who kept a copy is still let in."""

    class Lasting(WebSessions):
        def end(self, session: WebSession) -> None:
            """Leave it to the idle limit."""

    real.__class__ = Lasting
    return real


@fault("F-TOKEN-19-d", "TOKEN-19.E3", Part.REVOCATION)
def a_token_is_revoked_before_its_client_is_compared(real: Revocation) -> Revocation:
    class Eager(Revocation):
        def find(self, state: IssuerState, token: str) -> GrantOfToken | None:
            found = super().find(state, token)
            if found is not None:
                self.revoke(state, found, Leaving())
            return found

    return Eager(**vars(real))


@fault("F-TOKEN-19-x3", "TOKEN-19.E3", Part.REVOCATION)
def an_unknown_token_is_an_error(real: Revocation) -> Revocation:
    class Strict(Revocation):
        def find(self, state: IssuerState, token: str) -> GrantOfToken | None:
            found = super().find(state, token)
            if found is None:
                raise InvalidRequestError("no such token")
            return found

    return Strict(**vars(real))


@fault("F-TOKEN-19-x4", "TOKEN-19.E3", Part.REVOCATION)
def the_hint_is_believed(real: Revocation) -> Revocation:
    class Believing(Revocation):
        def find(self, state: IssuerState, token: str) -> GrantOfToken | None:
            is_refresh_token = self.tokens.find(state, token) is not None
            hint = request.form.get("token_type_hint")
            if hint and is_refresh_token != (hint == "refresh_token"):
                return None
            return super().find(state, token)

    return Believing(**vars(real))


@fault("F-TOKEN-19-x11", "TOKEN-19.E3", Part.REVOCATION)
def a_hint_of_no_type_is_an_error(real: Revocation) -> Revocation:
    """As a framework does that compares the hint with the types that it knows."""

    class Particular(Revocation):
        def find(self, state: IssuerState, token: str) -> GrantOfToken | None:
            if request.form.get("token_type_hint", "access_token") not in ("access_token", "refresh_token"):
                raise UnsupportedTokenTypeError
            return super().find(state, token)

    return Particular(**vars(real))


@fault("F-TOKEN-19-x5", "TOKEN-19.E3", Part.REVOCATION)
def access_tokens_are_taken_for_unknown(real: Revocation) -> Revocation:
    class Opaque(Revocation):
        def find(self, state: IssuerState, token: str) -> GrantOfToken | None:
            return super().find(state, token) if self.tokens.find(state, token) else None

    return Opaque(**vars(real))


@fault("F-TOKEN-19-x9", "TOKEN-19.E3", Part.RESPONSE_HEADERS)
def a_get_is_refused_and_revokes_all_the_same(real: AddsHeaders) -> AddsHeaders:
    """As where one handler serves whatever method, and what it answers is looked at afterwards."""

    def add_headers(response: Response) -> Response:
        if (request.method, request.path) == ("GET", "/revoke"):
            current_app.test_client().post("/revoke", data=request.args.to_dict())
        return real(response)

    return add_headers


@fault("F-TOKEN-19-x6", "TOKEN-19.E4", Part.LOGOUT)
def a_failed_revocation_is_not_tried_again(real: Logout) -> Logout:
    class Once(Logout):
        def end(self, manager: TokenManager, reason: str = "user") -> bool:
            held = manager.forget()
            try:
                if held is not None:
                    manager.oauth.revoke(held)
            except OAuthClientError:
                return False
            return True

    return Once(real.revocations)


@fault("F-TOKEN-19-x7", "TOKEN-19.E4", Part.LOGOUT)
def a_failed_revocation_is_forgotten_at_a_restart(real: Logout) -> Logout:
    real.revocations.shelf = MemoryShelf()
    return real


@fault("F-TOKEN-19-x8", "TOKEN-19.E4", Part.LOGOUT)
def a_failed_revocation_leaves_the_user_signed_in(real: Logout) -> Logout:
    class Obedient(Logout):
        def end(self, manager: TokenManager, reason: str = "user") -> bool:
            held = manager.vault.load()
            try:
                if held is not None:
                    manager.oauth.revoke(held)
            except OAuthClientError:
                return False
            manager.forget()
            return True

    return Obedient(real.revocations)


@fault("F-TOKEN-19-x10", "TOKEN-19.E2", Part.API_GUARD)
def one_route_does_not_ask_whether_the_session_goes_on(real: ApiGuard) -> ApiGuard:
    class Forgetful(ApiGuard):
        def check_grant(self, principal: Principal) -> None:
            if request.path != "/notes":
                super().check_grant(principal)

    return Forgetful(**vars(real))


def _like(real: Realtime, kind: type[Realtime]) -> Realtime:
    return kind(real._guard, real.recheck)
