"""Judgements about recovery procedures: what an operator's commands changed, and for whom."""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks.common import Complaint, conclude, require_answer, short
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import (
    BusCapture,
    HttpExchange,
    OperationsTrail,
    ProcessRun,
    RealtimeConnection,
    StoreState,
)
from harness.observe import MissingObservation, Record

STAGE, USER = "prod", "existing"
MOMENTS = ("before", "after the user", "after the stage")
SESSIONS, STAGES, USERS = 10, 2, 2
ACTIONS = {
    "after the user": "revoke-sessions",
    "after the stage": "revoke-sessions",
    "check of the broken store": "check-store",
    "check of the mended store": "check-store",
    "lost events": "redeliver-events",
}


@check("OPS-03.E1", "ASVS 7.4.5", "admin")
def the_addressed_sessions_end_and_no_others(seen: Record, parameters: Parameters) -> Judgement:
    _require_ten(seen)
    for moment in MOMENTS[1:]:
        seen.one(ProcessRun, moment)
    uses = [require_answer(each) for moment in MOMENTS for each in seen.of(HttpExchange, moment)]
    complaints = [complaint for use in uses for complaint in _wrong(use)]
    complaints += list(_connections(seen, parameters["revoke_bound"].value))
    return conclude(complaints, f"{len(uses)} uses of {SESSIONS} sessions: those addressed are refused, others go on")


def _require_ten(seen: Record) -> None:
    """Ten sessions of two users on two stages were alive before. Raises MissingObservation."""
    before = seen.of(HttpExchange, "before")
    sessions = {use.about["session"] for use in before}
    spread = {use.about["stage"] for use in before}, {use.about["user"] for use in before}
    if len(sessions) < SESSIONS or len(spread[0]) < STAGES or len(spread[1]) < USERS:
        raise MissingObservation(f"{len(sessions)} sessions on {len(spread[0])} stages, of {len(spread[1])} users")
    for moment in MOMENTS[1:]:
        if absent := sessions - {use.about["session"] for use in seen.of(HttpExchange, moment)}:
            raise MissingObservation(f"{moment}: {', '.join(sorted(absent))} was not used")
    if dead := [use for use in before if require_answer(use).status != 200]:
        raise MissingObservation(f"{dead[0].about['session']} was not alive before: {short(dead[0])}")


def _is_over(moment: str, stage: str, user: str) -> bool:
    return stage == STAGE and (moment == MOMENTS[2] or (moment == MOMENTS[1] and user == USER))


def _wrong(use: HttpExchange) -> Iterator[Complaint]:
    over = _is_over(use.case, use.about["stage"], use.about["user"])
    refused = use.status in (400, 401)
    told = f"{use.case}: {use.about['session']}, {use.about['role']}: {short(use)}"
    if over and not refused:
        yield Complaint(f"{told}, although its session was ended", use)
    elif not over and use.status != 200:
        yield Complaint(f"{told}, although its session goes on", use)


def _connections(seen: Record, bound: float) -> Iterator[Complaint]:
    for moment in MOMENTS[1:]:
        for connection in seen.of(RealtimeConnection, moment):
            name = connection.about["connection"]
            stage, user, *_ = name.split()
            closed = not connection.open
            late = closed and connection.closed_after is not None and connection.closed_after > bound
            if _is_over(moment, stage, user) and (not closed or late):
                yield Complaint(f"{moment}: the connection of {name} is open after {bound:g} s", connection)
            if not _is_over(moment, stage, user) and closed:
                yield Complaint(f"{moment}: the connection of {name} was closed too", connection)


@check("OPS-03.E2", "OPS-03", "desktop", "admin")
def the_store_is_secure_again(seen: Record, parameters: Parameters) -> Judgement:
    broken = seen.one(StoreState, "start without secure storage")
    checked = seen.one(ProcessRun, "check of the broken store")
    if broken.mode == "secure":
        raise MissingObservation("storage had not failed")
    states = [seen.one(StoreState, case) for case in ("login after the repair", "restart after the repair")]
    complaints = [
        Complaint(
            f"{state.case}: {state.mode}, signed in: {state.signed_in}{state.error and f', {state.error}'}", state
        )
        for state in states
        if state.mode != "secure" or not state.signed_in
    ]
    if checked.exit_code != 1 or "restart the app" not in checked.stderr:
        complaints.append(
            Complaint(f"the check of the broken store ended with {checked.exit_code} and no advice", checked)
        )
    mended = seen.one(ProcessRun, "check of the mended store")
    if mended.exit_code != 0:
        complaints.append(Complaint(f"the check of the mended store ended with {mended.exit_code}", mended))
    return conclude(complaints, "signed in with mode secure, also after a restart")


@check("OPS-03.E3", "OPS-03, GDPR Art. 32(1)(c)", "bus", "admin")
def lost_events_are_delivered_once(seen: Record, parameters: Parameters) -> Judgement:
    after = seen.one(BusCapture, "after the procedure")
    before = next((one for one in seen.of(BusCapture) if one.case.startswith("before: ")), None)
    if before is None or not before.settled or not after.settled:
        raise MissingObservation("the bus was not seen settled before and after")
    lost = before.case.removeprefix("before: ").split()
    if not lost:
        raise MissingObservation("no event was lost")
    came = [str(event.properties.get("event_id")) for event in before.events]
    if there := set(lost) & set(came):
        raise MissingObservation(f"{len(there)} events were not lost")
    delivered = [str(event.properties.get("event_id")) for event in after.events]
    complaints = [
        Complaint(f"event {event} was delivered {delivered.count(event)} times", after)
        for event in lost
        if delivered.count(event) != 1
    ]
    return conclude(complaints, f"{len(lost)} lost events were delivered once, under their ids")


@check("OPS-03.E4", "ISO 27001:2022 A.5.26", "admin")
def every_operation_is_logged(seen: Record, parameters: Parameters) -> Judgement:
    trail = seen.one(OperationsTrail, "operations")
    runs = [run for run in seen.of(ProcessRun) if run.case in ACTIONS and ACTIONS[run.case] in run.argument]
    if not runs:
        raise MissingObservation("no procedure was carried out")
    logged = [entry for entry in trail.entries if entry.action in ACTIONS.values()]
    complaints = []
    if len(logged) != len(runs):
        complaints.append(Complaint(f"{len(logged)} of {len(runs)} operations are in the log", trail, *runs))
    for entry in logged:
        lacking = [name for name in ("operator", "at", "outcome") if not getattr(entry, name)]
        if lacking:
            complaints.append(Complaint(f"{entry.action}: the log lacks {', '.join(lacking)}", trail))
    return conclude(complaints, f"{len(runs)} operations are logged with operator, time and outcome")
