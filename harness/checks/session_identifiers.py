"""Judgements about the identifiers of the web client's sessions."""

from __future__ import annotations

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import IdentifierTrial, SecretSample
from harness.observe import MissingObservation, Record

KNOWN, AGAIN, MADE_UP = "the attacker's own identifiers", "a second login", "a made-up identifier"
SAMPLES, BITS = 1000, 128


@check("WEB-07.E1", "ASVS 5.0.0 7.2.4, OWASP Session CS: Renew the Session ID", "web")
def a_login_gives_a_new_identifier(seen: Record, parameters: Parameters) -> Judgement:
    complaints: list[str] = []
    for case in (KNOWN, AGAIN):
        complaints += _kept(_trial(seen, case))
    return conclude(complaints, "each login gave an identifier that nobody had before, and ended the earlier ones")


def _trial(seen: Record, case: str) -> IdentifierTrial:
    trial = seen.one(IdentifierTrial, case)
    if not trial.signed_in:
        raise MissingObservation(f"{case}: the login gave no session")
    if not (trial.planted or trial.earlier):
        raise MissingObservation(f"{case}: the browser held no identifier before the login")
    return trial


def _kept(trial: IdentifierTrial) -> list[Complaint]:
    before = (*trial.planted, *trial.earlier)
    complaints = []
    if adopted := [mark for mark in trial.after if mark in before]:
        complaints.append(Complaint(f"{trial.case}: {', '.join(adopted)} of before is the session's now", trial))
    if trial.accepted:
        complaints.append(Complaint(f"{trial.case}: {', '.join(trial.accepted)} of before is signed in", trial))
    return complaints


@check("WEB-07.E2", "ASVS 5.0.0 7.2.3, OWASP Session CS: Session ID Generation and Verification", "web")
def a_made_up_identifier_is_not_adopted(seen: Record, parameters: Parameters) -> Judgement:
    return conclude(_kept(_trial(seen, MADE_UP)), "the login gave a new identifier in the place of the made-up one")


@check("WEB-07.E3", "ASVS 5.0.0 7.2.3, NIST SP 800-63B-4 §5.1", "web")
def identifiers_cannot_be_guessed(seen: Record, parameters: Parameters) -> Judgement:
    sample = seen.one(SecretSample, "identifiers")
    if sample.count < SAMPLES:
        raise MissingObservation(f"only {sample.count} identifiers were compared, and {SAMPLES} count")
    complaints = []
    if sample.distinct < sample.count:
        complaints.append(Complaint(f"{sample.count - sample.distinct} identifiers came again", sample))
    if sample.bits < BITS:
        complaints.append(Complaint(f"identifiers hold {sample.bits:.0f} bits at most", sample))
    documented = sample.about.get("documented prefix", "0")
    if sample.about["prefix"] != documented:
        told = f"all identifiers begin with the same {sample.about['prefix']} characters; documented: {documented}"
        complaints.append(Complaint(told, sample))
    return conclude(complaints, f"{sample.count} identifiers without repetition, of up to {sample.bits:.0f} bits")
