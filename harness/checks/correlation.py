"""Judgements about the identifier that links what belongs to one login."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import BusCapture, BusEvent, LogCapture, SecretScan
from harness.observe import MissingObservation, Record

AT_ONCE, FLOWS = "ten logins at once", 10
FORGED = "forged-by-the-client"
GOOD = "well-formed"
REPLACED = (
    "another flow's",
    "ten thousand characters",
    "a forged line",
    "a fragment of JSON",
    "the request's own state",
)
WELL_FORMED = re.compile(r"[A-Za-z0-9-]{8,64}")


@check("EVENT-05.E1", "ASVS 5.0.0 16.2.1, OWASP Logging CS: Event attributes", "bus", "logs")
def one_identifier_for_each_flow(seen: Record, parameters: Parameters) -> Judgement:
    capture, log = seen.one(BusCapture, AT_ONCE), seen.one(LogCapture, AT_ONCE)
    flows = _flows(capture)
    if len(flows) < FLOWS or any(len(events) < 2 for events in flows.values()):
        raise MissingObservation(f"{AT_ONCE}: {len(flows)} sessions were told of, not each with its end")
    ids = {session: {_id(event) for event in events} for session, events in flows.items()}
    complaints = [Complaint("one flow has several identifiers", capture) for found in ids.values() if len(found) > 1]
    distinct = set().union(*ids.values())
    if len(distinct) < len(flows):
        complaints.append(Complaint(f"{len(flows)} flows have {len(distinct)} identifiers", capture))
    logged = [record.get("correlation_id") for record in log.records]
    unlogged = [id for id in distinct if logged.count(id) < 2]  # its authorization request, and its tokens
    if unlogged:
        complaints.append(Complaint(f"{len(unlogged)} identifiers link no records of the audit log", capture, log))
    return conclude(complaints, f"{len(flows)} flows: one identifier each, in events and audit log")


def _flows(capture: BusCapture) -> dict[str, list[BusEvent]]:
    if not capture.settled:
        raise MissingObservation(f"{capture.case}: the bus did not settle")
    flows: dict[str, list[BusEvent]] = {}
    for event in capture.events:
        if "session_ref" in event.properties:
            flows.setdefault(str(event.properties["session_ref"]), []).append(event)
    return flows


def _id(event: BusEvent) -> str:
    return str(event.properties.get("correlation_id", ""))


@check("EVENT-05.E2", "ASVS 5.0.0 16.4.1", "bus", "logs")
def bad_proposals_are_replaced(seen: Record, parameters: Parameters) -> Judgement:
    complaints: list[str] = []
    good = _login(seen, GOOD)[1]
    for case in REPLACED:
        capture, event = _login(seen, case)
        if not WELL_FORMED.fullmatch(_id(event)):
            complaints.append(Complaint(f"{case}: the flow has no well-formed identifier", capture))
        elif case == REPLACED[0] and _id(event) == _id(good):
            complaints.append(Complaint(f"{case}: two flows have one identifier", capture))
    complaints += _injected(seen)
    return conclude(complaints, f"{len(REPLACED)} bad proposals were replaced, and none stands in an event or a log")


def _login(seen: Record, case: str) -> tuple[BusCapture, BusEvent]:
    capture = seen.one(BusCapture, case)
    told = [event for event in capture.of_type("auth.login") if capture.settled]
    if len(told) != 1:
        raise MissingObservation(f"{case}: {len(told)} logins were told")
    return capture, told[0]


def _injected(seen: Record) -> Iterator[Complaint]:
    log = seen.one(LogCapture, "proposed identifiers")
    if not log.records:
        raise MissingObservation("nothing was logged")
    if lines := sum(FORGED in str(record.get("line")) for record in log.records):
        yield Complaint(f"{lines} lines of the log hold what a client wrote", log)
    for capture in seen.of(BusCapture, *REPLACED):
        if any(FORGED in str(value) for event in capture.events for value in event.properties.values()):
            yield Complaint(f"{capture.case}: an event holds what a client wrote", capture)


@check("EVENT-05.E3", "ASVS 5.0.0 16.2.5", "bus")
def no_identifier_is_a_secret(seen: Record, parameters: Parameters) -> Judgement:
    scan = seen.one(SecretScan, "secrets beside identifiers")
    if not scan.planted_found or not scan.bytes:
        raise MissingObservation("the search did not find what was planted")
    complaints = [Complaint(f"{hit.mark} stands in {hit.place}", scan) for hit in scan.hits]
    for case in REPLACED:
        capture, event = _login(seen, case)
        if _id(event).startswith("{{"):  # the mark of a secret
            complaints.append(Complaint(f"{case}: the identifier is {_id(event).split(':')[0][2:]}", capture))
    return conclude(complaints, f"no identifier holds a secret, in {scan.bytes} bytes")
