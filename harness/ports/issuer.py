"""What can be had of an issuer, of the API behind it, and of whoever operates them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from harness.observations import LogCapture, RealtimeConnection, Visits
from harness.observe import Recorder
from harness.probes.oauth import OAuthIssuer

__all__ = ["Admin", "Clock", "Copies", "Issuer", "Realtime", "SigningKey", "Surroundings", "UpstreamIdentity"]


Issuer = OAuthIssuer  # over plain HTTP there is one way to be an issuer's client


class Clock(Protocol):
    """The clock of a target: one that can be set forward, or the one on the wall, for which one has to wait."""

    def now(self, stage: str) -> float:
        """Seconds since the epoch, as the target's tokens count them."""

    def advance(self, stage: str, seconds: float) -> None: ...


@dataclass(frozen=True)
class UpstreamIdentity:
    """What an upstream provider asserts of whoever logs in; None: it says nothing of that."""

    issuer: str
    subject: str
    email: str
    email_verified: bool | None


class Admin(Protocol):
    """Conditions that the harness brings about from outside, as an operator or an accident would."""

    def disable_account(self, stage: str, user: str) -> None: ...

    def enable_account(self, stage: str, user: str) -> None: ...

    def upstream_fails(self, stage: str) -> AbstractContextManager[None]:
        """While it lasts, the upstream identity provider answers every login with an error."""

    def upstream_asserts(self, stage: str, identity: UpstreamIdentity) -> AbstractContextManager[None]:
        """While it lasts, every login that succeeds upstream is asserted to be this identity's."""

    def storage_fails_once(self, stage: str) -> None:
        """The next request that touches token storage meets an error."""

    def trusts_keys_of(self, stage: str, other: str) -> AbstractContextManager[None]:
        """While it lasts, the API of `stage` has the public keys of `other` in its key set too."""

    def revocation_unreachable(self, stage: str, recorder: Recorder, case: str) -> AbstractContextManager[None]:
        """While it lasts, requests to the revocation endpoint end without an answer; each is recorded under `case`."""


class SigningKey(Protocol):
    """The key by which a target's issuer signs its access tokens."""

    def sign(self, stage: str, signed: bytes) -> bytes:
        """The signature of these bytes, in the form of a JWS, by the algorithm of the key (RFC 7518 §3)."""


class Surroundings(Protocol):
    """What operators see of a stage while it runs: its logs, and who asks its issuer for keys."""

    def watch(self, stage: str) -> None:
        """Forget what was seen so far."""

    def key_requests(self, case: str, stage: str) -> Visits:
        """Who asked for the issuer's key set since then."""

    def logs(self, case: str, stage: str) -> LogCapture:
        """What the stage's servers logged since then, with the level of each record."""

    def access_log(self, case: str, stage: str) -> LogCapture:
        """The lines of its access logs since then: the servers, and what stands before them."""


@dataclass(frozen=True)
class Copies:
    """Copies of what a client holds, for the harness to present again: secrets. `cookie` is a Cookie header."""

    client_id: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    cookie: str = field(default="", repr=False)


class Realtime(Protocol):
    """The realtime channel of one stage's API. Connections are told apart by the names that they are opened with."""

    def subscribe(self, case: str, name: str, access_token: str) -> RealtimeConnection:
        """Open a connection with this token; returns when it is open or refused."""

    def provoke(self, case: str, access_token: str) -> None:
        """Let this token's session do something that every connection of its user is told of."""

    def receive(self, case: str, name: str, seconds: float) -> RealtimeConnection:
        """Wait for a message more than were there when it was looked at last, at most so long."""

    def watch(self, case: str, name: str, since: float, seconds: float) -> RealtimeConnection:
        """Wait until the server ends the connection, at most so long. `since` is when the stimulus was, by the
        monotonic clock."""

    def close(self) -> None: ...
