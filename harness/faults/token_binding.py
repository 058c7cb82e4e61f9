"""Faults of what codes and refresh tokens are bound to."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError
from flask import g

from harness.faults.registry import fault
from harness.faults.storage import sql_of
from reference_impl.events.occurrences import Session
from reference_impl.events.schema import Reason
from reference_impl.issuer.codes import CodeBinding
from reference_impl.issuer.opaque import fingerprint
from reference_impl.issuer.protocol import IssuerServer, RefreshGrant
from reference_impl.issuer.state import IssuerState
from reference_impl.issuer.token_endpoint import CodeRedemption, InvalidGrant, TokenEndpoint, TokenSet
from reference_impl.issuer.tokens import RefreshRecord, Rotation, TokenStore
from reference_impl.parts import Part


@fault("F-TOKEN-02-b", "TOKEN-02.E2", Part.TOKEN_ENDPOINT)
def a_code_survives_failed_redemptions(real: TokenEndpoint) -> TokenEndpoint:
    class Patient(TokenEndpoint):
        def redeem(self, state: IssuerState, request: CodeRedemption) -> TokenSet:
            try:
                return super().redeem(state, request)
            except InvalidGrant:
                sql = "UPDATE codes SET used_at = NULL WHERE fingerprint = ? AND session_id IS NULL"
                sql_of(state).execute(sql, (fingerprint(request.code),))
                raise

    return Patient(**vars(real))


@fault("F-TOKEN-02-c", "TOKEN-02.E1", Part.TOKEN_ENDPOINT)
def the_redirect_uri_is_compared_only_when_it_is_sent(real: TokenEndpoint) -> TokenEndpoint:
    class Lenient(TokenEndpoint):
        def check_binding(self, binding: CodeBinding, request: CodeRedemption) -> None:
            super().check_binding(binding, replace(request, redirect_uri=request.redirect_uri or binding.redirect_uri))

    return Lenient(**vars(real))


@fault("F-TOKEN-02-x1", "TOKEN-02.E3", Part.TOKEN_ENDPOINT)
def a_refusal_carries_the_token_that_was_made_before(real: TokenEndpoint) -> TokenEndpoint:
    class Hasty(TokenEndpoint):
        def redeem(self, state: IssuerState, request: CodeRedemption) -> TokenSet:
            try:
                return super().redeem(state, request)
            except InvalidGrant as refusal:
                somebody = Session(str(uuid.uuid4()), "somebody", request.client_id, str(uuid.uuid4()))
                raise _Telling(self._tokens(somebody, "").access_token) from refusal

    return Hasty(**vars(real))


class _Telling(InvalidGrantError):
    """A refusal that tells a token."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token = token

    def get_body(self) -> Any:  # the stubs know no member but those of an error
        return [*super().get_body(), ("access_token", self.token)]


@fault("F-TOKEN-02-x2", "TOKEN-02.E1", Part.TOKEN_ENDPOINT)
def the_verifier_is_checked_only_when_it_is_sent(real: TokenEndpoint) -> TokenEndpoint:
    class Trusting(TokenEndpoint):
        def check_binding(self, binding: CodeBinding, request: CodeRedemption) -> None:
            if request.code_verifier or binding.redirect_uri != request.redirect_uri:
                super().check_binding(binding, request)

    return Trusting(**vars(real))


@fault("F-TOKEN-02-x3", "TOKEN-02.E1", Part.TOKEN_ENDPOINT)
def the_challenge_itself_is_taken_for_the_verifier(real: TokenEndpoint) -> TokenEndpoint:
    class Plain(TokenEndpoint):
        def check_binding(self, binding: CodeBinding, request: CodeRedemption) -> None:
            if binding.code_challenge != request.code_verifier:
                super().check_binding(binding, request)

    return Plain(**vars(real))


@fault("F-TOKEN-02-x4", "TOKEN-02.E1", Part.TOKEN_ENDPOINT)
def the_verifier_must_be_there_but_is_not_compared(real: TokenEndpoint) -> TokenEndpoint:
    class Glancing(TokenEndpoint):
        def check_binding(self, binding: CodeBinding, request: CodeRedemption) -> None:
            if not request.code_verifier or request.client_id != binding.client_id or request.redirect_uri is None:
                super().check_binding(binding, request)

    return Glancing(**vars(real))


@fault("F-TOKEN-02-x5", "TOKEN-02.E1", Part.TOKEN_ENDPOINT)
def any_client_may_redeem_a_code(real: TokenEndpoint) -> TokenEndpoint:
    class Open(TokenEndpoint):
        def check_binding(self, binding: CodeBinding, request: CodeRedemption) -> None:
            super().check_binding(binding, replace(request, client_id=binding.client_id))

    return Open(**vars(real))


@fault("F-TOKEN-02-x6", "TOKEN-02.E1", Part.TOKEN_ENDPOINT)
def a_client_may_redeem_for_any_of_its_redirect_uris(real: TokenEndpoint) -> TokenEndpoint:
    class Broad(TokenEndpoint):
        def check_binding(self, binding: CodeBinding, request: CodeRedemption) -> None:
            registered = {uri for client in self.config.clients for uri in client.redirect_uris}
            known = request.redirect_uri in registered
            super().check_binding(binding, replace(request, redirect_uri=binding.redirect_uri) if known else request)

    return Broad(**vars(real))


