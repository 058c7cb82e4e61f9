"""Judgements about secrets in the renderers of a desktop shell."""

from __future__ import annotations

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.checks.scans import found_by
from harness.model import Judgement
from harness.observations import SecretScan
from harness.observations.bridge import HandedToken, ShellState
from harness.observe import MissingObservation, Record

LONG_LIVED = ("refresh_token", "code_verifier")
ALL = (*LONG_LIVED, "access_token")
CASES = (
    "after the sign-in",
    "after refreshes",
    "after a failure",
    "with a second window",
    "after a reload",
    "after the sign-out",
)
AS_THEY_STAND = ("after the sign-in", "after a reload")  # where nobody can be signed in
COOPERATION = "cooperation"
HANDED = ("a token for the page", "a later token for the page")
LONGEST = 3600.0  # seconds: BRIDGE-03.E2


@check("BRIDGE-03.E1", "ASVS 5.0.0 10.1.1, RFC 6749 §10.4, Electron security checklist #20")
def no_long_lived_secret_reaches_a_renderer(seen: Record, parameters: Parameters) -> Judgement:
    if seen.lacks(COOPERATION):
        return _as_they_stand(seen)
    if not seen.one(ShellState, "existing signed in").signed_in:
        raise MissingObservation("nobody was signed in")
    scans = [seen.one(SecretScan, case) for case in CASES]
    complaints = [complaint for scan in scans for complaint in found_by(scan, LONG_LIVED)]
    size = sum(scan.bytes for scan in scans)
    return conclude(complaints, f"no refresh token and no verifier in {size} bytes of bridge, memory and storages")


def _as_they_stand(seen: Record) -> Judgement:
    """Of windows of which nothing is known but what they hold: what is found there fails, and nothing passes, as nobody
    heard what crossed the bridge."""
    scans = [seen.one(SecretScan, case) for case in AS_THEY_STAND]
    found = [Complaint(f"{scan.case}: {hit.mark} in {hit.place}", scan) for scan in scans for hit in scan.hits]
    if not found:
        sought = (
            " and no ".join(kind for kind in LONG_LIVED if all(kind in scan.kinds for scan in scans)) or "such name"
        )
        told = f"no {sought} was found in {sum(scan.bytes for scan in scans)} bytes of memory, storages and addresses"
        raise MissingObservation(f"{told}; what crosses the bridge was not heard", COOPERATION)
    return conclude(found, "")


@check("BRIDGE-03.E2", "ASVS 5.0.0 10.1.1")
def access_tokens_end_soon(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for handed in (seen.one(HandedToken, case) for case in HANDED):
        if handed.outcome != "value" or handed.told is None:
            raise MissingObservation(f"{handed.case}: {handed.outcome}")
        longest = max(handed.told, handed.left or 0.0)
        if longest > LONGEST:
            complaints.append(Complaint(f"{handed.case}: it lives for another {longest:.0f} s", handed))
    return conclude(complaints, f"tokens for the page live for {LONGEST:g} s at most")


@check("BRIDGE-03.E3", "ASVS 5.0.0 10.1.1")
def errors_hold_no_token(seen: Record, parameters: Parameters) -> Judgement:
    if seen.one(HandedToken, "no token for the page").outcome == "value":
        raise MissingObservation("no refresh failed")
    scan = seen.one(SecretScan, "errors")
    if not int(scan.about.get("errors", "0")):
        raise MissingObservation("no error crossed the bridge")
    return conclude(found_by(scan, ALL), f"{scan.about['errors']} errors crossed the bridge without a token")
