"""The stand-in for the upstream identity provider: user names and passwords from the stage's configuration."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from reference_impl.secret_parameters import SCRYPT_KEY_BYTES, User

PROVIDER = "stand-in"


@dataclass(frozen=True)
class Identity:
    """Who somebody is at a provider: issuer and subject together are the key, never an e-mail address."""

    provider: str
    subject: str
    name: str = ""  # what the person is shown as; nobody but the person sees it
    email: str | None = None  # as the provider says; addresses change hands, so nothing is ever looked up by one
    email_verified: bool | None = None  # None: the provider does not say


class AccessDenied(Exception):
    """The provider did not vouch for the user. ``subject``: of whom it would have been, where it knows somebody."""

    def __init__(self, subject: str | None = None) -> None:
        self.subject = subject
        super().__init__("the provider did not vouch for the user")


class UpstreamUnavailable(Exception):
    """The provider cannot answer now."""


class IdentityProvider(Protocol):
    """Tells who a user is."""

    def authenticate(self, username: str, password: str) -> Identity:
        """Return the user's identity. Raises AccessDenied or UpstreamUnavailable."""


class ConfiguredUsers:
    """Knows the users of the configuration, by scrypt hashes."""

    def __init__(self, users: Iterable[User]) -> None:
        self._users = {user.username: user for user in users}
        first = next(iter(self._users.values()), None)
        # Compared for unknown names at the same cost, so that the time taken tells nobody which names exist.
        self._nobody = first.password_hash if first else hash_password(secrets.token_urlsafe())

    def authenticate(self, username: str, password: str) -> Identity:
        """Return the identity of a user who is known, not disabled, and knows the password."""
        user = self._users.get(username)
        matches = verify_password(password, user.password_hash if user else self._nobody)
        if user is None or user.disabled or not matches:
            raise AccessDenied(user.subject if user else None)
        return Identity(PROVIDER, user.subject, user.username)


def hash_password(password: str, cost: int = 2**14) -> str:
    """Return ``scrypt$n$r$p$salt$key``. ``cost``: n, a power of two; 2**14 takes about 50 ms and 16 MB."""
    salt = secrets.token_bytes(16)
    return "$".join(("scrypt", str(cost), "8", "1", _text(salt), _text(_scrypt(password, salt, cost, 8, 1))))


def verify_password(password: str, hashed: str) -> bool:
    """Say whether the password is the hashed one. Raises ValueError for a hash of another form."""
    scheme, n, r, p, salt, key = hashed.split("$")
    if scheme != "scrypt":
        raise ValueError("password hashes are scrypt's")  # which it is instead, would quote the hash
    found = _scrypt(password, base64.b64decode(salt), int(n), int(r), int(p))
    return hmac.compare_digest(found, base64.b64decode(key))


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(
        password.encode(), salt=salt, n=n, r=r, p=p, dklen=SCRYPT_KEY_BYTES, maxmem=256 * n * r + 2**20
    )


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
