"""What the token endpoint decides: codes and refresh tokens against tokens. The protocol around it is protocol.py's."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace

from reference_impl.clock import Clock
from reference_impl.config import StageConfig
from reference_impl.events.occurrences import LoginCompleted, RefreshFailed, Session, SessionEnded, SessionRefreshed
from reference_impl.events.schema import Reason
from reference_impl.issuer.accounts import Accounts
from reference_impl.issuer.codes import CodeBinding, CodeRefused, CodeReplayed, CodeStore
from reference_impl.issuer.keys import KeyRing
from reference_impl.issuer.recorder import EventRecorder
from reference_impl.issuer.state import IssuerState
from reference_impl.issuer.tokens import RefreshRefused, TokenStore, session_of

SCOPE = "api"  # what every grant is for; no client has less
ID_TOKEN_LIFETIME = 300  # seconds: it is read once, when it comes
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")  # RFC 7636 §4.1
OPENID = "openid"  # besides, for who wants an ID token at the login


class InvalidGrant(Exception):
    """The code or refresh token is refused; outside, every reason is the same invalid_grant (RFC 6749 §5.2)."""


class InvalidScope(Exception):
    """A refresh asks for more than was granted (RFC 6749 §6)."""


class InvalidTarget(Exception):
    """The token is asked for another resource than this stage's own API (RFC 8707 §2)."""


@dataclass(frozen=True)
class CodeRedemption:
    """A request to redeem a code (RFC 6749 §4.1.3, RFC 7636 §4.5)."""

    code: str
    client_id: str
    redirect_uri: str | None
    code_verifier: str | None
    thumbprint: str | None = None  # of the key that the request proved to hold (RFC 9449 §5)


@dataclass(frozen=True)
class TokenSet:
    """What a client receives. ``expires_in``: seconds."""

    access_token: str
    refresh_token: str
    expires_in: int
    scope: str = SCOPE
    token_type: str = "Bearer"  # or DPoP (RFC 9449 §5)
    id_token: str = ""

    def body(self) -> dict[str, str | int]:
        """Return the answer's JSON object (RFC 6749 §5.1, OpenID Connect Core 1.0 §3.1.3.3)."""
        return {
            **({"id_token": self.id_token} if self.id_token else {}),
            "access_token": self.access_token,
            "token_type": self.token_type,
            "expires_in": self.expires_in,
            "refresh_token": self.refresh_token,
            "scope": self.scope,
        }


