"""The stage's accounts: one for each identity, made at its first login."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from reference_impl.issuer.identity import Identity
from reference_impl.issuer.state import AccountRecord, Erased, IssuerState


@dataclass(frozen=True)
class Account:
    """``subject``: the stage's pseudonym of the person. ``new``: this login made the account."""

    subject: str
    new: bool
    disabled: bool


class Accounts:
    """Finds and makes accounts. Each call works in its caller's transaction."""

    def __init__(self, subject_key: Callable[[], bytes]) -> None:
        """``subject_key`` gives the stage's own, so that nobody can join the pseudonyms of two stages.

        It may be rotated: an account keeps the pseudonym that it was made with.
        """
        self._subject_key = subject_key

    def resolve(self, state: IssuerState, identity: Identity, now: float) -> Account:
        """Return the identity's account, made if there is none; of two first logins at once, one makes it."""
        subject = self.new_pseudonym(identity)
        made = AccountRecord(subject, identity.provider, identity.subject, identity.name, now)
        kept, new = state.keep_account(made)
        return Account(kept.subject, new, kept.disabled)

    def is_disabled(self, state: IssuerState, subject: str) -> bool:
        """Say whether the account is disabled, or not there."""
        account = state.account(subject)
        return account is None or account.disabled

    def name_of(self, state: IssuerState, subject: str) -> str | None:
        """Return the account's name, for its owner's eyes; None if there is no account."""
        account = state.account(subject)
        return account.name if account else None

    def set_disabled(self, state: IssuerState, subject: str, disabled: bool) -> None:
        """Disable or enable an account. Raises LookupError if there is none."""
        if not state.set_disabled(subject, disabled):
            raise LookupError("no account has this subject")

    def erase(self, state: IssuerState, subject: str) -> Erased:
        """Erase an account, or go on with that. Raises LookupError if there is none."""
        if state.account(subject) is None and subject not in state.unerased():
            raise LookupError("no account has this subject")
        return state.erase_account(subject)

    def new_pseudonym(self, identity: Identity) -> str:
        """Return a pseudonym that nobody can make again, not even with the key: once its account is erased, it is
        nobody's (GDPR Art. 5(1)(e))."""
        message = secrets.token_bytes(16) + f"{len(identity.provider)}:{identity.provider}{identity.subject}".encode()
        digest = hmac.new(self._subject_key(), message, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:18]).decode()
