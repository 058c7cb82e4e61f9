"""Faults of what is left to a user whose account is disabled."""

from __future__ import annotations

from dataclasses import replace

from flask import request

from harness.faults.registry import fault
from reference_impl.api.challenge import Unauthorized
from reference_impl.api.guard import ApiGuard, Principal
from reference_impl.api.realtime import Realtime
from reference_impl.issuer.state import IssuerState
from reference_impl.issuer.tokens import RefreshRecord, TokenStore
from reference_impl.parts import Part


@fault("F-TOKEN-20-a", "TOKEN-20.E1", Part.TOKEN_STORE)
def a_refresh_does_not_look_at_the_account(real: TokenStore) -> TokenStore:
    """It mints from what was stored at the login."""

    class Forgetful(TokenStore):
        def check(self, record: RefreshRecord, client_id: str, now: float) -> None:
            super().check(replace(record, disabled=False), client_id, now)

    real.__class__ = Forgetful
    return real


@fault("F-TOKEN-20-x1", "TOKEN-20.E2", Part.TOKEN_STORE)
def access_tokens_of_a_disabled_account_live_on(real: TokenStore) -> TokenStore:
    class Forgetful(TokenStore):
        def is_active(self, state: IssuerState, session_id: str) -> bool:
            grant = state.grant(session_id)
            return grant is not None and grant.ended_at is None

    real.__class__ = Forgetful
    return real


@fault("F-TOKEN-20-x2", "TOKEN-20.E3", Part.API_GUARD)
def what_was_written_before_is_still_taken(real: ApiGuard) -> ApiGuard:
    """A client's queue is to be emptied: writing does not ask whether the account is enabled."""

    class Patient(ApiGuard):
        def check_grant(self, principal: Principal) -> None:
            if request.method != "POST":
                super().check_grant(principal)

    return Patient(**vars(real))


@fault("F-TOKEN-20-x3", "TOKEN-20.E2", Part.API_GUARD)
def a_refusal_tells_whom_it_refuses(real: ApiGuard) -> ApiGuard:
    class Talkative(ApiGuard):
        def check_grant(self, principal: Principal) -> None:
            try:
                super().check_grant(principal)
            except Unauthorized as refusal:
                raise Unauthorized(refusal.description, f"ended: {principal.subject}") from refusal

    return Talkative(**vars(real))


@fault("F-TOKEN-20-x4", "TOKEN-20.E2", Part.REALTIME)
def an_open_connection_outlives_the_account(real: Realtime) -> Realtime:
    class Trusting(Realtime):
        def may_go_on(self, authorization: str | None) -> bool:
            return True

    return Trusting(real._guard, real.recheck)
