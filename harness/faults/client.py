"""Faults of the clients' side of a session."""

from __future__ import annotations

from harness.faults.registry import fault
from reference_impl.desktop.session import StoreVault
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


@fault("F-TOKEN-09-x3", "TOKEN-09.E3", Part.TOKEN_MANAGER)
def only_the_first_token_reaches_the_store(real: TokenManager) -> TokenManager:
    class Forgetful(TokenManager):
        def adopt(self, tokens: Tokens) -> None:
            if self._tokens is None or not isinstance(self.vault, StoreVault):
                return super().adopt(tokens)
            self.vault._refresh_token = tokens.refresh_token
            self._tokens = tokens
            return None

    real.__class__ = Forgetful
    return real
