"""Authorization transactions: from a valid request to the end of its login page, bound to one browser."""

from __future__ import annotations

from dataclasses import dataclass, fields

from reference_impl.issuer.opaque import fingerprint, new_secret
from reference_impl.issuer.state import IssuerState, LoginRecord


@dataclass(frozen=True)
class Transaction:
    """What the login page's outcome needs of the authorization request."""

    client_id: str
    redirect_uri: str
    state: str | None
    code_challenge: str | None
    correlation_id: str
    scope: str
    nonce: str | None
    dpop_jkt: str | None = None


class Transactions:
    """The open transactions of one stage. Each call works in its caller's transaction with the store."""

    def __init__(self, lifetime: float) -> None:
        """``lifetime`` in seconds."""
        self.lifetime = lifetime

    def begin(self, state: IssuerState, request: Transaction, browser: str, now: float) -> str:
        """Store a transaction for the browser that holds the secret ``browser``; return the transaction's own."""
        handle = new_secret()
        state.forget_logins(now - self.lifetime)
        state.add_login(LoginRecord(fingerprint(handle), fingerprint(browser), now, **vars(request)))
        return handle

    def find(self, state: IssuerState, handle: str, browser: str, now: float) -> Transaction | None:
        """Return an open transaction of this browser; None if it is over, too old, or another browser's."""
        login = state.login(fingerprint(handle))
        if login is None or login.browser != fingerprint(browser) or now >= login.began_at + self.lifetime:
            return None
        return Transaction(**{field.name: getattr(login, field.name) for field in fields(Transaction)})

    def finish(self, state: IssuerState, handle: str) -> bool:
        """End the transaction; False if it had ended before."""
        return state.end_login(fingerprint(handle))
