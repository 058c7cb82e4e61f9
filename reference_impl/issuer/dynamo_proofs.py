"""Proofs that were used, in the issuer's table: where servers share one, a proof works once at all of them."""

from __future__ import annotations

from dataclasses import dataclass

from reference_impl.issuer.dynamo_table import DynamoTable, Unit, joined
from reference_impl.rfc9449 import fingerprint


@dataclass(frozen=True)
class SeenInTable:
    """One item for each proof, in a transaction of its own: a proof is used up whatever becomes of its request."""

    table: DynamoTable

    def first_time(self, thumbprint: str, jti: str, now: float, forget_at: float) -> bool:
        """Put the proof's item, which expires when the proof is too old. Raises StorageError."""
        key = joined("proof", fingerprint(thumbprint, jti))

        def remember(unit: Unit) -> bool:
            known = unit.get(key)
            if known is not None and now < known["forget_at"]:  # DynamoDB removes what has expired, but not at once
                return False
            unit.put({"forget_at": forget_at}, forget_at, key)
            return True

        return self.table.change(remember)
