"""Judgements about the events' schema, and about what they tell of secrets and of people."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import (
    BusCapture,
    BusEvent,
    Erasure,
    EventSchemas,
    EventTrial,
    SecretScan,
    SessionReferences,
)
from harness.observe import MissingObservation, Record

TOLD = ("sessions that begin, fail and end",)
BAD_INPUTS = ("a field is missing", "there is an unknown field", "the time is local", "the type is unknown")
REQUIRED = frozenset(
    {"event_id", "type", "version", "occurred_at", "stage", "issuer", "client_id", "outcome", "reason"}
)
OF_SESSION = frozenset({"subject", "session_ref", "correlation_id", "seq"})
TYPES = frozenset({"auth.login", "auth.logout", "auth.refresh_failed"})
ONLINE = 5.0  # seconds that an event may be away from its capture
UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
WORD = re.compile(r"\S{1,256}")  # identifiers and enumerations have no spaces; what people write has
ADDRESS = re.compile(r"(?<![\w.:-])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7})(?![\w.-])")


def auth_events(seen: Record) -> list[tuple[BusCapture, BusEvent]]:
    """All that was captured of the target. Raises MissingObservation unless every capture is whole, and all types are
    there."""
    captures = seen.of(BusCapture)
    for capture in captures:
        if not capture.settled:
            raise MissingObservation(f"{capture.case}: the bus did not settle")
    events = [(capture, event) for capture in captures for event in capture.events]
    if not events:
        raise MissingObservation("no event was captured")
    return events


@check("EVENT-04.E1", "ASVS 5.0.0 16.2.1, 16.2.4", "bus")
def every_event_is_valid(seen: Record, parameters: Parameters) -> Judgement:
    published = seen.one(EventSchemas, "published schemas")
    complaints = [Complaint(told, published) for told in _not_closed(published)]
    events = auth_events(seen)
    for capture, event in events if not complaints else ():
        if wrong := _violation(published.schemas, event):
            complaints.append(Complaint(f"{event.type}: {wrong}", capture))
    missing = {"auth.login", "auth.logout", "auth.refresh_failed"} - {event.type for _, event in events}
    if missing and not complaints:
        raise MissingObservation(f"no {', '.join(sorted(missing))} was captured")
    return conclude(complaints, f"{len(events)} events are valid by the published, closed schema of their version")


def _not_closed(published: EventSchemas) -> Iterator[str]:
    for version, schema in published.schemas.items():
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError:
            yield f"the schema of {version} is no JSON Schema"
            continue
        if schema.get("additionalProperties") is not False:
            yield f"the schema of {version} is not closed"
        if lacking := REQUIRED - set(schema.get("required", ())):
            yield f"the schema of {version} does not require {', '.join(sorted(lacking))}"
        if lacking := OF_SESSION - set(schema.get("properties", ())):
            yield f"the schema of {version} does not know {', '.join(sorted(lacking))}"


def _violation(schemas: Mapping[str, Mapping[str, Any]], event: BusEvent) -> str:
    """The first violation, without the value that violates."""
    if event.type not in TYPES:
        return "no such type"
    schema = schemas.get(str(event.properties.get("version")))
    if schema is None:
        return "of no published version"
    if event.properties.get("type") != event.type:
        return "its type is not its detail-type"
    # Marks stand where pseudonyms stood that are registered as secrets: what matters of these is that they are there.
    told = {name: value for name, value in event.properties.items() if not str(value).startswith("{{")}
    marked = event.properties.keys() - told.keys()
    for error in Draft202012Validator(schema).iter_errors(told):
        lacking = re.match(r"'(\w+)' is a required property", error.message)
        if not (lacking and lacking[1] in marked):
            return f"{error.validator} is violated at {'/'.join(map(str, error.path)) or 'the top'}" + (
                f": {lacking[1]} is missing" if lacking else ""
            )
    return ""


@check("EVENT-04.E2", "ASVS 5.0.0 16.2.4", "bus")
def the_producer_refuses_bad_input(seen: Record, parameters: Parameters) -> Judgement:
    if seen.one(EventTrial, "nothing is wrong").taken != 1:
        raise MissingObservation("the producer refuses what is right, so its refusals tell nothing")
    trials = [seen.one(EventTrial, case) for case in BAD_INPUTS]
    complaints = [Complaint(f"{trial.case}: published all the same", trial) for trial in trials if trial.taken]
    return conclude(complaints, f"the producer refused all {len(trials)} bad inputs")


@check("EVENT-04.E3", "ASVS 5.0.0 16.2.2", "bus")
def times_are_utc_and_now(seen: Record, parameters: Parameters) -> Judgement:
    complaints, events = [], auth_events(seen)
    for capture, event in events:
        told = event.properties.get("occurred_at")
        if not isinstance(told, str) or not UTC_TIME.fullmatch(told):
            complaints.append(Complaint(f"{event.type}: occurred_at is no time in UTC that ends in Z", capture))
            continue
        at = datetime.fromisoformat(told).timestamp()
        if not capture.began_at - ONLINE <= at <= capture.ended_at + ONLINE:
            away = min(abs(at - capture.began_at), abs(at - capture.ended_at))
            complaints.append(Complaint(f"{event.type}: occurred_at is {away:.0f} s away from its capture", capture))
    return conclude(complaints, f"{len(events)} events occurred when they were captured, in UTC")


@check("EVENT-04.E4", "ASVS 5.0.0 16.2.4", "bus")
def the_previous_version_is_consumed(seen: Record, parameters: Parameters) -> Judgement:
    if seen.one(EventTrial, "an event of the current version").taken != 1:
        raise MissingObservation("the consumer does not take the current version either")
    before, unknown = (
        seen.one(EventTrial, "an event of the previous version"),
        seen.one(EventTrial, "an unknown version"),
    )
    complaints = [] if before.taken == 1 else [Complaint("an event of the previous version is refused", before)]
    if unknown.taken:
        complaints.append(Complaint("an event of a version that does not exist is taken", unknown))
    return conclude(
        complaints, "an event of the previous minor version was taken, and one of an unknown version was not"
    )


@check("EVENT-06.E1", "ASVS 5.0.0 16.2.5, OWASP Logging CS: Data to exclude", "bus")
def no_secret_is_told(seen: Record, parameters: Parameters) -> Judgement:
    return _no_hits(seen, "secrets in events, dead letters and logs", "secrets")


def _no_hits(seen: Record, case: str, what: str) -> Judgement:
    auth_events(seen)
    scans = seen.of(SecretScan, case)
    for scan in scans:
        if not scan.planted_found or not scan.bytes:
            raise MissingObservation(f"{case}: the search did not find what was planted")
    complaints = [
        Complaint(f"{hit.mark}{f' as {hit.transform}' if hit.transform else ''} stands in {hit.place}", scan)
        for scan in scans
        for hit in scan.hits
    ]
    kinds = sorted({kind for scan in scans for kind in scan.kinds})
    searched = sum(scan.bytes for scan in scans)
    return conclude(complaints, f"no {what} in {searched} bytes ({', '.join(kinds)}; also hashed)")


@check("EVENT-06.E2", "ASVS 5.0.0 16.2.5", "bus")
def sessions_are_named_by_a_keyed_hash(seen: Record, parameters: Parameters) -> Judgement:
    table = seen.one(SessionReferences, "one session at all stages")
    if len(table.references) < 2 or not all(table.references.values()):
        raise MissingObservation("fewer than two stages refer to the session")
    same = len(table.references) - len(set(table.references.values()))
    told = Complaint(f"{same + 1} stages refer to one session alike: without a key, or with the same", table)
    return conclude([told] if same else [], f"{len(table.references)} stages refer to one session differently")


@check("EVENT-06.E3", "ASVS 5.0.0 16.2.5", "bus")
def no_field_is_free_text(seen: Record, parameters: Parameters) -> Judgement:
    published, complaints = seen.one(EventSchemas, "published schemas"), []
    for capture, event in auth_events(seen):
        schema = published.schemas.get(str(event.properties.get("version")), {})
        for name, value in event.properties.items():
            if name not in schema.get("properties", {}):
                complaints.append(Complaint(f"{event.type}: {name} is no documented field", capture))
            elif isinstance(value, str) and not WORD.fullmatch(value):
                complaints.append(Complaint(f"{event.type}: {name} is free text", capture))
    return conclude(complaints, "every field is documented, and an identifier, a time, a number or an enumeration")


@check("EVENT-07.E1", "GDPR Art. 5(1)(c), ASVS 5.0.0 14.2.3", "bus")
def nobodys_name_is_told(seen: Record, parameters: Parameters) -> Judgement:
    return _no_hits(seen, "personal data in events, at subscribers and in logs", "personal data")


@check("EVENT-07.E2", "GDPR Art. 25(2)", "bus")
def no_whole_address_is_told(seen: Record, parameters: Parameters) -> Judgement:
    complaints, events = [], auth_events(seen)
    for capture, event in events:
        for name, value in {**event.properties, **event.metadata}.items():
            if isinstance(value, str) and any(map(_is_whole_address, ADDRESS.findall(value))):
                complaints.append(Complaint(f"{event.type}: {name} holds a whole IP address", capture))
    return conclude(complaints, f"{len(events)} events hold no whole IP address")


def _is_whole_address(text: str) -> bool:
    """An address whose host part is there: more than a /24 of IPv4, or a /48 of IPv6."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    host_bits = 8 if address.version == 4 else 80
    return int(address) & ((1 << host_bits) - 1) != 0


