"""Judgements about a desktop shell of which something hangs."""

from __future__ import annotations

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.checks.sync_hanging import kept_waiting
from harness.model import Judgement
from harness.observations import SyncState, SyncWrites
from harness.observations.bridge import BridgeCalls, HeldSession, Replies, Settlements
from harness.observe import MissingObservation, Record

USUAL = "usual"
OBSTACLES = ("silent", "held", "reset", "store blocks", "store breaks")
LAST = "signing out"
WRITTEN = ("written while silent", "written while held")
SLACK, NEXT, TASK = 0.5, 2.0, 200.0  # seconds beyond a limit; seconds for the next call; milliseconds of a task
BUSY = 3.0  # seconds that unhindered calls may take, for what is in their way to be told from a machine that is slow
SLOWER = 5.0  # how much slower than usual a machine that is slow itself may be


@check("BRIDGE-05.E1", "ASVS 5.0.0 13.1.3, 16.5.2")
def every_call_settles_in_time(seen: Record, parameters: Parameters) -> Judgement:
    slack, complaints, number = SLACK + _unhindered(seen), [], 0
    for obstacle in (*OBSTACLES, LAST):
        told = _hindered(seen, obstacle)
        for call in told.calls:
            number += sum(call.outcomes.values())
            untyped = {outcome: n for outcome, n in call.outcomes.items() if outcome not in ("value", *told.codes)}
            where = f"{obstacle}: {call.method}"
            complaints += [Complaint(f"{where}: {n} calls: {outcome}", told) for outcome, n in untyped.items()]
            if not untyped and call.seconds > call.limit + slack:
                complaints.append(Complaint(f"{where}: {call.seconds:g} s, and its limit is {call.limit:g} s", told))
    return conclude(
        complaints, f"{number} calls settled within their limits, with {len(OBSTACLES)} things in their way"
    )


@check("BRIDGE-05.E2", "ASVS 5.0.0 15.4.3")
def the_next_call_succeeds(seen: Record, parameters: Parameters) -> Judgement:
    usual = {call.channel: call for call in seen.one(BridgeCalls, f"after {USUAL}").calls}
    if not usual or any(call.outcome != "value" for call in usual.values()):
        raise MissingObservation("the functions do not succeed when nothing hinders them")
    bound, complaints = NEXT + _unhindered(seen), []
    for obstacle in OBSTACLES:
        _hindered(seen, obstacle)
        told = seen.one(BridgeCalls, f"after {obstacle}")
        if not told.calls:
            raise MissingObservation(f"{obstacle}: nothing was called afterwards")
        for call in told.calls:
            if call.outcome != "value":
                complaints.append(Complaint(f"after {obstacle}: {call.channel}: {call.outcome}", told))
            elif call.seconds > bound:
                complaints.append(Complaint(f"after {obstacle}: {call.channel} took {call.seconds:g} s", told))
    return conclude(complaints, f"{len(usual)} functions succeeded as soon as nothing hindered them")


@check("BRIDGE-05.E3", "ASVS 5.0.0 15.4.3")
def what_comes_late_changes_nothing(seen: Record, parameters: Parameters) -> Judgement:
    before, after = seen.one(HeldSession, "before the late answer"), seen.one(HeldSession, "after the late answer")
    replies = seen.one(Replies, "replies")
    if not before.signed_in or before.data != "value":
        raise MissingObservation("the next user was not signed in before the late answer came")
    if not after.late:
        raise MissingObservation("no answer came late")
    if not replies.number:
        raise MissingObservation("no reply of the main process was seen")
    complaints = [
        Complaint(f"{name} is {now} after the late answer, and was {then}", before, after)
        for name in ("signed_in", "account", "number", "handle", "data")
        if (then := getattr(before, name)) != (now := getattr(after, name))
    ]
    if replies.twice:
        complaints.append(Complaint(f"{replies.twice} of {replies.number} calls were answered twice", replies))
    return conclude(complaints, f"a late answer changed no session, and {replies.number} calls were answered once")


@check("BRIDGE-05.E4", "ASVS 5.0.0 13.1.3, Electron IPC doc (sendSync)")
def the_window_goes_on(seen: Record, parameters: Parameters) -> Judgement:
    usual, complaints = seen.one(Settlements, USUAL), []
    if usual.longest is None:
        raise MissingObservation("the page does not tell of its tasks")
    for obstacle in OBSTACLES:
        told = _hindered(seen, obstacle)
        if told.longest is None:
            raise MissingObservation(f"{obstacle}: the page does not tell of its tasks")
        bound = max(TASK, SLOWER * usual.longest)
        if told.longest > bound:
            complaints.append(Complaint(f"{obstacle}: the page did nothing else for {told.longest:.0f} ms", told))
        complaints += [
            Complaint(f"{obstacle}: {call.method} came back after {call.returned:.0f} ms only", told)
            for call in told.calls
            if call.returned > bound
        ]
    return conclude(complaints, "no call kept the page from going on")


@check("BRIDGE-05.E5", "ASVS 5.0.0 13.1.3, Replicache 15.3.0")
def notes_are_shown_at_once(seen: Record, parameters: Parameters) -> Judgement:
    usual, saved = seen.one(SyncWrites, "written before"), seen.one(SyncState, "saved before")
    if not usual.texts or not set(usual.texts) <= set(saved.stored):
        raise MissingObservation("the page saves nothing when nothing hinders it")
    complaints, texts = list[Complaint](), list(usual.texts)
    for case in WRITTEN:
        during = seen.one(SyncWrites, case)
        if not during.texts:
            raise MissingObservation(f"{case}: nothing")
        texts += during.texts
        complaints += kept_waiting(usual, during, case.removeprefix("written "))
    state = seen.one(SyncState, "after the recovery")
    missing = [text for text in texts if text not in state.stored]
    if missing or len(set(state.stored)) < len(state.stored):
        complaints.append(Complaint(f"{len(missing)} of {len(texts)} notes are not saved, or some are twice", state))
    return conclude(complaints, f"{len(texts)} notes were shown at once, and saved {state.seconds:.0f} s afterwards")


def _unhindered(seen: Record) -> float:
    """The seconds that the slowest call takes when as many are made and nothing hinders them: what was held up goes on
    beside the next call, and a machine may be slow itself. Raises MissingObservation where that hides what is asked."""
    slowest = max((call.seconds for call in seen.one(Settlements, USUAL).calls), default=None)
    if slowest is None:
        raise MissingObservation("nothing was called while nothing hindered it")
    if slowest > BUSY:
        raise MissingObservation(f"a call takes {slowest:g} s when nothing hinders it: nothing can be told of others")
    return slowest


def _hindered(seen: Record, obstacle: str) -> Settlements:
    """Raises MissingObservation where nothing was in the way."""
    told = seen.one(Settlements, obstacle)
    if not any(outcome != "value" for call in told.calls for outcome in call.outcomes):
        raise MissingObservation(f"{obstacle}: no call met it")
    return told
