"""Faults of refresh tokens that are used several times at once, or again because an answer was lost."""

from __future__ import annotations

from dataclasses import replace

from harness.faults.registry import fault
from harness.faults.storage import sql_of
from reference_impl.events.schema import Reason
from reference_impl.issuer.opaque import fingerprint
from reference_impl.issuer.state import IssuerState, TokenRecord
from reference_impl.issuer.tokens import RefreshRecord, RefreshRefused, Rotation, TokenStore
from reference_impl.parts import Part


class _Forking(TokenStore):
    """Gives each retry a successor of its own."""

    def rotate(self, state: IssuerState, refresh_token: str, client_id: str, now: float) -> Rotation:
        record = self.find(state, refresh_token)
        if record is None or record.rotated_at is None or not self.may_retry(state, record, now):
            return super().rotate(state, refresh_token, client_id, now)
        self.check(record, client_id, now)
        newest = self._newest(state, record)
        self.fork(state, record, newest, now)
        return Rotation(record.session, self._add(state, record, newest + 1), retry=True)

    def _advance(self, state: IssuerState, record: RefreshRecord, now: float) -> str:
        sql = "UPDATE refresh_tokens SET rotated_at = ? WHERE session_id = ? AND generation = ?"
        sql_of(state).execute(sql, (now, record.session.session_id, record.generation))
        return self._add(state, record, self._newest(state, record) + 1)

    def _add(self, state: IssuerState, record: RefreshRecord, generation: int) -> str:
        token = self._derive(record.session, generation)
        state.add_token(TokenRecord(fingerprint(token), record.session.session_id, generation))
        return token

    def _newest(self, state: IssuerState, record: RefreshRecord) -> int:
        sql = "SELECT max(generation) FROM refresh_tokens WHERE session_id = ?"
        newest: int = sql_of(state).execute(sql, (record.session.session_id,)).fetchone()[0]
        return newest

    def fork(self, state: IssuerState, record: RefreshRecord, newest: int, now: float) -> None:
        """What becomes of the newest successor when there is another."""

    @classmethod
    def like(cls, real: TokenStore) -> TokenStore:
        return cls(real._refresh_key, real.lifetimes)


@fault("F-TOKEN-11-a", "TOKEN-11.E2", Part.TOKEN_STORE)
def each_parallel_refresh_mints_a_live_token_of_its_own(real: TokenStore) -> TokenStore:
    return _Forking.like(real)


@fault("F-TOKEN-11-x1", "TOKEN-11.E1", Part.TOKEN_STORE)
def each_parallel_refresh_replaces_the_successor_of_the_one_before(real: TokenStore) -> TokenStore:
    class Replacing(_Forking):
        def fork(self, state: IssuerState, record: RefreshRecord, newest: int, now: float) -> None:
            sql = "UPDATE refresh_tokens SET fingerprint = 'replaced ' || generation || session_id "
            sql += "WHERE session_id = ? AND generation = ? AND generation > ?"
            sql_of(state).execute(sql, (record.session.session_id, newest, record.generation + 1))

    return Replacing.like(real)


@fault("F-TOKEN-11-c", "TOKEN-11.E4", Part.TOKEN_STORE)
def the_grace_has_no_end(real: TokenStore) -> TokenStore:
    return TokenStore(real._refresh_key, replace(real.lifetimes, reuse_grace=real.lifetimes.refresh_absolute))


@fault("F-TOKEN-11-x2", "TOKEN-11.E3", Part.TOKEN_STORE)
def the_documented_grace_is_not_given(real: TokenStore) -> TokenStore:
    return TokenStore(real._refresh_key, replace(real.lifetimes, reuse_grace=0))


@fault("F-TOKEN-11-x3", "TOKEN-11.E2", Part.TOKEN_STORE)
def a_retry_is_answered_and_ends_the_session(real: TokenStore) -> TokenStore:
    class Suspicious(TokenStore):
        def rotate(self, state: IssuerState, refresh_token: str, client_id: str, now: float) -> Rotation:
            rotation = super().rotate(state, refresh_token, client_id, now)
            if rotation.retry:
                self.end_grant(state, rotation.session.session_id, Reason.REVOKED, now)
            return rotation

    return Suspicious(real._refresh_key, real.lifetimes)


@fault("F-TOKEN-11-x4", "TOKEN-11.E4", Part.TOKEN_STORE)
def a_late_retry_is_refused_and_its_session_goes_on(real: TokenStore) -> TokenStore:
    class Mild(TokenStore):
        def rotate(self, state: IssuerState, refresh_token: str, client_id: str, now: float) -> Rotation:
            try:
                return super().rotate(state, refresh_token, client_id, now)
            except RefreshRefused as refusal:
                if refusal.reason is not Reason.REUSE_DETECTED:
                    raise
                raise RefreshRefused(Reason.REVOKED, refusal.record) from refusal

    return Mild(real._refresh_key, real.lifetimes)