@check("EVENT-07.E3", "GDPR Art. 25(2)", "bus")
def pseudonyms_are_of_one_stage(seen: Record, parameters: Parameters) -> Judgement:
    stages: dict[str, set[str]] = {}
    for capture, event in auth_events(seen):
        if capture.case.startswith("the same person") and event.properties.get("subject"):
            stages.setdefault(capture.stage, set()).add(str(event.properties["subject"]))
    if len(stages) < 2:
        raise MissingObservation("the same person was not told of at two stages")
    alike = set.intersection(*stages.values())
    captures = [capture for capture, _ in auth_events(seen) if capture.case.startswith("the same person")]
    told = Complaint("one person has the same pseudonym at several stages", *captures[:2])
    return conclude([told] if alike else [], f"one person has another pseudonym at each of {len(stages)} stages")


@check("EVENT-07.E4", "GDPR Art. 5(1)(e), ISO 27001:2022 A.5.34", "bus")
def an_erased_pseudonym_is_nobodys(seen: Record, parameters: Parameters) -> Judgement:
    complaints, erased = [], seen.of(Erasure, "after the erasure")
    for erasure in erased:
        if not erasure.resolved_before:
            raise MissingObservation(f"{erasure.stage}: whose pseudonym it was could not be told before the erasure")
        if erasure.resolved_after:
            complaints.append(Complaint(f"{erasure.stage}: the pseudonym still leads to the person", erasure))
        if erasure.given_again:
            told = f"{erasure.stage}: the person gets the same pseudonym again, so it was never forgotten"
            complaints.append(Complaint(told, erasure))
    return conclude(complaints, f"{len(erased)} erased pseudonyms lead to nobody")
