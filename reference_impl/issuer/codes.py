"""Authorization codes: random, stored by fingerprint, short-lived, used up by one atomic update."""

from __future__ import annotations

from dataclasses import dataclass, fields

from reference_impl.issuer.opaque import fingerprint, new_secret
from reference_impl.issuer.state import CodeRecord, IssuerState


@dataclass(frozen=True)
class CodeBinding:
    """What a code stands for, and what it is bound to (RFC 6749 §4.1.2, RFC 7636 §4.4, RFC 9449 §10)."""

    client_id: str
    redirect_uri: str
    code_challenge: str | None
    subject: str
    new_account: bool
    correlation_id: str
    scope: str
    nonce: str | None
    dpop_jkt: str | None = None


class CodeRefused(Exception):
    """The code is unknown or too old."""


class CodeReplayed(CodeRefused):
    """The code was used before. ``session_id``: the grant that came of it, None if none did."""

    def __init__(self, session_id: str | None) -> None:
        self.session_id = session_id
        super().__init__("the code was used before")


class CodeStore:
    """The codes of one stage. Each call works in its caller's transaction."""

    def __init__(self, lifetime: float) -> None:
        """``lifetime`` in seconds."""
        self.lifetime = lifetime

    def issue(self, state: IssuerState, binding: CodeBinding, now: float) -> str:
        """Return a new code."""
        code = new_secret()
        state.add_code(CodeRecord(fingerprint(code), **vars(binding), issued_at=now))
        return code

    def use(self, state: IssuerState, code: str, now: float) -> CodeBinding:
        """Use the code up, whatever becomes of the request. Raises CodeReplayed or CodeRefused."""
        taken = state.take_code(fingerprint(code), now)
        if taken is None:
            raise self._refusal(state, code)
        if now >= taken.issued_at + self.lifetime:
            raise CodeRefused("the code is too old")
        return CodeBinding(**{field.name: getattr(taken, field.name) for field in fields(CodeBinding)})

    def bind_session(self, state: IssuerState, code: str, session_id: str) -> None:
        """Remember the grant that came of a code, to end it should the code be used again."""
        state.bind_code(fingerprint(code), session_id)

    def _refusal(self, state: IssuerState, code: str) -> CodeRefused:
        used = state.code(fingerprint(code))
        return CodeReplayed(used.session_id) if used else CodeRefused("no such code was issued")
