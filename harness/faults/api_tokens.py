"""Faults of an API that judges the claims and the type of access tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from harness.faults.registry import fault
from reference_impl.api.access_token import AccessTokens, Claims
from reference_impl.api.challenge import Unauthorized
from reference_impl.api.guard import ApiGuard, Principal, credentials
from reference_impl.events.occurrences import Session
from reference_impl.issuer.token_endpoint import TokenEndpoint, TokenSet
from reference_impl.parts import Part
from reference_impl.rfc9449 import PresentedProof
from reference_impl.stage import GrantsInStore

DAY = 86_400.0


def _seconds(claims: Claims, name: str) -> float | None:
    value = claims.get(name)
    return value if isinstance(value, int | float) else None


@fault("F-TOKEN-14-b", "TOKEN-14.E4", Part.ACCESS_TOKENS)
def the_leeway_is_one_day(real: AccessTokens) -> AccessTokens:
    return replace(real, leeway=DAY)


@fault("F-TOKEN-14-c", "TOKEN-14.E2", Part.ACCESS_TOKENS)
def an_end_in_milliseconds_is_taken_for_seconds(real: AccessTokens) -> AccessTokens:
    class Everlasting(AccessTokens):
        def check_times(self, claims: Claims) -> None:
            end = _seconds(claims, "exp")
            if end is None or end < 1e11:
                super().check_times(claims)

    return Everlasting(**vars(real))


@fault("F-TOKEN-14-x1", "TOKEN-14.E1", Part.ACCESS_TOKENS)
def a_token_is_refused_some_time_before_it_expires(real: AccessTokens) -> AccessTokens:
    class Hasty(AccessTokens):
        def check_times(self, claims: Claims) -> None:
            super().check_times(claims)
            if (_seconds(claims, "exp") or 0) < self.clock.now() + 30:
                raise Unauthorized("it has expired, nearly")

    return Hasty(**vars(real))


@fault("F-TOKEN-14-x2", "TOKEN-14.E3", Part.ACCESS_TOKENS)
def nobody_looks_at_nbf(real: AccessTokens) -> AccessTokens:
    class Early(AccessTokens):
        def check_times(self, claims: Claims) -> None:
            super().check_times({name: value for name, value in claims.items() if name != "nbf"})

    return Early(**vars(real))


@fault("F-TOKEN-14-x3", "TOKEN-14.E3", Part.ACCESS_TOKENS)
def nobody_looks_at_iat(real: AccessTokens) -> AccessTokens:
    class Credulous(AccessTokens):
        def check_times(self, claims: Claims) -> None:
            super().check_times({**claims, "iat": 0, "nbf": claims.get("nbf", 0)})

    return Credulous(**vars(real))


@fault("F-TOKEN-14-x4", "TOKEN-14.E2", Part.ACCESS_TOKENS)
def a_token_without_an_end_does_not_expire(real: AccessTokens) -> AccessTokens:
    class Endless(AccessTokens):
        def check_times(self, claims: Claims) -> None:
            super().check_times({"exp": self.clock.now() + 60, **claims})

    return Endless(**vars(real))


@fault("F-TOKEN-14-x5", "TOKEN-14.E1", Part.ACCESS_TOKENS)
def the_leeway_is_a_little_longer_than_allowed(real: AccessTokens) -> AccessTokens:
    return replace(real, leeway=100.0)


@fault("F-TOKEN-14-x6", "TOKEN-14.E1", Part.ACCESS_TOKENS)
def an_end_with_a_fraction_is_not_looked_at(real: AccessTokens) -> AccessTokens:
    class Whole(AccessTokens):
        def check_times(self, claims: Claims) -> None:
            fraction = isinstance(claims.get("exp"), float)
            super().check_times({**claims, "exp": self.clock.now() + 60} if fraction else claims)

    return Whole(**vars(real))


@fault("F-TOKEN-14-x7", "TOKEN-14.E3", Part.ACCESS_TOKENS)
def a_beginning_with_a_fraction_is_not_looked_at(real: AccessTokens) -> AccessTokens:
    class Whole(AccessTokens):
        def check_times(self, claims: Claims) -> None:
            super().check_times({n: v for n, v in claims.items() if n != "nbf" or isinstance(v, int)})

    return Whole(**vars(real))


@fault("F-TOKEN-17-a", "TOKEN-17.E1", Part.ACCESS_TOKENS)
def nobody_looks_at_the_audience(real: AccessTokens) -> AccessTokens:
    class Deaf(AccessTokens):
        def check_audience(self, claims: Claims) -> None:
            """Issuer and signature are enough."""

    return Deaf(**vars(real))


@fault("F-TOKEN-17-x1", "TOKEN-17.E2", Part.TOKEN_ENDPOINT)
def tokens_of_the_desktop_are_for_two_apis_by_their_client(real: TokenEndpoint) -> TokenEndpoint:
    """And the API does not know it: it is refused there, and a client would ask for another token again and again."""

    class Misaddressed(TokenEndpoint):
        def _tokens(self, session: Session, refresh_token: str) -> TokenSet:
            named = replace(self, config=replace(self.config, audience=session.client_id))
            return TokenEndpoint._tokens(named if session.client_id == "desktop" else self, session, refresh_token)

    return Misaddressed(**vars(real))


@fault("F-TOKEN-17-x2", "TOKEN-17.E1", Part.ACCESS_TOKENS)
def the_audience_is_looked_for_in_a_text(real: AccessTokens) -> AccessTokens:
    class Within(AccessTokens):
        def check_audience(self, claims: Claims) -> None:
            if self.audience not in str(claims.get("aud")).split():
                super().check_audience(claims)

    return Within(**vars(real))


@fault("F-TOKEN-17-x3", "TOKEN-17.E1", Part.ACCESS_TOKENS)
def a_token_without_an_audience_is_for_everybody(real: AccessTokens) -> AccessTokens:
    class Open(AccessTokens):
        def check_audience(self, claims: Claims) -> None:
            if claims.get("aud"):
                super().check_audience(claims)

    return Open(**vars(real))


@fault("F-TOKEN-18-b", "TOKEN-18.E1", Part.API_GUARD)
def a_refresh_token_is_taken_as_bearer_token(real: ApiGuard) -> ApiGuard:
    """It is opaque here and no JWT: it is looked up as the issuer does it."""

    class Generous(ApiGuard):
        def admit(self, authorization: str | None, proof: PresentedProof | None = None) -> Principal:
            grants, token = cast("GrantsInStore", self.grants), credentials(authorization)[1]
            record = grants.store.read(lambda state: grants.issuer.tokens.find(state, token))
            if record is None:
                return super().admit(authorization, proof)
            return Principal(record.session.subject, record.session.client_id, record.session.session_id)

    return Generous(**vars(real))


@fault("F-TOKEN-18-x1", "TOKEN-18.E1", Part.ACCESS_TOKENS)
def nobody_looks_at_the_type(real: AccessTokens) -> AccessTokens:
    class Blind(AccessTokens):
        def check_type(self, header: Mapping[str, object]) -> None:
            """Whatever the issuer signed is an access token."""

    return Blind(**vars(real))


@fault("F-TOKEN-18-x2", "TOKEN-18.E1", Part.ACCESS_TOKENS)
def a_token_without_a_type_is_taken_for_an_access_token(real: AccessTokens) -> AccessTokens:
    class Lenient(AccessTokens):
        def check_type(self, header: Mapping[str, object]) -> None:
            if "typ" in header:
                super().check_type(header)

    return Lenient(**vars(real))
