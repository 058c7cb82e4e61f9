"""Judgements about a page whose token is refused: it gets another one, once, and sends the same again."""

from __future__ import annotations

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import SyncRequest, SyncState, SyncTraffic, SyncWrites
from harness.observe import MissingObservation, Record

TRAFFIC, END = "the traffic", "the traffic of the end"
ASK_WITHIN = 5.0  # seconds until the page asks for a login


def refused(traffic: SyncTraffic, *what: str) -> list[SyncRequest]:
    """The requests that were answered 401. Raises MissingObservation where none was."""
    found = [request for request in traffic.of(*what) if request.status == 401]
    if not found:
        raise MissingObservation(f"{traffic.case}: no {' or '.join(what)} was answered 401")
    return found


@check("SYNC-02.E1", "ASVS 5.0.0 15.4.1, RFC 9700 §4.14.2", "sync")
def one_refresh_for_all(seen: Record, parameters: Parameters) -> Judgement:
    """A client whose refresh is answered late asks once more for the same successor (TOKEN-09): no second one."""
    traffic = seen.one(SyncTraffic, TRAFFIC)
    refused(traffic, "push", "pull")
    asked = traffic.refreshes()
    told = f"the token endpoint was asked {len(asked)} times (answers: {', '.join(str(one.status) for one in asked)})"
    return conclude([] if len(asked) == 1 else [Complaint(told, traffic)], "the token endpoint was asked once")


@check("SYNC-02.E2", "RFC 6750 §3.1, Replicache 15.3.0", "sync")
def the_same_is_pushed_again_with_another_token(seen: Record, parameters: Parameters) -> Judgement:
    traffic, complaints = seen.one(SyncTraffic, TRAFFIC), []
    for push in refused(traffic, "push"):
        again = [one for one in traffic.of("push") if one.at > push.at and one.status == 200]
        same = [one for one in again if one.mutations[: len(push.mutations)] == push.mutations]
        if not same:
            others = f", but {len(again)} others were" if again else ""
            complaints.append(
                Complaint(f"the mutations of a push that was refused were not pushed again{others}", traffic)
            )
        elif same[0].token == push.token:
            complaints.append(Complaint("the same token was refused and then taken", traffic))
    known = {one.token for one in traffic.of("api push", "api pull") if one.status == 401}
    if stale := [one for one in traffic.of("api push") if one.status == 200 and one.token in known]:
        complaints.append(Complaint(f"{len(stale)} pushes were taken with a token that had been refused", traffic))
    return conclude(complaints, "what was refused was pushed again, the same mutations with another token")


@check("SYNC-02.E3", "Replicache 15.3.0, ASVS 5.0.0 15.4.1", "sync")
def all_are_applied_once(seen: Record, parameters: Parameters) -> Judgement:
    written, saved = seen.one(SyncWrites, "written"), seen.one(SyncState, "saved")
    refused(seen.one(SyncTraffic, TRAFFIC), "push")
    complaints = []
    if saved.stored != written.texts:
        told = f"the server has {len(saved.stored)} notes, and the user wrote {len(written.texts)}"
        if sorted(saved.stored) == sorted(written.texts):
            told = "the server has the notes in another order than they were written in"
        complaints.append(Complaint(told, written, saved))
    if saved.acknowledged != len(written.texts) or saved.unsaved:
        told = f"{saved.acknowledged} mutations are acknowledged, {saved.unsaved} are left"
        complaints.append(Complaint(told, saved))
    return conclude(complaints, f"{len(written.texts)} notes are at the server, in order, each once")


@check("SYNC-02.E4", "RFC 6749 §5.2, Replicache 15.3.0", "sync")
def no_token_ends_in_a_login(seen: Record, parameters: Parameters) -> Judgement:
    """What cannot be saved is still there, and the page says so."""
    state, written = seen.one(SyncState, "the session is over"), seen.one(SyncWrites, "written in vain")
    refused(seen.one(SyncTraffic, END), "push")
    complaints = []
    if state.state != "ended" or not state.asks_for_login:
        complaints.append(
            Complaint(f"after {state.seconds:.0f} s the page does not ask for a login ({state.state})", state)
        )
    if lost := [text for text in written.texts if text not in state.shown]:
        complaints.append(Complaint(f"{len(lost)} notes that were not saved are not shown any more", state))
    return conclude(complaints, f"the page asked for a login after {state.seconds:.1f} s, and kept what was not saved")
