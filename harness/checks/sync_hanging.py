"""Judgements about a page whose refresh is never answered."""

from __future__ import annotations

import statistics

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import SyncState, SyncTraffic, SyncWrites
from harness.observe import MissingObservation, Record

LIMIT, RECOVERY, LOCK = 15.0, 30.0, 20.0  # seconds
ATTEMPTS = 8  # a cycle
LOCAL, SLOWER = 100.0, 5.0  # milliseconds; and how much slower than before, on a machine that is slow itself


@check("SYNC-07.E1", "ASVS 5.0.0 15.4.3, 13.1.3, Replicache 15.3.0", "sync")
def the_page_stops_waiting(seen: Record, parameters: Parameters) -> Judgement:
    before, state = seen.one(SyncState, "while it hangs"), seen.one(SyncState, "when it has waited")
    traffic, complaints = seen.one(SyncTraffic, "the traffic of the hang"), []
    if not before.unsaved:
        raise MissingObservation("nothing was unsaved while the refresh hung")
    if state.state != "waiting":
        complaints.append(Complaint(f"after {LIMIT:.0f} s the page still waits for its refresh ({state.state})", state))
    pushes = [one for one in traffic.of("push") if one.status == 401]
    if any(sum(one.at <= other.at < one.at + LIMIT for other in pushes) > ATTEMPTS for one in pushes):
        complaints.append(Complaint(f"more than {ATTEMPTS} pushes were refused within {LIMIT:.0f} s", traffic))
    return conclude(complaints, f"the refresh was given up within {LIMIT:.0f} s")


@check("SYNC-07.E2", "ASVS 5.0.0 13.1.3", "sync")
def local_writes_go_on(seen: Record, parameters: Parameters) -> Judgement:
    usual, during = seen.one(SyncWrites, "written before"), seen.one(SyncWrites, "written while it hangs")
    complaints = kept_waiting(usual, during, "while the refresh hung")
    return conclude(complaints, f"{len(during.texts)} notes were shown at once")


def kept_waiting(usual: SyncWrites, during: SyncWrites, when: str) -> list[Complaint]:
    """What is wrong with how soon notes were shown, by how soon they usually are. Raises MissingObservation."""
    if not usual.milliseconds or len(usual.milliseconds) < len(usual.texts):
        raise MissingObservation("no note could be written before")
    if len(during.milliseconds) < len(during.texts):
        told = f"the note {len(during.milliseconds) + 1} of {len(during.texts)} was not shown {when}"
        return [Complaint(told, during)]
    median, bound = statistics.median(during.milliseconds), max(LOCAL, SLOWER * statistics.median(usual.milliseconds))
    told = f"{when} a note took {median:.0f} ms to be shown, {bound:.0f} ms at most"
    return [Complaint(told, usual, during)] if median > bound else []


@check("SYNC-07.E3", "ASVS 5.0.0 13.1.3", "sync")
def all_is_saved_after_the_recovery(seen: Record, parameters: Parameters) -> Judgement:
    texts = (*seen.one(SyncWrites, "written before").texts, *seen.one(SyncWrites, "written while it hangs").texts)
    state, complaints = seen.one(SyncState, "after the recovery"), []
    if state.unsaved or state.seconds > RECOVERY:
        complaints.append(
            Complaint(f"{state.unsaved} changes are not saved {state.seconds:.0f} s after the recovery", state)
        )
    missing = [text for text in texts if text not in state.stored]
    if missing or len(set(state.stored)) < len(state.stored):
        complaints.append(
            Complaint(f"{len(missing)} of {len(texts)} notes are not at the server, or some are twice", state)
        )
    return conclude(complaints, f"{len(texts)} notes were at the server {state.seconds:.0f} s after the recovery")


@check("SYNC-07.E4", "ASVS 5.0.0 15.4.3", "sync")
def a_closed_tab_holds_nobody_up(seen: Record, parameters: Parameters) -> Judgement:
    state = seen.one(SyncState, "when the other tab is closed")
    wrong = state.unsaved > 0 or state.seconds > LOCK
    told = f"{state.unsaved} changes are not saved {state.seconds:.0f} s after the tab that was refreshing was closed"
    return conclude([Complaint(told, state)] if wrong else [], f"the other tab went on after {state.seconds:.0f} s")
