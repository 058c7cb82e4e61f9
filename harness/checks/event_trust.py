"""Judgements about whom subscribers believe, and about what operators are alerted of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import Alerts, EventTrial
from harness.observe import MissingObservation, Record

GENUINE = "genuine"
BY_ROLES = (
    "a login told by the API",
    "a login told by the web client",
    "a login told by the desktop client",
    "an event of dev with another source and stage",
)
OF_OTHERS = ("an event of dev", "a copy without its stage")
ARCHIVED = "an event of the archive, by the key that has ended"
STOLEN = "a login told by who stole the key that has ended"
EXPECTED: Mapping[str, int] = {
    "nine in five minutes": 0,
    "ten in five minutes": 1,
    "ten in thirty minutes": 0,
    "a hundred in a minute": 1,
    "ten of ten accounts at ten instances": 1,
    "one reuse": 1,
    "ten of another stage": 0,
}
TOLD = frozenset({"stage", "count", "correlation_ids"})
MAY_BE_TOLD = TOLD | {"rule", "dimension", "window_seconds", "event_ids", "alert_id", "raised_at"}
PERSONAL = re.compile(r"\d{24}|@|\d{1,3}(?:\.\d{1,3}){3}")  # a pseudonym, an address of mail, an address of the network


def _genuine(seen: Record) -> EventTrial:
    trial = seen.one(EventTrial, GENUINE)
    if trial.taken != 1 or not trial.delivered:
        raise MissingObservation("the subscriber does not take a genuine event, so its refusals tell nothing")
    return trial


def _forged(seen: Record) -> list[EventTrial]:
    return [*(seen.one(EventTrial, case) for case in (*BY_ROLES, *OF_OTHERS)), *_after_the_end(seen)]


def _after_the_end(seen: Record) -> list[EventTrial]:
    """What was forged with a key that has ended; nothing, where nobody can have one end."""
    if seen.lacks("admin"):
        return []
    if seen.one(EventTrial, ARCHIVED).taken != 1:
        raise MissingObservation("the subscriber does not know the key that has ended, so its refusal tells nothing")
    return [seen.one(EventTrial, STOLEN)]


@check("EVENT-13.E1", "ASVS 5.0.0 16.4.2, 13.2.2", "bus")
def forgeries_are_dropped(seen: Record, parameters: Parameters) -> Judgement:
    _genuine(seen)
    trials = _forged(seen)
    complaints = [Complaint(f"{trial.case}: it is believed", trial) for trial in trials if trial.taken]
    return conclude(complaints, f"{len(trials)} forged events were denied or dropped")


@check("EVENT-13.E2", "ISO 27001:2022 A.8.31, SOC 2 CC6.6", "bus")
def production_hears_of_production_alone(seen: Record, parameters: Parameters) -> Judgement:
    expected = _genuine(seen).delivered[0]
    if expected[1] != "prod":
        raise MissingObservation(f"the genuine event was of {expected[1] or 'no stage'}")
    trials = [seen.one(EventTrial, case) for case in (GENUINE, *BY_ROLES, *OF_OTHERS)]
    complaints = [
        Complaint(f"{trial.case}: production is sent events of {source}, stage {stage or 'unknown'}", trial)
        for trial in trials
        for source, stage in trial.delivered
        if (source, stage) != expected
    ]
    return conclude(complaints, f"production is sent what says {expected[0]} and {expected[1]}, and no more")


@check("EVENT-13.E3", "SOC 2 CC6.6", "bus")
def forgeries_are_logged(seen: Record, parameters: Parameters) -> Judgement:
    _genuine(seen)
    complaints, logged = [], 0
    for trial in _forged(seen):
        refused = len(trial.delivered) - trial.taken
        logged += len(trial.logged)
        if len(trial.logged) < refused:
            complaints.append(Complaint(f"{trial.case}: {refused} refused, {len(trial.logged)} logged", trial))
    if not logged and not complaints:
        raise MissingObservation("no forgery got as far as the subscriber")
    return conclude(complaints, f"{logged} forgeries that the rule let through were logged")


def _alerts(seen: Record) -> list[Alerts]:
    return [seen.one(Alerts, case) for case in EXPECTED]


@check("EVENT-12.E1", "SOC 2 CC7.2, ASVS 5.0.0 16.4.3", "bus")
def bursts_raise_one_alert(seen: Record, parameters: Parameters) -> Judgement:
    complaints = [
        Complaint(f"{told.case}: {len(told.alerts)} alerts instead of {EXPECTED[told.case]}", told)
        for told in _alerts(seen)
        if len(told.alerts) != EXPECTED[told.case]
    ]
    return conclude(complaints, f"{len(EXPECTED)} bursts, or none, raised as many alerts as they should")


def _raised(seen: Record) -> list[tuple[Alerts, Mapping[str, object]]]:
    raised = [(told, alert) for told in _alerts(seen) for alert in told.alerts]
    if not raised:
        raise MissingObservation("no alert was raised")
    return raised


@check("EVENT-12.E2", "SOC 2 CC7.3", "bus")
def alerts_are_in_time_and_lead_to_the_evidence(seen: Record, parameters: Parameters) -> Judgement:
    bound, complaints = parameters["bus_delivery"].value, []
    for told, alert in _raised(seen):
        linked = alert.get("correlation_ids")
        known = set(linked) & set(told.flows) if isinstance(linked, list | tuple) else set()
        if not known:
            complaints.append(Complaint(f"{told.case}: the alert leads to none of the flows", told))
        if told.seconds > bound:
            complaints.append(Complaint(f"{told.case}: the alert took {told.seconds:g} s", told))
    return conclude(complaints, f"alerts name the flows that raised them, within {bound:g} s")


@check("EVENT-12.E3", "GDPR Art. 32(1)(d), ASVS 5.0.0 16.2.5", "bus")
def alerts_hold_nothing_personal(seen: Record, parameters: Parameters) -> Judgement:
    complaints = [
        Complaint(f"{told.case}: {what}", told) for told, alert in _raised(seen) for what in _wrong(told, alert)
    ]
    return conclude(complaints, "alerts tell stage, counts and flows, and nobody's name or pseudonym")


def _wrong(told: Alerts, alert: Mapping[str, object]) -> Iterator[str]:
    if lacking := TOLD - alert.keys():
        yield f"the alert does not tell {', '.join(sorted(lacking))}"
    elif alert["stage"] != told.stage:
        yield "the alert tells another stage"
    if more := alert.keys() - MAY_BE_TOLD:
        yield f"the alert tells {', '.join(sorted(more))}"
    texts = [value for name, value in alert.items() if name not in ("correlation_ids", "event_ids")]
    if any(isinstance(value, str) and PERSONAL.search(value) for value in texts):
        yield "the alert tells of whom it is"
