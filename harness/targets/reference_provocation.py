"""An error that nobody foresaw, with a token in its message and arguments: brought about from outside, by a part."""

from __future__ import annotations

from pathlib import Path

from harness.faults.registry import Fault, fault
from reference_impl.oauth_client import OAuthClient, Tokens
from reference_impl.parts import Part

__all__ = ["PROVOKED", "provocation"]

PROVOKED = "PROVOKED-unforeseen-error"


@fault(PROVOKED, "STORE-05.E3", Part.OAUTH_CLIENT)
def every_request_with_a_token_ends_in_an_unforeseen_error(real: OAuthClient) -> OAuthClient:
    class Failing(type(real)):  # type: ignore[misc]  # whatever fault is in place already
        def refresh(self, refresh_token: str) -> Tokens:
            raise ArithmeticError(f"cannot use {refresh_token}", refresh_token)

        def revoke(self, token: str) -> None:
            raise ArithmeticError(f"cannot revoke {token}", token)

    real.__class__ = Failing
    return real


def provocation() -> Fault:
    """As a client's launcher is told of it."""
    words = "every request with a token ends in an unforeseen error"
    replaced = every_request_with_a_token_ends_in_an_unforeseen_error
    return Fault(
        PROVOKED, "STORE-05.E3", Part.OAUTH_CLIENT, replaced, ("dev", "staging", "prod"), words, str(Path(__file__))
    )
