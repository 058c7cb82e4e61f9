"""The reference's signing keys, for tokens that only their issuer could have made."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import cast

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey

from harness.probes.forgery import es256_by
from harness.targets.reference_host import ReferenceHost

__all__ = ["ReferenceSigningKey"]


@dataclass(frozen=True)
class ReferenceSigningKey:
    """Each stage has its own."""

    target: ReferenceHost

    def sign(self, stage: str, signed: bytes) -> bytes:
        ring = self.target.reference.stages[stage].app.issuer.keys
        signing = next(generation for generation in ring.published() if generation.name == ring.kid)
        private = ECKey.import_key(json.loads(signing.value)).private_key
        return es256_by(cast("ec.EllipticCurvePrivateKey", private))(signed)
