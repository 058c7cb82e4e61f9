"""What several checks read from a search for secrets."""

from __future__ import annotations

from collections.abc import Iterable

from harness.checks.common import Complaint
from harness.observations import SecretScan
from harness.observe import MissingObservation

__all__ = ["TOKENS", "found_by"]

TOKENS = ("access_token", "refresh_token")


def found_by(scan: SecretScan, kinds: Iterable[str] = TOKENS) -> list[Complaint]:
    """What a search found. It must have looked for secrets of these kinds, and found what was planted."""
    if missing := [kind for kind in kinds if kind not in scan.kinds]:
        raise MissingObservation(f"{scan.case}: no {' and no '.join(missing)} was known, so none was looked for")
    if not scan.planted_found:
        raise MissingObservation(
            f"{scan.case}: the search did not find what was planted; {scan.about.get('unscanned', '')}"
        )
    return [Complaint(f"{scan.case}: {hit.mark} in {hit.place}", scan) for hit in scan.hits]
