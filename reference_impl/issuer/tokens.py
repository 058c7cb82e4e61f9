"""Grants and their families of refresh tokens: rotation, reuse, revocation.

A family is a line of generations. Each refresh token is an HMAC over its family and generation, so a client whose
answer was lost gets the very same successor when it asks again within the grace; only fingerprints are stored. A token
that is presented after that was stolen or kept: its grant ends, and no other (RFC 9700 §4.14.2). Records are kept as
long as the family may live, so reuse is noticed however late it comes.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

from reference_impl.config import Lifetimes
from reference_impl.database import StorageError
from reference_impl.events.occurrences import Session
from reference_impl.events.schema import Reason
from reference_impl.issuer.opaque import fingerprint
from reference_impl.issuer.refresh_keys import RefreshKeys
from reference_impl.issuer.state import GrantRecord, IssuerState, TokenRecord


@dataclass(frozen=True)
class RefreshRecord:
    """A refresh token that was issued. Times in seconds since the epoch; None where it did not happen."""

    session: Session
    generation: int
    rotated_at: float | None
    scope: str  # of the grant
    began_at: float  # of the grant
    refreshed_at: float  # the grant, for the last time; a retry does not count
    ended_at: float | None  # of the grant
    disabled: bool  # the account


@dataclass(frozen=True)
class Rotation:
    """The successor of a refresh token. ``retry``: it had been made before, and was not used yet."""

    session: Session
    refresh_token: str
    retry: bool


class RefreshRefused(Exception):
    """A refresh token that is dead for good. ``record`` is None if it was never issued."""

    def __init__(self, reason: Reason, record: RefreshRecord | None = None) -> None:
        self.reason, self.record = reason, record
        super().__init__(reason)


class TokenStore:
    """The grants and refresh tokens of one stage. Each call works in its caller's transaction."""

    def __init__(self, refresh_key: bytes | RefreshKeys, lifetimes: Lifetimes) -> None:
        self._refresh_key = RefreshKeys.of(refresh_key) if isinstance(refresh_key, bytes) else refresh_key
        self.lifetimes = lifetimes

    def open_grant(
        self,
        state: IssuerState,
        subject: str,
        client_id: str,
        correlation_id: str,
        scope: str,
        now: float,
        refer: Callable[[str], str] | None = None,
    ) -> tuple[Session, str]:
        """Begin a grant; return it with its first refresh token. ``refer``: what events are to call a session."""
        session_id = str(uuid.uuid4())
        reference = refer(session_id) if refer else None
        session = Session(session_id, subject, client_id, correlation_id, reference=reference)
        state.add_grant(GrantRecord(**vars(session), scope=scope, began_at=now, refreshed_at=now))
        token = self._derive(session, 0)
        state.add_token(TokenRecord(fingerprint(token), session.session_id, 0))
        return session, token

    def bind(self, state: IssuerState, session: Session, thumbprint: str) -> Session:
        """Bind a grant's refresh tokens, from now on, to the key with this thumbprint (RFC 9449 §5); return it."""
        state.bind_grant(session.session_id, thumbprint)
        return replace(session, thumbprint=thumbprint)

    def find(self, state: IssuerState, refresh_token: str) -> RefreshRecord | None:
        """Return what is known of a refresh token, in whatever state; None if it was never issued, or by a key that has
        ended."""
        token = state.token(fingerprint(refresh_token))
        if token is None or self._again(token.session_id, token.generation, token.fingerprint) is None:
            return None
        grant = state.grant(token.session_id)
        if grant is None:
            return None
        account = state.account(grant.subject)
        return RefreshRecord(
            session_of(grant),
            token.generation,
            token.rotated_at,
            grant.scope,
            grant.began_at,
            grant.refreshed_at,
            grant.ended_at,
            disabled=account is None or account.disabled,
        )

    def rotate(self, state: IssuerState, refresh_token: str, client_id: str, now: float) -> Rotation:
        """Exchange a refresh token for its successor. Raises RefreshRefused; ends no grant by itself."""
        record = self.find(state, refresh_token)
        if record is None:
            raise RefreshRefused(Reason.MALFORMED)
        self.check(record, client_id, now)
        if record.rotated_at is None:
            return Rotation(record.session, self._advance(state, record, now), retry=False)
        if self.may_retry(state, record, now):
            successor = self._successor(state, record)
            if successor is not None:
                return Rotation(record.session, successor, retry=True)
        raise RefreshRefused(Reason.REUSE_DETECTED, record)

    def check(self, record: RefreshRecord, client_id: str, now: float) -> None:
        """Refuse, in this order, another client's token, and one whose grant ended, account or age forbids it."""
        if record.session.client_id != client_id:
            raise RefreshRefused(Reason.CLIENT_MISMATCH, record)
        if record.ended_at is not None:
            raise RefreshRefused(Reason.REVOKED, record)
        if record.disabled:
            raise RefreshRefused(Reason.ACCOUNT_DISABLED, record)
        if now >= self.end_of(record):
            raise RefreshRefused(Reason.EXPIRED, record)

    def end_of(self, record: RefreshRecord) -> float:
        """Return when the family ends unless it is refreshed, and at the latest a fixed time after the login."""
        return self.end_by_age(record.began_at, record.refreshed_at)

    def end_by_age(self, began_at: float, refreshed_at: float) -> float:
        """Return when a grant that began and was refreshed last at these times ends."""
        return min(refreshed_at + self.lifetimes.refresh_idle, began_at + self.lifetimes.refresh_absolute)

    def may_retry(self, state: IssuerState, record: RefreshRecord, now: float) -> bool:
        """Say whether a rotated token may ask for its successor again: within the grace, while that is unused."""
        if record.rotated_at is None or now >= record.rotated_at + self.lifetimes.reuse_grace:
            return False
        successor = state.token_of(record.session.session_id, record.generation + 1)
        return successor is not None and successor.rotated_at is None

    def _successor(self, state: IssuerState, record: RefreshRecord) -> str | None:
        """Return the token that a rotated one was exchanged for, by whichever key made it."""
        session_id, generation = record.session.session_id, record.generation + 1
        token = state.token_of(session_id, generation)
        return self._again(session_id, generation, token.fingerprint) if token else None

    def _again(self, session_id: str, generation: int, known: str) -> str | None:
        return self._refresh_key.derive_again(session_id, generation, known)

    def end_grant(self, state: IssuerState, session_id: str, reason: Reason, now: float) -> GrantRecord | None:
        """End one grant, with all its tokens; return it, or None if it had ended before."""
        return state.end_grant(session_id, reason, now)

    def is_active(self, state: IssuerState, session_id: str) -> bool:
        """Say whether the grant's access tokens may be used: it is known, goes on, and its account is enabled."""
        grant = state.grant(session_id)
        if grant is None or grant.ended_at is not None:
            return False
        account = state.account(grant.subject)
        return account is not None and not account.disabled

    def _advance(self, state: IssuerState, record: RefreshRecord, now: float) -> str:
        successor = self._derive(record.session, record.generation + 1)
        if not state.rotate(record.session.session_id, record.generation, fingerprint(successor), now):
            raise StorageError("a refresh token that was not rotated could not be rotated")
        return successor

    def _derive(self, session: Session, generation: int) -> str:
        """Return the family's token of a generation."""
        return self._refresh_key.derive(session.session_id, generation)


def session_of(grant: GrantRecord) -> Session:
    """Whose session a grant is."""
    of = grant
    return Session(of.session_id, of.subject, of.client_id, of.correlation_id, of.thumbprint, of.reference)
