"""The tokens that the reference's issuers handed out since somebody began to look."""

from __future__ import annotations

from harness.redact import Redactor
from harness.scan import SecretScanner
from harness.secret_forms import Secret

__all__ = ["KINDS", "SECRETS", "MintedTokens"]

KINDS = ("access_token", "refresh_token", "id_token")
SECRETS = (*KINDS, "code", "code_verifier", "session_cookie", "client_secret")


class MintedTokens:
    """What the taps at the token endpoints registered after this object was made."""

    def __init__(self, redactor: Redactor, kinds: tuple[str, ...] = KINDS) -> None:
        self._redactor, self._kinds = redactor, kinds
        self._before = len(redactor.secrets())

    def secrets(self, kinds: tuple[str, ...] = ()) -> tuple[Secret, ...]:
        """Those of these kinds, or all; the redactor keeps what it learns in the order of learning."""
        wanted = kinds or self._kinds
        return tuple(secret for secret in self._redactor.secrets()[self._before :] if secret.kind in wanted)

    def stand_in(self, text: str) -> bool:
        """Whether one of them stands in the text, in any form."""
        return bool(SecretScanner(self.secrets()).scan_bytes("text", text.encode()))
