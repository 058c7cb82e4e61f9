"""What can happen at the issuer. Most of it becomes no event: the builder decides (builder.py)."""

from __future__ import annotations

from dataclasses import dataclass

from reference_impl.events.fields import Reason


@dataclass(frozen=True)
class Session:
    """Whose session it is: one grant of one account to one client."""

    session_id: str
    subject: str  # the stage's pseudonym of the account
    client_id: str
    correlation_id: str  # of the authorization request that it began with
    thumbprint: str | None = None  # of the key that its tokens are bound to (RFC 9449 §5); no event tells it
    reference: str | None = None  # what its events call it, from the first to the last: keys are rotated meanwhile


@dataclass(frozen=True)
class AuthorizationStarted:
    """A valid authorization request: somebody sees the login page."""

    client_id: str
    correlation_id: str


@dataclass(frozen=True)
class SignInFailed:
    """Somebody did not prove who he is, or (``braked``) tried too often to be heard. ``subject``: the pseudonym of the
    account that was meant, where there is one; what was typed is nobody's to know."""

    client_id: str
    correlation_id: str
    subject: str | None = None
    braked: bool = False

    @property
    def reason(self) -> str:
        return "braked" if self.braked else "denied"


@dataclass(frozen=True)
class LoginCompleted:
    """A code was redeemed for tokens, for the first time. ``new_account``: it was the account's first login."""

    session: Session
    new_account: bool


@dataclass(frozen=True)
class SessionRefreshed:
    """A refresh token was exchanged for its successor; ``retry``: for the one that was already made."""

    session: Session
    retry: bool


@dataclass(frozen=True)
class SessionEnded:
    """A grant ended, for the first time. ``occurred_at``: when its user left, where that was before now."""

    session: Session
    reason: Reason
    occurred_at: float | None = None


@dataclass(frozen=True)
class RefreshFailed:
    """A refresh was refused for good. ``session`` and ``generation``: of the token that is dead, where it is known.

    ``count``: how many refusals of this kind it stands for.
    """

    client_id: str  # who presented it
    reason: Reason
    session: Session | None = None
    generation: int | None = None
    count: int | None = None


@dataclass(frozen=True)
class ServerFault:
    """A token request was answered 5xx: nothing was decided, and the same request may succeed later."""

    client_id: str
    grant_type: str


Occurrence = (
    AuthorizationStarted | SignInFailed | LoginCompleted | SessionRefreshed | SessionEnded | RefreshFailed | ServerFault
)
