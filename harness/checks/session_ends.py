"""Judgements about what the bus tells of the ends of sessions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from harness.checks.common import Complaint, conclude, is_invalid_grant, require_answer
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import BusCapture, BusEvent, HttpExchange
from harness.observe import MissingObservation, Record

TABS = "logged out in three tabs at once"
REASONS: Mapping[str, frozenset[str]] = {
    "given back by its client": frozenset({"user", "revoked"}),  # RFC 7009 does not say who asked the client to
    "given back as of tomorrow": frozenset({"user", "revoked"}),
    "ended by an administrator": frozenset({"admin"}),
    "left for another stage": frozenset({"stage_switch"}),
    "its code is replayed": frozenset({"revoked"}),
    TABS: frozenset({"user"}),
}
AGAIN, EXPIRED = "given back again", "given back after its end"
OFFLINE, BACK = "logged out offline", "the network is back"
SLACK = 2.0  # seconds between an action and its window


def _logouts(seen: Record, case: str) -> tuple[BusCapture, list[BusEvent]]:
    """The capture of a case, and its distinct auth.logout events."""
    capture = seen.one(BusCapture, case)
    if not capture.settled:
        raise MissingObservation(f"{case}: the bus did not settle")
    told = {str(event.properties.get("event_id")): event for event in capture.of_type("auth.logout")}
    return capture, list(told.values())


@check("EVENT-02.E1", "ASVS 5.0.0 16.3.1", "bus")
def each_end_is_told_once_with_its_reason(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for case, reasons in REASONS.items():
        _require_end(seen, case)
        capture, told = _logouts(seen, case)
        given = [str(event.properties.get("reason")) for event in told]
        if len(told) != 1:
            complaints.append(Complaint(f"{case}: told by {len(told)} events", capture))
        elif given[0] not in reasons:
            complaints.append(Complaint(f"{case}: told as {given[0]}", capture))
        elif not capture.began_at - SLACK <= (at := _occurred(told[0])) <= capture.ended_at + SLACK:
            complaints.append(Complaint(f"{case}: told as of {at - capture.ended_at:.0f} s after it was", capture))
    return conclude(complaints, f"{len(REASONS)} ends were told by one event each, with the reason and the time")


def _occurred(event: BusEvent) -> float:
    """When it was, in seconds since the epoch; 0 where the event does not say it in UTC."""
    occurred = str(event.properties.get("occurred_at"))
    return datetime.fromisoformat(occurred).timestamp() if occurred.endswith("Z") else 0.0


def _require_end(seen: Record, case: str) -> None:
    """The session must have gone on before, and not after."""
    if case == TABS:
        tabs = seen.of(HttpExchange, case, role="tab")
        if len(tabs) < 3 or any((require_answer(tab).status or 0) >= 500 for tab in tabs):
            raise MissingObservation(f"{case}: not all tabs were answered")
    elif not is_invalid_grant(seen.one(HttpExchange, f"{case}: presented again", role="token")):
        raise MissingObservation(f"{case}: the session did not end")


@check("EVENT-02.E2", "ASVS 5.0.0 16.3.1", "bus")
def an_end_offline_is_told_afterwards(seen: Record, parameters: Parameters) -> Judgement:
    away, early = _logouts(seen, OFFLINE)
    back, late = _logouts(seen, BACK)
    if early or back.began_at <= away.ended_at + SLACK:
        raise MissingObservation("the issuer heard of the logout at once, so nobody was offline")
    if len(late) != 1:
        return conclude([Complaint(f"told by {len(late)} events when the network was back", away, back)], "")
    at = _occurred(late[0])
    in_time = away.began_at - SLACK <= at <= away.ended_at + SLACK
    told = Complaint(f"told as of {at - away.ended_at:.0f} s after the user left", away, back)
    passed = f"the logout was told {back.began_at - at:.0f} s later, with the time at which the user left"
    return conclude([] if in_time else [told], passed)


@check("EVENT-02.E3", "ASVS 5.0.0 16.3.1", "bus")
def no_end_is_told_again(seen: Record, parameters: Parameters) -> Judgement:
    for case in ("given back for the first time", AGAIN, EXPIRED):
        if any(require_answer(asked).status != 200 for asked in seen.of(HttpExchange, case)):
            raise MissingObservation(f"{case}: the revocation was not answered with 200")
    again, told = _logouts(seen, AGAIN)
    complaints = [Complaint(f"{AGAIN}: {len(told)} more events", again)] if told else []
    expired, told = _logouts(seen, EXPIRED)
    reasons = [str(event.properties.get("reason")) for event in told]
    if len(told) > 1 or any(reason != "expired" for reason in reasons):
        complaints.append(Complaint(f"{EXPIRED}: told as {', '.join(reasons)}", expired))
    return conclude(complaints, "a second logout and an expired session add nothing")
