"""Judgements about a bus that is away: nobody notices, and nothing is lost."""

from __future__ import annotations

from datetime import datetime
from statistics import median
from urllib.parse import parse_qs

from harness.checks.common import Complaint, conclude, require_answer
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import BufferFill, BusCapture, HttpExchange
from harness.observe import MissingObservation, Record

WELL, AWAY = "the bus is well", ("refused", "hanging", "503", "throttling")
BEFORE, AFTER, BACK = "before the restart", "after the restart", "the bus is back"
MORE = 0.5  # seconds that an action may take longer
MANY = 0.2  # of the actions; fewer are the machine's own hiccups


@check("EVENT-09.E1", "ASVS 5.0.0 16.5.2", "bus")
def nobody_notices_an_outage(seen: Record, parameters: Parameters) -> Judgement:
    bound = median(seconds for seconds, _ in _answered(seen, WELL)) + MORE
    complaints, actions = [], 0
    for case in AWAY:
        answers = _answered(seen, case)
        actions += len(answers)
        failed = [exchange for _, exchange in answers if (exchange.status or 0) >= 500]
        slow = [exchange for seconds, exchange in answers if seconds > bound]
        if failed:
            complaints.append(Complaint(f"{case}: {len(failed)} actions were answered {failed[0].status}", failed[0]))
        elif len(slow) > MANY * len(answers):
            told = f"{case}: {len(slow)} of {len(answers)} actions took more than {bound:.2f} s"
            complaints.append(Complaint(told, slow[0]))
    return conclude(complaints, f"{actions} actions during outages: no error, and none noticeably slower")


def _answered(seen: Record, case: str) -> list[tuple[float, HttpExchange]]:
    """How long each answer of the case took, and the exchange. None without an answer: that is an error."""
    return [(exchange.seconds, require_answer(exchange)) for exchange in seen.of(HttpExchange, case)]


@check("EVENT-09.E2", "ASVS 5.0.0 16.3.4, GDPR Art. 32(1)(b)", "bus")
def nothing_is_lost_in_an_outage(seen: Record, parameters: Parameters) -> Judgement:
    away, bound = parameters["bus_outage"].value, parameters["bus_delivery"].value
    complaints, told = [], 0
    for case in AWAY:
        capture = seen.one(BusCapture, case)
        expected = _expected(seen, case)
        events = {str(e.properties.get("event_id")): e for e in capture.events if e.type in expected}
        told += len(events)
        for type, count in expected.items():
            delivered = sum(event.type == type for event in events.values())
            if delivered != count:
                complaints.append(Complaint(f"{case}: of {count} {type} {delivered} were delivered", capture))
        late = [str(e.properties["occurred_at"]) for e in events.values() if not _during(capture, e.properties, away)]
        if late:
            complaints.append(Complaint(f"{case}: {len(late)} events tell another time than theirs", capture))
        if capture.seconds - sum(seconds for seconds, _ in _answered(seen, case)) > bound or not capture.settled:
            complaints.append(Complaint(f"{case}: not all was delivered within {bound:g} s", capture))
    return conclude(complaints, f"{told} events of {len(AWAY)} outages were delivered afterwards, with their own times")


def _expected(seen: Record, case: str) -> dict[str, int]:
    done = [e for e in seen.of(HttpExchange, case) if require_answer(e).status == 200]
    logins = sum(_grant_type(e) == "authorization_code" for e in done)
    logouts = sum(e.about.get("role") == "revocation" for e in done)
    if not logins or not logouts:
        raise MissingObservation(f"{case}: nobody logged in and out")
    return {"auth.login": logins, "auth.logout": logouts}


def _grant_type(exchange: HttpExchange) -> str:
    return parse_qs(exchange.request_body).get("grant_type", [""])[0]


def _during(capture: BusCapture, properties: object, away: float) -> bool:
    """Whether an event tells a time before the outage's end, which was set forward by its length."""
    told = str(properties["occurred_at"]) if isinstance(properties, dict) else ""
    at = datetime.fromisoformat(told).timestamp() if told.endswith("Z") else 0.0
    return capture.began_at - MORE <= at <= capture.ended_at - away + MORE


@check("EVENT-09.E3", "ASVS 5.0.0 16.3.4", "process")
def the_buffer_survives_a_restart(seen: Record, parameters: Parameters) -> Judgement:
    for case in (BEFORE, AFTER):
        if require_answer(seen.one(HttpExchange, case, role="token")).status != 200:
            raise MissingObservation(f"{case}: nobody logged in")
    capture = seen.one(BusCapture, BACK)
    if not capture.settled:
        raise MissingObservation(f"{BACK}: the bus did not settle")
    told = {str(event.properties.get("event_id")) for event in capture.of_type("auth.login")}
    lost = Complaint(f"of 2 logins {len(told)} were told", capture)
    return conclude([lost] if len(told) != 2 else [], "what was told before the server was killed was delivered")


@check("EVENT-09.E4", "ISO 27001:2022 A.8.16", "bus")
def a_full_buffer_raises_an_alarm(seen: Record, parameters: Parameters) -> Judgement:
    fill, complaints = seen.one(BufferFill, "more than the buffer holds"), []
    over = len(fill.submitted) - fill.limit
    if over <= 0:
        raise MissingObservation("the buffer was not filled")
    if fill.kept != fill.submitted[: fill.limit]:
        complaints.append(Complaint(f"of {fill.limit} oldest events {len(fill.kept)} were kept, or others", fill))
    if not fill.alarms:
        complaints.append(Complaint(f"{over} events were not stored, and nothing says so", fill))
    if fill.counted != over:
        complaints.append(Complaint(f"{over} events were not stored, {fill.counted} were counted", fill))
    return conclude(complaints, f"{fill.limit} oldest were kept, {over} were counted, with {len(fill.alarms)} alarms")
