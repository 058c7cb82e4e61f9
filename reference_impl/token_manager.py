"""The clients' side of a session: it holds the newest tokens, refreshes them once at a time, and ends them.

A refresh token is used once. So all callers share one refresh, and a caller that stops waiting does not stop it: its
answer holds the successor, which must not be lost.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

import requests

from reference_impl.clock import Clock
from reference_impl.oauth_client import GrantRefused, IssuerUnavailable, OAuthClient, OAuthClientError, Tokens
from reference_impl.revocations import Revocations

_EARLY = 30.0  # seconds before its end that an access token is no longer used

_log = logging.getLogger(__name__)


class SignedOut(OAuthClientError):
    """There is no session, or the issuer ended it: only a new sign-in helps."""


class RefreshTimedOut(OAuthClientError):
    """The refresh did not end in time. It goes on; a later call may find its result."""


class Vault(Protocol):
    """Where a refresh token outlives the manager, if anywhere."""

    def load(self) -> str | None:
        """Return the kept refresh token, or None."""

    def save(self, refresh_token: str) -> None:
        """Keep this one, and no other."""

    def forget(self) -> None:
        """Keep nothing of the account."""


class MemoryVault:
    """Keeps the refresh token in this object."""

    def __init__(self) -> None:
        self._kept: str | None = None

    def load(self) -> str | None:
        """Return the kept refresh token, or None."""
        return self._kept

    def save(self, refresh_token: str) -> None:
        """Keep this one, and no other."""
        self._kept = refresh_token

    def forget(self) -> None:
        """Keep nothing."""
        self._kept = None


class TokenManager:
    """One session's tokens. Safe for several threads."""

    def __init__(self, oauth: OAuthClient, vault: Vault, clock: Clock, time_limit: float = 15.0) -> None:
        """``time_limit``: seconds that a caller waits for a refresh."""
        self.oauth = oauth
        self.vault = vault
        self._clock = clock
        self._time_limit = time_limit
        self._lock = threading.RLock()
        self._tokens: Tokens | None = None
        self._flight: Future[Tokens] | None = None
        self._epoch = 0  # counts sign-ins and sign-outs: a refresh that began before one must not outlive it
        self._not_before = 0.0  # the issuer asked to be left alone until then
        self._generation = 0  # counts pairs of tokens
        self._serial = secrets.token_hex(8)  # tells one session's handles from another's
        self.last_refresh: tuple[float, str] | None = None  # when it ended, and how

    @property
    def signed_in(self) -> bool:
        """Whether there is something to refresh with."""
        return self.vault.load() is not None

    @property
    def epoch(self) -> int:
        """Which session it is: another number after each sign-in and sign-out. A store that blocks holds up nobody who
        asks."""
        return self._epoch

    def sign_in(self, tokens: Tokens) -> None:
        """Begin a session with the tokens of a redeemed code."""
        with self._lock:
            self._epoch += 1
            self._flight = None
            self._serial = secrets.token_hex(8)
            self._not_before = 0.0
            self.adopt(tokens)

    def adopt(self, tokens: Tokens) -> None:
        """Take the newest tokens; every pair of the session passes here, and the one before is forgotten."""
        with self._lock:
            self.vault.save(tokens.refresh_token)
            self._tokens = tokens
            self._generation += 1

    @property
    def handle(self) -> str:
        """The name of the access token that is held: another with each refresh and each session. It is no secret, and
        worth nothing without the session."""
        with self._lock:
            return f"{self._serial}.{self._generation}"

    def named(self, handle: str) -> str | None:
        """Return the access token of this name, be it good or not; None where another is held by now."""
        with self._lock:
            return self._tokens.access_token if self._tokens is not None and handle == self.handle else None

    @property
    def held_until(self) -> float | None:
        """When the access token that is held ends, in seconds since the epoch; None where none is held."""
        with self._lock:
            return self._tokens.expires_at if self._tokens is not None else None

    def is_own(self, handle: str) -> bool:
        """Say whether a handle is of this session, however old."""
        return handle.partition(".")[0] == self._serial

    def refresh_named(self, handle: str) -> str:
        """Return the name of a token that is newer than this one of the session, by a refresh only where there is none
        yet. Raises what `refresh` raises."""
        token = self.named(handle)
        if token is not None:
            self.refresh(token)
        return self.handle

    def forget(self) -> str | None:
        """End the session here and now; return the refresh token that was held."""
        with self._lock:
            self._epoch += 1
            self._flight = None
            self._tokens = None
            held = self.vault.load()
            self.vault.forget()
            return held

    def access_token(self) -> str:
        """Return a token that is good for another `_EARLY` seconds. Raises what `refresh` raises."""
        with self._lock:
            tokens = self._tokens
        if tokens is not None and tokens.expires_at - _EARLY > self._clock.now():
            return tokens.access_token
        return self.refresh(tokens.access_token if tokens else None)

    def access(self) -> tuple[str, float]:
        """Return such a token and when it ends, in seconds since the epoch. Raises what `refresh` raises."""
        token = self.access_token()
        with self._lock:
            known = self._tokens is not None and self._tokens.access_token == token
            return token, self._tokens.expires_at if known and self._tokens else self._clock.now()

    def refresh(self, seen: str | None = None) -> str:
        """Return a new access token; one that replaced ``seen`` meanwhile is new enough.

        Raises SignedOut, RefreshTimedOut, GrantRefused, IssuerUnavailable, and what the vault raises.
        """
        with self._lock:
            if seen is not None and self._tokens is not None and self._tokens.access_token != seen:
                return self._tokens.access_token
            if self._flight is None:
                self._flight = Future()
                threading.Thread(target=self._fly, args=(self._flight, self._epoch), daemon=True).start()
            flight = self._flight
        try:
            return flight.result(self._time_limit).access_token
        except TimeoutError:
            raise RefreshTimedOut(f"the issuer did not answer a refresh within {self._time_limit:g} s") from None

    def call(self, send: Callable[[str], requests.Response]) -> requests.Response:
        """Send a request with an access token; after a 401, once more with a new one (RFC 6750 §3.1)."""
        token = self.access_token()
        response = send(token)
        return send(self.refresh(token)) if response.status_code == 401 else response

    def _fly(self, flight: Future[Tokens], epoch: int) -> None:
        try:
            tokens = self._exchange(epoch)
        except Exception as error:  # noqa: BLE001 it is raised where the result is awaited
            self.last_refresh = (self._clock.now(), type(error).__name__)
            self._land(flight)
            flight.set_exception(error)
        else:
            self.last_refresh = (self._clock.now(), "done")
            self._land(flight)
            flight.set_result(tokens)

    def _land(self, flight: Future[Tokens]) -> None:
        with self._lock:
            if self._flight is flight:
                self._flight = None

    def _exchange(self, epoch: int) -> Tokens:
        held = self.vault.load()
        if held is None:
            raise SignedOut("nobody is signed in")
        if (left := self._not_before - self._clock.now()) > 0:
            raise IssuerUnavailable("the issuer asked to be left alone", left)
        try:
            tokens = self.oauth.refresh(held)
        except IssuerUnavailable as error:
            if error.retry_after > 0:
                self._not_before = self._clock.now() + error.retry_after
            raise
        except GrantRefused as error:
            if error.error != "invalid_grant":
                raise  # it says nothing about the session (RFC 6749 §5.2)
            with self._lock:
                if epoch == self._epoch:
                    self.forget()
            raise SignedOut(f"the issuer ended the session: {error.error}") from error
        with self._lock:
            if epoch == self._epoch:
                self.adopt(tokens)
                return tokens
        self.oauth.revoke(tokens.refresh_token)
        raise SignedOut("the session ended while it was refreshed")


