"""Faults of the clients' side of a session."""

from __future__ import annotations

from harness.faults.registry import fault
from reference_impl.oauth_client import Tokens
from reference_impl.parts import Part
from reference_impl.token_manager import TokenManager


@fault("F-TOKEN-09-c", "TOKEN-09.E3", Part.TOKEN_MANAGER)
def the_client_keeps_the_first_refresh_token(real: TokenManager) -> TokenManager:
    class Faithful(TokenManager):
        def adopt(self, tokens: Tokens) -> None:
            first = self.vault.load() or tokens.refresh_token
            super().adopt(Tokens(tokens.access_token, first, tokens.expires_at))

    real.__class__ = Faithful
    return real