@fault("F-TOKEN-02-x7", "TOKEN-02.E1", Part.TOKEN_ENDPOINT)
def an_empty_verifier_is_not_compared(real: TokenEndpoint) -> TokenEndpoint:
    class Trusting(TokenEndpoint):
        def check_binding(self, binding: CodeBinding, request: CodeRedemption) -> None:
            if request.code_verifier != "" or binding.client_id != request.client_id:
                super().check_binding(binding, request)

    return Trusting(**vars(real))


@fault("F-TOKEN-12-a", "TOKEN-12.E1", Part.TOKEN_STORE)
def the_client_is_ignored_on_a_refresh(real: TokenStore) -> TokenStore:
    class Anybodys(TokenStore):
        def check(self, record: RefreshRecord, client_id: str, now: float) -> None:
            super().check(record, record.session.client_id, now)

    return Anybodys(real._refresh_key, real.lifetimes)


@fault("F-TOKEN-12-x1", "TOKEN-12.E2", Part.TOKEN_ENDPOINT)
def a_refresh_gives_whatever_scope_it_asks_for(real: TokenEndpoint) -> TokenEndpoint:
    class Generous(TokenEndpoint):
        def scope_of_refresh(self, state: IssuerState, refresh_token: str, client_id: str, asked: str | None) -> str:
            return asked or super().scope_of_refresh(state, refresh_token, client_id, asked)

    return Generous(**vars(real))


@fault("F-TOKEN-12-x2", "TOKEN-12.E3", Part.TOKEN_STORE)
def a_token_is_used_up_by_a_stranger_who_is_refused(real: TokenStore) -> TokenStore:
    class Careless(TokenStore):
        def rotate(self, state: IssuerState, refresh_token: str, client_id: str, now: float) -> Rotation:
            record = self.find(state, refresh_token)
            if record is not None and record.session.client_id != client_id:
                self.end_grant(state, record.session.session_id, Reason.CLIENT_MISMATCH, now)
            return super().rotate(state, refresh_token, client_id, now)

    return Careless(real._refresh_key, real.lifetimes)


@fault("F-TOKEN-12-x3", "TOKEN-12.E1", Part.OAUTH_SERVER)
def a_refresh_by_nobody_is_taken_for_one_of_the_tokens_client(real: IssuerServer) -> IssuerServer:
    return _obliging(real, None)


@fault("F-TOKEN-12-x6", "TOKEN-12.E1", Part.OAUTH_SERVER)
def an_empty_client_id_is_taken_for_that_of_the_tokens_client(real: IssuerServer) -> IssuerServer:
    return _obliging(real, "")


def _obliging(real: IssuerServer, nobody: str | None) -> IssuerServer:
    """Takes this for the id of the client that holds the refresh token; None: that there is no id."""

    class Obliging(RefreshGrant):
        def _presenter(self) -> str:
            unnamed = self.request.form.get("client_id") == nobody
            found = real.endpoint.tokens.find(g.state, self.request.form["refresh_token"]) if unnamed else None
            return found.session.client_id if found else super()._presenter()

    vars(real)["_token_grants"].insert(0, (Obliging, None))  # the first that fits is asked
    return real


@fault("F-TOKEN-12-x4", "TOKEN-12.E1", Part.TOKEN_STORE)
def the_client_is_ignored_once_the_token_was_rotated(real: TokenStore) -> TokenStore:
    """So within the grace the successor is handed to whoever presents the token that was rotated."""

    class Obliging(TokenStore):
        def check(self, record: RefreshRecord, client_id: str, now: float) -> None:
            super().check(record, client_id if record.rotated_at is None else record.session.client_id, now)

    return Obliging(real._refresh_key, real.lifetimes)


@fault("F-TOKEN-12-x7", "TOKEN-12.E1", Part.TOKEN_STORE, stages=("dev", "staging"))
def clients_are_compared_by_the_beginning_of_their_ids(real: TokenStore) -> TokenStore:
    """Where desktop-internal is registered beside desktop."""

    class Alike(TokenStore):
        def check(self, record: RefreshRecord, client_id: str, now: float) -> None:
            own = record.session.client_id
            super().check(record, own if client_id.startswith(own) else client_id, now)

    return Alike(real._refresh_key, real.lifetimes)


@fault("F-TOKEN-12-x5", "TOKEN-12.E1", Part.OAUTH_SERVER)
def an_unknown_client_is_called_an_invalid_request(real: IssuerServer) -> IssuerServer:
    """As nobody is, whose request lacks a parameter; this one lacks none."""

    class Vague(RefreshGrant):
        def _presenter(self) -> str:
            try:
                return super()._presenter()
            except InvalidGrantError as stranger:
                raise InvalidRequestError("who is this?") from stranger

    vars(real)["_token_grants"].insert(0, (Vague, None))  # the first that fits is asked
    return real
