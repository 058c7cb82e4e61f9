"""Faults that leave ways to tokens which must not be there: through the browser, for a password."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import cast

from authlib.oauth2.rfc6749 import InvalidRequestError, UnauthorizedClientError
from authlib.oauth2.rfc6749.grants import ResourceOwnerPasswordCredentialsGrant
from flask import Response, redirect, request

from harness.faults.registry import fault
from reference_impl.config import StageConfig
from reference_impl.events.occurrences import Session
from reference_impl.issuer.authorization import LoginFlow, NoAnswer, read_request
from reference_impl.issuer.identity import Identity
from reference_impl.issuer.policy import AuthorizationPolicy, AuthorizationRequest
from reference_impl.issuer.protocol import IssuerServer
from reference_impl.issuer.state import IssuerState
from reference_impl.issuer.token_endpoint import TokenSet
from reference_impl.issuer.transactions import Transaction
from reference_impl.parts import Part

IMPLICIT = "implicit"  # stands where a challenge would

Metadata = Callable[[StageConfig], dict[str, object]]


@fault("F-TOKEN-04-a", "TOKEN-04.E1", Part.LOGIN_FLOW)
def the_implicit_flow_returns_tokens_in_the_fragment(real: LoginFlow) -> LoginFlow:
    class Implicit(LoginFlow):
        def authorize(self) -> Response:
            try:
                asked = read_request(request.args)
                client, redirect_uri = self.identify(asked)
            except NoAnswer:
                return super().authorize()
            if "token" not in (asked.response_type or "").split():
                return super().authorize()
            return self._begin(replace(asked, code_challenge=IMPLICIT), client, redirect_uri)

        def _complete(self, handle: str, transaction: Transaction, identity: Identity) -> Response:
            if transaction.code_challenge != IMPLICIT:
                return super()._complete(handle, transaction, identity)
            endpoint, now = self.server.endpoint, self.clock.now()

            def open_grant(state: IssuerState) -> TokenSet:
                subject = self.accounts.resolve(state, identity, now).subject
                grant = (subject, transaction.client_id, transaction.correlation_id, transaction.scope)
                return endpoint._tokens(*endpoint.tokens.open_grant(state, *grant, now))

            tokens = self.store.change(open_grant)
            fragment = f"access_token={tokens.access_token}&refresh_token={tokens.refresh_token}"
            return cast("Response", redirect(f"{transaction.redirect_uri}#{fragment}", 303))

    return Implicit(**vars(real))


@fault("F-TOKEN-04-x1", "TOKEN-04.E1", Part.AUTHORIZATION_ENDPOINT)
def an_unsupported_response_type_is_called_an_invalid_request(real: AuthorizationPolicy) -> AuthorizationPolicy:
    class Vague(AuthorizationPolicy):
        def check(self, request: AuthorizationRequest) -> None:
            if request.response_type not in (None, "code"):
                raise InvalidRequestError("response_type is code")
            super().check(request)

    return Vague()


@fault("F-TOKEN-04-x2", "TOKEN-04.E2", Part.OAUTH_SERVER)
def the_password_grant_is_served(real: IssuerServer) -> IssuerServer:
    class PasswordGrant(ResourceOwnerPasswordCredentialsGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

        def validate_token_request(self) -> None:
            somebody = Session(str(uuid.uuid4()), self.request.form["username"], "web", str(uuid.uuid4()))
            self.tokens = real.endpoint._tokens(somebody, "")

        def create_token_response(self) -> tuple[int, Mapping[str, str | int], list[tuple[str, str]]]:  # type: ignore[override]
            return 200, self.tokens.body(), [("Content-Type", "application/json")]

    real.register_grant(PasswordGrant)
    return real


@fault("F-TOKEN-04-x3", "TOKEN-04.E2", Part.OAUTH_SERVER)
def an_unknown_grant_type_is_a_fault_of_the_server(real: IssuerServer) -> IssuerServer:
    answer = real.answer_token_request

    def crash() -> Response:
        if request.form.get("grant_type") not in ("authorization_code", "refresh_token"):
            raise LookupError("no such grant type")
        return answer()

    real.answer_token_request = crash  # type: ignore[method-assign]
    return real


@fault("F-TOKEN-04-x6", "TOKEN-04.E2", Part.OAUTH_SERVER)
def of_an_unknown_grant_type_the_client_is_told_that_it_may_not_use_it(real: IssuerServer) -> IssuerServer:
    answer = real.answer_token_request

    def refuse() -> Response:
        known = request.form.get("grant_type") in ("authorization_code", "refresh_token", "password")
        return answer() if known else real.refuse(UnauthorizedClientError())

    real.answer_token_request = refuse  # type: ignore[method-assign]
    return real


@fault("F-TOKEN-04-x4", "TOKEN-04.E3", Part.METADATA)
def the_metadata_name_the_response_type_token(real: Metadata) -> Metadata:
    def build(config: StageConfig) -> dict[str, object]:
        return {**real(config), "response_types_supported": ["code", "id_token token"]}

    return build


@fault("F-TOKEN-04-x5", "TOKEN-04.E3", Part.METADATA)
def the_metadata_name_the_password_grant(real: Metadata) -> Metadata:
    def build(config: StageConfig) -> dict[str, object]:
        return {**real(config), "grant_types_supported": ["authorization_code", "refresh_token", "password"]}

    return build
