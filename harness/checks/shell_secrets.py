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
HANDED = ("a token for the page", "a later token for the page")
LONGEST = 3600.0  # seconds: BRIDGE-03.E2


@check("BRIDGE-03.E1", "ASVS 5.0.0 10.1.1, RFC 6749 §10.4, Electron security checklist #20")
def no_long_lived_secret_reaches_a_renderer(seen: Record, parameters: Parameters) -> Judgement:
    if not seen.one(ShellState, "existing signed in").signed_in:
        raise MissingObservation("nobody was signed in")
    scans = [seen.one(SecretScan, case) for case in CASES]
    complaints = [complaint for scan in scans for complaint in found_by(scan, LONG_LIVED)]
    size = sum(scan.bytes for scan in scans)
    return conclude(complaints, f"no refresh token and no verifier in {size} bytes of bridge, memory and storages")


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