class Logout:
    """Ends a session: here in any case, and at the issuer as soon as it answers."""

    def __init__(self, revocations: Revocations) -> None:
        self.revocations = revocations

    def end(self, manager: TokenManager, reason: str = "user") -> bool:
        """Revoke the session's grant and forget its secrets; return whether the issuer has confirmed it already.

        ``reason``: ``user``, or ``stage_switch`` where the user leaves this stage for another.

        Without a confirmation the session ends here all the same: a log record says so, the caller must tell the user,
        and the revocation is tried again. It is noted before the session is forgotten, so that a crash loses neither.
        """
        held = self._end_here(manager, reason)
        if held is None or self.revocations.pay(held):
            return True
        fields = {"record": "logout-not-confirmed", "reason": "the issuer did not confirm the revocation"}
        _log.warning("%s", fields["record"], extra={"fields": fields})
        return False

    def leave(self, manager: TokenManager, reason: str) -> None:
        """Forget the session's secrets, and have its grant revoked beside the caller."""
        self._end_here(manager, reason)
        self.revocations.resume()

    def _end_here(self, manager: TokenManager, reason: str) -> str | None:
        held = manager.vault.load()
        if held is not None:
            self.revocations.owe(manager.oauth.issuer, held, reason)
        manager.forget()
        return held
