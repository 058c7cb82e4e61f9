"""What a caller who may not come in is told (RFC 6750 §3, RFC 9449 §7.1)."""

from __future__ import annotations

from reference_impl.rfc9449 import ALGORITHMS


class Unauthorized(Exception):
    """The request is answered 401, or 400 where ``error`` is invalid_request. ``error`` is None where no token was sent
    (RFC 6750 §3.1)."""

    def __init__(self, description: str, error: str | None = "invalid_token") -> None:
        self.error, self.description = error, description
        super().__init__(description)

    @property
    def status(self) -> int:
        """The status of the answer."""
        return 400 if self.error == "invalid_request" else 401

    def challenges(self, authorization: str) -> tuple[str, ...]:
        """Return the values of WWW-Authenticate: of the scheme that this Authorization header used, or of each that it
        could have used."""
        algorithms = f'algs="{" ".join(ALGORITHMS)}"'
        if self.error is None:
            return ("Bearer", f"DPoP {algorithms}")
        told = f'error="{self.error}", error_description="{self.description}"'
        return (f"DPoP {told}, {algorithms}",) if authorization.lower().startswith("dpop ") else (f"Bearer {told}",)