@dataclass(frozen=True)
class TokenEndpoint:
    """Redeems and refreshes, each within its caller's transaction: grant, rotation and event are one change.

    That transaction is to be committed also when InvalidGrant is raised: a refused code is used up all the same, and
    reuse ends the grant.
    """

    config: StageConfig
    clock: Clock
    keys: KeyRing
    codes: CodeStore
    tokens: TokenStore
    accounts: Accounts
    events: EventRecorder

    def check_target(self, asked: Iterable[str]) -> None:
        """Refuse a request for tokens of another API than the stage's own, by URL or audience. Raises InvalidTarget."""
        if not {self.config.api_url, self.config.audience}.issuperset(asked):
            raise InvalidTarget

    def redeem(self, state: IssuerState, request: CodeRedemption) -> TokenSet:
        """Exchange a code for tokens. Raises InvalidGrant."""
        now = self.clock.now()
        try:
            binding = self.codes.use(state, request.code, now)
        except CodeReplayed as replay:
            if replay.session_id is not None:
                self.end(state, replay.session_id, Reason.REVOKED)
            raise InvalidGrant from replay
        except CodeRefused as refusal:
            raise InvalidGrant from refusal
        self.check_binding(binding, request)
        if self.accounts.is_disabled(state, binding.subject):
            raise InvalidGrant
        refer = self.events.builder.session_ref
        session, refresh_token = self.tokens.open_grant(
            state, binding.subject, binding.client_id, binding.correlation_id, binding.scope, now, refer
        )
        if request.thumbprint is not None:
            session = self.tokens.bind(state, session, request.thumbprint)
        self.codes.bind_session(state, request.code, session.session_id)
        self.events.record(state, LoginCompleted(session, binding.new_account))
        tokens = replace(self._tokens(session, refresh_token), scope=binding.scope)
        if OPENID not in binding.scope.split():
            return tokens
        return replace(tokens, id_token=self.id_token(session, binding.nonce))

    def check_binding(self, binding: CodeBinding, request: CodeRedemption) -> None:
        """Refuse a code of another client, for another redirect URI, without its verifier (RFC 7636 §4.6), or without a
        proof of the key that it was asked for with (RFC 9449 §10)."""
        if binding.client_id != request.client_id or binding.redirect_uri != request.redirect_uri:
            raise InvalidGrant
        if not (binding.code_challenge and request.code_verifier and VERIFIER.fullmatch(request.code_verifier)):
            raise InvalidGrant
        if not hmac.compare_digest(s256_challenge(request.code_verifier), binding.code_challenge):
            raise InvalidGrant
        if binding.dpop_jkt not in (None, request.thumbprint):
            raise InvalidGrant

    def refresh(self, state: IssuerState, refresh_token: str, client_id: str) -> TokenSet:
        """Exchange a refresh token for its successor and an access token. Raises InvalidGrant."""
        try:
            rotation = self.tokens.rotate(state, refresh_token, client_id, self.clock.now())
        except RefreshRefused as refusal:
            self._refused(state, refusal, client_id)
            raise InvalidGrant from refusal
        self.events.record(state, SessionRefreshed(rotation.session, rotation.retry))
        return self._tokens(rotation.session, rotation.refresh_token)

    def check_key(self, state: IssuerState, refresh_token: str, client_id: str, thumbprint: str | None) -> None:
        """Refuse a bound token without a proof of its key; the first proof binds one that was not (RFC 9449 §5).

        ``thumbprint``: of the key that the request proved to hold. Raises InvalidGrant. Whoever lacks the key learns
        nothing, and ends nothing: he is as a client to whom the token was not issued.
        """
        record = self.tokens.find(state, refresh_token)
        if record is None or record.session.thumbprint == thumbprint:
            return
        if record.session.thumbprint is not None:
            failed = RefreshFailed(client_id, Reason.CLIENT_MISMATCH, record.session, record.generation)
            self.events.record(state, failed)
            raise InvalidGrant
        if record.session.client_id == client_id and thumbprint is not None:
            self.tokens.bind(state, record.session, thumbprint)

    def scope_of_refresh(self, state: IssuerState, refresh_token: str, client_id: str, asked: str | None) -> str:
        """Return the scope of a refresh: what was granted, or less where less is asked for; the next one may ask for
        all again. Raises InvalidScope for more (RFC 6749 §6).

        What was granted, only the token's own client learns so. The API is in each: no token is for less (§3.3).
        """
        record = self.tokens.find(state, refresh_token)
        own = record is not None and record.session.client_id == client_id
        granted = (record.scope if record and own else f"{OPENID} {SCOPE}").split()
        wanted = (asked or "").split() or granted
        if not set(wanted) <= set(granted):
            raise InvalidScope
        return " ".join(name for name in granted if name in (SCOPE, *wanted))

    def end(self, state: IssuerState, session_id: str, reason: Reason, occurred_at: float | None = None) -> None:
        """End a grant, once: with its event the first time, without effect after that.

        ``occurred_at``: when its user left, where that was before now. One that was dead of old age by then is told so.
        """
        now = self.clock.now()
        grant = self.tokens.end_grant(state, session_id, reason, now)
        if grant is not None:
            at = now if occurred_at is None else min(max(occurred_at, grant.began_at), now)
            ends = self.tokens.end_by_age(grant.began_at, grant.refreshed_at)
            ended = (session_of(grant), Reason.EXPIRED, ends) if at >= ends else (session_of(grant), reason, at)
            self.events.record(state, SessionEnded(*ended))

    def erase(self, state: IssuerState, subject: str) -> bool:
        """Erase an account with all its sessions: nobody can tell any more what its pseudonym in old events meant.

        False: there is more to erase, in another transaction. Raises LookupError if there is none.
        """
        erased = self.accounts.erase(state, subject)
        for grant in erased.ended:
            self.events.record(state, SessionEnded(session_of(grant), Reason.ADMIN))
        return erased.whole

    def _refused(self, state: IssuerState, refusal: RefreshRefused, client_id: str) -> None:
        """Record a terminal failure; reuse means that somebody else has the token, so it ends the grant."""
        record = refusal.record
        session, generation = (record.session, record.generation) if record else (None, None)
        self.events.record(state, RefreshFailed(client_id, refusal.reason, session, generation))
        if session is not None and refusal.reason is Reason.REUSE_DETECTED:
            self.end(state, session.session_id, Reason.REVOKED)

    def _tokens(self, session: Session, refresh_token: str) -> TokenSet:
        """Mint an access token (RFC 9068 §2.2) beside the refresh token."""
        now = int(self.clock.now())
        lifetime = self.config.lifetimes.access
        claims: dict[str, object] = {
            "iss": self.config.issuer,
            "aud": self.config.audience,
            "sub": session.subject,
            "client_id": session.client_id,
            "iat": now,
            "exp": now + lifetime,
            "jti": str(uuid.uuid4()),
            "sid": session.session_id,
        }
        if session.thumbprint is None:
            return TokenSet(self.keys.sign(claims), refresh_token, lifetime)
        bound = self.keys.sign({**claims, "cnf": {"jkt": session.thumbprint}})  # RFC 9449 §6.1
        return TokenSet(bound, refresh_token, lifetime, token_type="DPoP")

    def id_token(self, session: Session, nonce: str | None) -> str:
        """Tell the client, and nobody else, that the user has just logged in (OpenID Connect Core 1.0 §2)."""
        now = int(self.clock.now())
        claims: dict[str, object] = {
            "iss": self.config.issuer,
            "aud": session.client_id,
            "sub": session.subject,
            "iat": now,
            "exp": now + ID_TOKEN_LIFETIME,
            "auth_time": now,
            "sid": session.session_id,
            **({"nonce": nonce} if nonce is not None else {}),
        }
        return self.keys.sign_as("JWT", json.dumps(claims).encode())


def s256_challenge(code_verifier: str) -> str:
    """Return the challenge of a verifier (RFC 7636 §4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode("ascii")).digest()).rstrip(b"=").decode()
