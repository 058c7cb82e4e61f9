"""Faults of tokens that are bound to a key (RFC 9449)."""

from __future__ import annotations

from harness.faults.registry import fault
from reference_impl.api.access_token import Claims
from reference_impl.api.guard import ApiGuard
from reference_impl.issuer.state import IssuerState
from reference_impl.issuer.token_endpoint import TokenEndpoint
from reference_impl.parts import Part
from reference_impl.rfc9449 import PresentedProof, ProofVerifier


@fault("F-TOKEN-22-a", "TOKEN-22.E1", Part.API_GUARD)
def a_bound_token_is_taken_as_a_bearer_token(real: ApiGuard) -> ApiGuard:
    class Easygoing(ApiGuard):
        def check_binding(self, claims: Claims, scheme: str, token: str, proof: PresentedProof | None) -> None:
            if scheme != "bearer":
                super().check_binding(claims, scheme, token, proof)

    return Easygoing(**vars(real))


@fault("F-TOKEN-22-x1", "TOKEN-22.E2", Part.TOKEN_PROOFS)
def tokens_are_bound_to_something_else_than_the_key(real: ProofVerifier) -> ProofVerifier:
    class Confused(ProofVerifier):
        def verify(self, presented: PresentedProof, access_token: str | None = None) -> str:
            return super().verify(presented, access_token)[::-1]

    return Confused(**vars(real))


@fault("F-TOKEN-22-x2", "TOKEN-22.E3", Part.TOKEN_ENDPOINT)
def refresh_tokens_of_public_clients_are_not_bound(real: TokenEndpoint) -> TokenEndpoint:
    class Unbound(TokenEndpoint):
        def check_key(self, state: IssuerState, refresh_token: str, client_id: str, thumbprint: str | None) -> None:
            """Access tokens are bound, and that is enough."""

    return Unbound(**vars(real))


@fault("F-TOKEN-22-x3", "TOKEN-22.E1", Part.API_PROOFS)
def proofs_work_more_than_once(real: ProofVerifier) -> ProofVerifier:
    class Forgetful(ProofVerifier):
        def check_first_use(self, claims: Claims, thumbprint: str) -> None:
            """Within a minute, who would replay it?"""

    return Forgetful(**vars(real))


@fault("F-TOKEN-22-x4", "TOKEN-22.E1", Part.API_PROOFS)
def a_proof_is_for_any_token(real: ProofVerifier) -> ProofVerifier:
    class Generous(ProofVerifier):
        def check_token(self, claims: Claims, access_token: str) -> None:
            """The key is what counts."""

    return Generous(**vars(real))


@fault("F-TOKEN-22-x5", "TOKEN-22.E1", Part.TOKEN_PROOFS)
def the_token_endpoint_does_not_look_at_the_time(real: ProofVerifier) -> ProofVerifier:
    class Timeless(ProofVerifier):
        def check_time(self, claims: Claims) -> None:
            """Proofs are kept for ever, it seems."""

    return Timeless(**vars(real))
