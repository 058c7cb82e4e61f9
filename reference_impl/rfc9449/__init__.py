"""OAuth 2.0 Demonstrating Proof of Possession (RFC 9449): a token is of use to the holder of one key only."""

from reference_impl.rfc9449.proof import ALGORITHMS, InvalidProof, PresentedProof, ProofVerifier
from reference_impl.rfc9449.seen import SCHEMA, SeenInDatabase, SeenProofs, fingerprint

__all__ = [
    "ALGORITHMS",
    "SCHEMA",
    "InvalidProof",
    "PresentedProof",
    "ProofVerifier",
    "SeenInDatabase",
    "SeenProofs",
    "fingerprint",
]
