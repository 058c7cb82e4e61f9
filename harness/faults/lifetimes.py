"""Faults of how long tokens and sessions live."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import ClassVar

from harness.faults.registry import fault
from harness.faults.storage import sql_of
from reference_impl.config import Lifetimes, Limit, StageConfig
from reference_impl.events.occurrences import Session
from reference_impl.issuer.state import IssuerState
from reference_impl.issuer.token_endpoint import TokenEndpoint, TokenSet
from reference_impl.issuer.tokens import RefreshRecord, TokenStore
from reference_impl.parts import Part

DAY = 86_400
YEAR = 365 * DAY

Source = Callable[[Mapping[str, str]], StageConfig]


@fault("F-TOKEN-13-b", "TOKEN-13.E3", Part.TOKEN_STORE)
def each_rotation_restarts_a_one_year_refresh_lifetime(real: TokenStore) -> TokenStore:
    class Restarting(TokenStore):
        def _advance(self, state: IssuerState, record: RefreshRecord, now: float) -> str:
            sql = "UPDATE grants SET began_at = ? WHERE session_id = ?"
            sql_of(state).execute(sql, (now, record.session.session_id))
            return super()._advance(state, record, now)

    return Restarting(real._refresh_key, replace(real.lifetimes, refresh_absolute=YEAR))


@fault("F-TOKEN-13-x1", "TOKEN-13.E1", Part.TOKEN_ENDPOINT)
def access_tokens_live_for_a_day(real: TokenEndpoint) -> TokenEndpoint:
    return replace(real, config=replace(real.config, lifetimes=replace(real.config.lifetimes, access=DAY)))


@fault("F-TOKEN-13-x2", "TOKEN-13.E1", Part.TOKEN_ENDPOINT)
def access_tokens_live_longer_than_the_answer_says(real: TokenEndpoint) -> TokenEndpoint:
    class Modest(TokenEndpoint):
        def _tokens(self, session: Session, refresh_token: str) -> TokenSet:
            return replace(super()._tokens(session, refresh_token), expires_in=300)

    return Modest(**vars(real))


@fault("F-TOKEN-13-x3", "TOKEN-13.E2", Part.TOKEN_STORE)
def a_session_that_nobody_uses_goes_on(real: TokenStore) -> TokenStore:
    return TokenStore(real._refresh_key, replace(real.lifetimes, refresh_idle=YEAR))


@fault("F-TOKEN-13-x4", "TOKEN-13.E2", Part.TOKEN_STORE)
def the_inactivity_limit_holds_for_browsers_only(real: TokenStore) -> TokenStore:
    class Partial(TokenStore):
        def end_of(self, record: RefreshRecord) -> float:
            absolute = record.began_at + self.lifetimes.refresh_absolute
            return absolute if record.session.client_id == "desktop" else super().end_of(record)

    return Partial(real._refresh_key, real.lifetimes)


@fault("F-TOKEN-13-x5", "TOKEN-13.E4", Part.CONFIGURATION_SOURCE)
def sessions_live_for_90_days_and_nobody_says_why(real: Source) -> Source:
    class Unexplained(Lifetimes):
        LIMITS: ClassVar[Mapping[str, Limit]] = {name: Limit(YEAR, "") for name in Lifetimes.LIMITS}

    return lambda environ: replace(real(environ), lifetimes=Unexplained(refresh_absolute=90 * DAY))


@fault("F-TOKEN-13-x6", "TOKEN-13.E4", Part.TOKEN_ENDPOINT)
def access_tokens_live_longer_than_documented(real: TokenEndpoint) -> TokenEndpoint:
    return replace(real, config=replace(real.config, lifetimes=replace(real.config.lifetimes, access=3600)))
