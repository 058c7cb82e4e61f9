"""Judgements about events on their way to the bus: each once, in order, within the limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from jsonschema import Draft202012Validator

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import CallSizes, EventFlow, EventSchemas, FlowEvent
from harness.observe import MissingObservation, Record

BEHAVIOURS = ("answers time out", "delivered twice", "reordered")
SIMULTANEOUS = ("eleven at once", "twenty-five at once")
PER_SESSION = 3  # events: login, failed refresh, logout


def _flows(seen: Record) -> list[EventFlow]:
    """The flows, in each of which the bus behaved as its case says. Raises MissingObservation otherwise."""
    flows = [seen.one(EventFlow, case) for case in BEHAVIOURS]
    for flow in flows:
        if len(flow.submitted) != flow.sessions * PER_SESSION:
            raise MissingObservation(f"{flow.case}: {len(flow.submitted)} events of {flow.sessions} sessions")
        repeated = len(flow.delivered) > len(flow.submitted)
        mixed = [e.id for e in flow.delivered] != [e.id for e in flow.submitted]
        if not (mixed if flow.case == "reordered" else repeated):
            raise MissingObservation(f"{flow.case}: the bus did not behave so")
    return flows


@check("EVENT-08.E1", "AWS EventBridge PutEvents, ASVS 5.0.0 16.2.4", "bus")
def repetitions_are_the_same_event(seen: Record, parameters: Parameters) -> Judgement:
    complaints, delivered = [], 0
    for flow in _flows(seen):
        known = {event.id: event.sha256 for event in flow.submitted}
        ids = {event.id for event in flow.delivered}
        delivered += len(flow.delivered)
        if ids != known.keys():
            told = f"{len(known)} events were told under {len(ids)} ids, {len(ids - known.keys())} of them new"
            complaints.append(Complaint(f"{flow.case}: {told}", flow))
        elif other := sum(event.sha256 != known[event.id] for event in flow.delivered):
            complaints.append(Complaint(f"{flow.case}: {other} repetitions differ from their event", flow))
    return conclude(complaints, f"{delivered} deliveries, each of an event under its one id, unchanged")


@check("EVENT-08.E2", "AWS EventBridge PutEvents", "bus")
def the_consumer_stores_each_once(seen: Record, parameters: Parameters) -> Judgement:
    complaints, stored = [], 0
    for flow in _flows(seen):
        times = Counter(flow.stored)
        stored += len(times)
        told = {event.id for event in flow.submitted}
        if twice := sum(count > 1 for count in times.values()):
            complaints.append(Complaint(f"{flow.case}: {twice} events are stored more than once", flow))
        elif lost := len(told - times.keys()):
            complaints.append(Complaint(f"{flow.case}: {lost} events are not stored", flow))
    return conclude(complaints, f"{stored} events were stored once each")


@check("EVENT-08.E3", "ASVS 5.0.0 16.2.4, SOC 2 CC7.2", "bus")
def the_order_can_be_restored(seen: Record, parameters: Parameters) -> Judgement:
    complaints, sessions = [], 0
    for flow in _flows(seen):
        of: dict[str, dict[str, FlowEvent]] = {}
        for event in flow.delivered:
            of.setdefault(event.session, {})[event.id] = event
        sessions += len(of)
        wrong = [told for session in of.values() if (told := _not_legal(list(session.values())))]
        complaints += [Complaint(f"{flow.case}: {len(wrong)} sessions, {wrong[0]}", flow)] if wrong else []
    return conclude(complaints, f"{sessions} sessions can be put in order by seq, without a gap")


def _not_legal(events: list[FlowEvent]) -> str:
    """What is wrong with a session's events in the order of their seq; "" where nothing is."""
    ordered = sorted(events, key=lambda event: event.seq)
    if [event.seq for event in ordered] != list(range(1, len(ordered) + 1)):
        return f"whose seq is {', '.join(str(event.seq) for event in ordered)}"
    types = [event.type for event in ordered]
    if types[0] != "auth.login" or types.count("auth.login") != 1 or types.count("auth.logout") > 1:
        return f"that are told as {', '.join(types)}"
    return ""


def _sizes(seen: Record) -> list[CallSizes]:
    sizes = [seen.one(CallSizes, case) for case in SIMULTANEOUS]
    for told in sizes:
        if not told.oversize or told.submitted < 11 or not told.calls:
            raise MissingObservation(f"{told.case}: nothing was too long or too much")
    return sizes


@check("EVENT-11.E1", "AWS EventBridge PutEvents, SOC 2 CC7.2", "bus")
def nothing_is_lost_by_its_size(seen: Record, parameters: Parameters) -> Judgement:
    published = seen.one(EventSchemas, "published schemas")
    complaints = [complaint for told in _sizes(seen) for complaint in _lost(told, published)]
    return conclude(complaints, "every event arrived, valid; what was cut says so")


def _lost(told: CallSizes, published: EventSchemas) -> Iterator[Complaint]:
    arrived = {str(event.get("event_id")): event for event in told.arrived}
    if len(arrived) != told.submitted:
        yield Complaint(f"{told.case}: of {told.submitted} events {len(arrived)} arrived", told)
    validator = Draft202012Validator(published.schemas[published.current])
    if invalid := sum(not validator.is_valid(event) for event in arrived.values()):
        yield Complaint(f"{told.case}: {invalid} events are not valid any more", told)
    elif (marked := sum(event.get("truncated") is True for event in arrived.values())) != told.oversize:
        yield Complaint(f"{told.case}: {told.oversize} texts were too long, {marked} events say that one was cut", told)
    elif told.unlike:
        yield Complaint(f"{told.case}: {told.unlike} texts are not cut, but others than were told", told)


@check("EVENT-11.E2", "AWS EventBridge PutEvents", "bus")
def every_call_is_within_the_limits(seen: Record, parameters: Parameters) -> Judgement:
    entries, size = parameters["batch_entries"].value, parameters["entry_bytes"].value
    complaints, calls = [], 0
    for told in _sizes(seen):
        calls += len(told.calls)
        over = [call for call in told.calls if call[0] > entries or call[1] > size]
        if over or told.refused:
            largest = max(over, default=(0, 0), key=lambda call: call[1])
            text = f"{told.case}: {max(len(over), told.refused)} calls over a limit, one of {largest[0]} entries"
            complaints.append(Complaint(f"{text} and {largest[1]:,} bytes", told))
    return conclude(complaints, f"{calls} calls of at most {entries:g} entries and {size:g} bytes")


@check("EVENT-11.E3", "RFC 3629 §3", "bus")
def no_character_is_split(seen: Record, parameters: Parameters) -> Judgement:
    sizes = _sizes(seen)
    complaints = [
        Complaint(f"{told.case}: {told.broken} texts end within a character", told) for told in sizes if told.broken
    ]
    return conclude(complaints, "texts were cut between characters")
