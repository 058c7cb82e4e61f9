"""Judgements about logs, reports and what is told of errors."""

from __future__ import annotations

import re

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.checks.scans import TOKENS, found_by
from harness.model import Judgement
from harness.observations import HttpExchange, LogCapture, SecretScan, StoreState
from harness.observe import MissingObservation, Record
from harness.secret_patterns import MARK

KINDS = (*TOKENS, "code", "code_verifier")
INSTALLATIONS = ("first installation", "another installation")
PROVOKED = ("refresh refused with 400", "refresh refused with 500", "unforeseen error")
# What of a request could be told: a header with credentials, or a parameter of a form or URL with its value.
REQUEST = re.compile(
    r"(?i)\bauthorization['\"]?\s*[:=]|\bbearer\s+\S|\bdpop\s+\S"
    r"|\b(?:grant_type|refresh_token|access_token|code|code_verifier|client_secret|assertion)=[^\s&\"]"
)


@check("STORE-05.E1", "ASVS 5.0.0 16.2.5, OWASP Logging CS")
def nothing_secret_is_logged(seen: Record, parameters: Parameters) -> Judgement:
    _require_use(seen)
    scan = seen.one(SecretScan, "logs")
    return conclude(found_by(scan, KINDS), f"no secret is in {scan.bytes} bytes of logs, files and reports")


def _require_use(seen: Record) -> None:
    """A token must have been used, by the client or at the server, and things must have gone wrong."""
    states = [o for o in seen if isinstance(o, StoreState)]
    if not states:
        refused = seen.one(HttpExchange, "refused refresh")
        if seen.one(HttpExchange, "refresh").status != 200 or refused.status in (None, 200):
            raise MissingObservation("nobody refreshed, or nobody was refused, so there was little to log")
        return
    if not seen.one(StoreState, "refresh").signed_in:
        raise MissingObservation("nobody was signed in, so there was nothing to log")
    for case in PROVOKED:
        if not seen.one(StoreState, case).error:
            raise MissingObservation(f"{case}: nothing went wrong")


@check("STORE-05.E2", "OWASP Session CS: Logging Sessions Life Cycle")
def sessions_are_told_by_a_keyed_hash(seen: Record, parameters: Parameters) -> Judgement:
    told = {case: _references(seen.one(LogCapture, case)) for case in INSTALLATIONS}
    if silent := [case for case, references in told.items() if not references]:
        raise MissingObservation(f"no log record tells of a session: {', '.join(silent)}")
    logs = [seen.one(LogCapture, case) for case in INSTALLATIONS]
    complaints = [
        Complaint(f"{log.case}: the session is told by its secret or a plain hash of it: {reference}", log)
        for log in logs
        for reference in _references(log)
        if MARK.search(reference.encode())
    ]
    same = set.intersection(*(set(references) for references in told.values()))
    if same:
        complaints.append(Complaint("both installations tell the same token by the same hash", *logs))
    return conclude(complaints, "each installation tells the session by another keyed hash")


def _references(log: LogCapture) -> list[str]:
    if log.about.get("error"):
        raise MissingObservation(f"{log.case}: there was no process to log anything ({log.about['error']})")
    return sorted({str(record["session"]) for record in log.records if record.get("session")})


@check("STORE-05.E3", "ASVS 5.0.0 16.2.5, GDPR Art. 32(1)(a)")
def errors_repeat_nothing_of_a_request(seen: Record, parameters: Parameters) -> Judgement:
    _require_use(seen)
    errors = seen.one(LogCapture, "errors")
    where = {str(record.get("where")) for record in errors.records}
    if absent := {"reply", "page", "crash report"} - where:
        raise MissingObservation(f"nothing was told as {' and as '.join(sorted(absent))}")
    complaints = []
    for record in errors.records:
        text = str(record.get("text", ""))
        if MARK.search(text.encode()):
            complaints.append(Complaint(f"a secret is in a {record['where']}: {_around(text)}", errors))
        elif found := REQUEST.search(text):
            complaints.append(Complaint(f"a {record['where']} repeats a request: {found.group()}…", errors))
    return conclude(complaints, f"{len(errors.records)} errors that were told repeat nothing of a request")


def _around(text: str) -> str:
    found = MARK.search(text.encode())
    assert found is not None
    return found.group().decode()
