"""What the issuer keeps, and the small interface behind which it is kept.

`IssuerState` is one transaction's view: each method is one thing that the issuer does. What is said of secrets is said
of their fingerprints; no secret is stored. A store keeps what a transaction changed, all of it or nothing, and lets no
other transaction come between what was read and what was changed. `sqlite_state.py` and `dynamo_state.py` are two
stores; one contract suite holds both to this page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class AccountRecord:
    """An account: one identity at one provider. Times are seconds since the epoch."""

    subject: str
    provider: str
    provider_subject: str
    name: str
    created_at: float
    disabled: bool = False


@dataclass(frozen=True)
class LoginRecord:
    """An authorization request whose login page is open, in the browser that holds the secret."""

    fingerprint: str
    browser: str
    began_at: float
    client_id: str
    redirect_uri: str
    state: str | None
    code_challenge: str | None
    correlation_id: str
    scope: str
    nonce: str | None
    dpop_jkt: str | None = None


@dataclass(frozen=True)
class CodeRecord:
    """An authorization code. ``session_id``: the grant that came of it."""

    fingerprint: str
    client_id: str
    redirect_uri: str
    code_challenge: str | None
    subject: str
    new_account: bool
    correlation_id: str
    scope: str
    nonce: str | None
    issued_at: float
    used_at: float | None = None
    session_id: str | None = None
    dpop_jkt: str | None = None  # of the key that whoever redeems it must hold (RFC 9449 §10)


@dataclass(frozen=True)
class GrantRecord:
    """One grant of one account to one client: the root of a family of refresh tokens."""

    session_id: str
    subject: str
    client_id: str
    correlation_id: str
    scope: str
    began_at: float
    refreshed_at: float
    ended_at: float | None = None
    end_reason: str | None = None
    thumbprint: str | None = None  # of the key that its refresh tokens are bound to (RFC 9449 §5)
    reference: str | None = None  # what its events call it


@dataclass(frozen=True)
class TokenRecord:
    """A refresh token: one generation of its family. ``rotated_at``: when it was exchanged for the next."""

    fingerprint: str
    session_id: str
    generation: int
    rotated_at: float | None = None


@dataclass(frozen=True)
class Erased:
    """What one step of an erasure did. ``ended``: grants that went on until then; ``whole``: nothing is left to do."""

    ended: list[GrantRecord]
    whole: bool = True


class IssuerState(Protocol):
    """The issuer's state in one transaction."""

    def once_committed(self, tell: Callable[[], None]) -> None:
        """Call ``tell``, which must be quick, when this transaction is committed, and only then."""

    def keep_account(self, account: AccountRecord) -> tuple[AccountRecord, bool]:
        """Keep an account unless its identity has one; return the one that is kept, and whether it is new."""

    def account(self, subject: str) -> AccountRecord | None: ...

    def account_of(self, provider: str, provider_subject: str) -> AccountRecord | None:
        """The account of an identity."""

    def set_disabled(self, subject: str, disabled: bool) -> bool:
        """Disable or enable an account; False where there is none."""

    def erase_account(self, subject: str) -> Erased:
        """Forget an account with its codes, its grants and their tokens.

        What does not fit into one transaction is left to the next calls, in transactions of their own, until the whole
        is done; the account, and with it the use of all that was issued for it, ends with the first.
        """

    def unerased(self) -> list[str]:
        """The subjects whose erasure was begun, and is not whole."""

    def take_correlation(self, correlation_id: str, now: float) -> bool:
        """Keep the identifier of a flow, as long as a session may live; True for the one flow that may have it."""

    def add_login(self, login: LoginRecord) -> None: ...

    def login(self, fingerprint: str) -> LoginRecord | None: ...

    def end_login(self, fingerprint: str) -> bool:
        """Forget a login; True for the one caller that did."""

    def forget_logins(self, before: float) -> None:
        """Forget the logins that began before; a store whose items expire by themselves may do nothing."""

    def add_code(self, code: CodeRecord) -> None: ...

    def code(self, fingerprint: str) -> CodeRecord | None: ...

    def take_code(self, fingerprint: str, now: float) -> CodeRecord | None:
        """Use a code up; its record for the one caller that did, None for all others."""

    def bind_code(self, fingerprint: str, session_id: str) -> None:
        """Remember the grant that came of a code."""

    def add_grant(self, grant: GrantRecord) -> None: ...

    def grant(self, session_id: str) -> GrantRecord | None: ...

    def bind_grant(self, session_id: str, thumbprint: str) -> None:
        """Bind a grant's refresh tokens to a key, from now on."""

    def end_grant(self, session_id: str, reason: str, now: float) -> GrantRecord | None:
        """End a grant with all its tokens; its record for the one caller that did, None for all others."""

    def add_token(self, token: TokenRecord) -> None: ...

    def token(self, fingerprint: str) -> TokenRecord | None: ...

    def token_of(self, session_id: str, generation: int) -> TokenRecord | None: ...

    def rotate(self, session_id: str, generation: int, successor: str, now: float) -> bool:
        """Compare and set: mark this generation rotated, and keep ``successor`` (a fingerprint) as the next.

        False, and nothing changed, where it was rotated before or is not there.
        """

    def count_malformed(self, client_id: str) -> None:
        """Count one more refresh with a token that nobody issued."""

    def overdue_malformed(self, before: float) -> list[tuple[str, int]]:
        """The clients with such counts that were last reported before, or never, and how many there are."""

    def report_malformed(self, client_id: str, now: float) -> None:
        """Begin to count anew."""


class IssuerStore(Protocol):
    """Keeps the issuer's state. Safe for several threads and processes."""

    def change(self, work: Callable[[IssuerState], T]) -> T:
        """Do the work in one transaction, and return its result.

        What an exception interrupts leaves nothing, and the exception passes. Work that another transaction got in the
        way of is done again from the start: it must change nothing but the state.
        """

    def read(self, work: Callable[[IssuerState], T]) -> T:
        """Do work that changes nothing."""

    def after_commit(self, listener: Callable[[], None]) -> None:
        """Call ``listener``, which must be quick, after each transaction that was committed."""

    def close(self) -> None: ...
