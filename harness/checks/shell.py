"""Judgements about the bridge of a desktop shell: its surface, its messages, its senders."""

from __future__ import annotations

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations.bridge import BridgeCall, BridgeCalls, ShellState, Surface
from harness.observe import MissingObservation, Record

AT_ONCE = 1.0  # seconds: BRIDGE-02.E1
LARGE, ON_ITS_WAY = "ten million characters", 10.0  # seconds that so much may be on its way on a busy machine
NAVIGATED, RETURNED = "navigated", "returned"
STRANGERS = ("about", "iframe", "foreign iframe", NAVIGATED)
WITNESS = "witness-of-a-payload"


@check("BRIDGE-01.E1", "Electron security checklist #20, ASVS 5.0.0 15.2.3")
def the_surface_is_the_documented_one(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for surface in _surfaces(seen):
        window = surface.about.get("window", "")
        more, less = set(surface.seen) - set(surface.declared), set(surface.declared) - set(surface.seen)
        found = {
            "functions that are not documented": more if surface.documented else (),
            "documented functions are missing": less,
            "further names in the page's world": surface.further,
            "script reaches": surface.reachable,
        }
        complaints += [
            Complaint(f"{window}: {what}: {', '.join(sorted(names))}", surface)
            for what, names in found.items()
            if names
        ]
        if not surface.frozen:
            complaints.append(Complaint(f"{window}: the bridge can be changed by script", surface))
        if not complaints and not surface.documented:
            raise MissingObservation(f"{window}: nothing documents the functions of the bridge")
    return conclude(complaints, "script finds the documented functions, frozen, and nothing else")


@check("BRIDGE-01.E2", "Electron security checklist #20, Electron context-isolation doc")
def no_function_takes_a_channel(seen: Record, parameters: Parameters) -> Judgement:
    complaints = [
        Complaint(f"{surface.about.get('window', '')}: {name} takes the name of a channel", surface)
        for surface in _surfaces(seen)
        for name in surface.channels
    ]
    if not complaints and (uncalled := [name for surface in _surfaces(seen) for name in surface.uncalled]):
        raise MissingObservation(f"nobody called {', '.join(uncalled)}")
    return conclude(complaints, "no function takes the name of a channel")


@check("BRIDGE-01.E3", "Electron security checklist #20")
def callbacks_get_plain_data(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for surface in _surfaces(seen):
        if not surface.called:
            raise MissingObservation("no callback was called")
        window = surface.about.get("window", "")
        given = [what for what in surface.callbacks if what != "plain data"]
        complaints += [Complaint(f"{window}: a callback is given {what}", surface) for what in given]
    return conclude(complaints, "callbacks are given plain data at most")


def _surfaces(seen: Record) -> list[Surface]:
    """Raises MissingObservation unless some function was seen, or none is documented: where the bridge is not there,
    nothing is judged."""
    found = seen.of(Surface, "surface")
    if not all(surface.seen or not surface.declared for surface in found):
        raise MissingObservation("a window shows no function of the bridge")
    return list(found)


@check("BRIDGE-02.E1", "ASVS 5.0.0 2.2.1, 2.2.2, 15.3.5, 16.5.3")
def wrong_messages_meet_typed_errors(seen: Record, parameters: Parameters) -> Judgement:
    complaints, count = [], 0
    for case in ("wrong messages", "no messages"):
        sent = seen.one(BridgeCalls, case)
        for call in sent.calls:
            count += 1
            told = f"{call.what} on {call.channel or 'no channel'}"
            if call.outcome == "absent":
                raise MissingObservation(f"{told}: there was no way to send it")
            if call.outcome not in sent.codes:
                complaints.append(Complaint(f"{told}: {call.outcome}", sent))
            elif not set(call.told) <= {"id", "error"}:
                complaints.append(Complaint(f"{told}: the error tells {', '.join(call.told)}", sent))
            elif call.seconds > AT_ONCE + ON_ITS_WAY * (call.what == LARGE):
                complaints.append(Complaint(f"{told}: answered after {call.seconds:g} s", sent))
    if not count:
        raise MissingObservation("no wrong message was sent")
    return conclude(complaints, f"{count} wrong messages were answered by typed errors")


@check("BRIDGE-02.E2", "ASVS 5.0.0 15.3.6, 16.5.3")
def wrong_messages_change_nothing(seen: Record, parameters: Parameters) -> Judgement:
    before, after = seen.one(ShellState, "before"), seen.one(ShellState, "after")
    if not before.alive:
        raise MissingObservation("the shell did not run before")
    if not seen.one(BridgeCalls, "wrong messages").calls:
        raise MissingObservation("no wrong message was sent")
    complaints = []
    if not after.alive:
        complaints.append("the main process does not follow any more")
    elif (before.signed_in, before.account, before.windows) != (after.signed_in, after.account, after.windows):
        complaints.append("session or windows have changed")
    if after.alive and not after.clean:
        complaints.append("Object.prototype has changed")
    if after.uncaught:
        complaints.append(f"{after.uncaught} exceptions were not caught in the main process")
    return conclude([Complaint(text, before, after) for text in complaints], "nothing changed, and the shell goes on")


@check("BRIDGE-02.E3", "ASVS 5.0.0 2.2.2")
def malformed_replies_do_not_reach_the_page(seen: Record, parameters: Parameters) -> Judgement:
    replied = seen.one(BridgeCalls, "malformed replies")
    if not replied.calls:
        raise MissingObservation("no reply was malformed")
    complaints = [
        Complaint(f"{call.what} in place of {call.channel}'s reply: {call.outcome}", replied)
        for call in replied.calls
        if call.outcome != "BadReply"
    ]
    return conclude(complaints, f"{len(replied.calls)} malformed replies were rejected in the preload")


@check("BRIDGE-02.E4", "this catalog's own requirement (no RFC makes it)")
def both_sides_have_one_contract(seen: Record, parameters: Parameters) -> Judgement:
    state = seen.one(ShellState, "after")
    if not {"main", "preload"} <= state.contracts.keys():
        raise MissingObservation("a side does not tell its contract")
    differ = len(set(state.contracts.values())) > 1
    complaints = [Complaint("main process and preload have different contracts", state)] if differ else []
    return conclude(complaints, "main process and preload have the same contract")


@check("BRIDGE-04.E1", "Electron security checklist #17, #13, ASVS 5.0.0 3.5.5")
def only_the_applications_frame_is_answered(seen: Record, parameters: Parameters) -> Judgement:
    _require_heard(seen)
    complaints = [
        Complaint(f"{frame}: {call.channel} answered {call.outcome}", seen.one(BridgeCalls, _right(frame)))
        for frame in STRANGERS
        for call in _calls(seen, frame)
        if call.outcome not in ("Forbidden", "absent") or set(call.told) - {"id", "error"}
    ]
    return conclude(complaints, f"{len(STRANGERS)} frames that are not the application's were refused on every channel")


@check("BRIDGE-04.E2", "Electron security checklist #17")
def refusals_are_logged(seen: Record, parameters: Parameters) -> Judgement:
    _require_heard(seen)
    refused = [call.channel for call in _calls(seen, NAVIGATED) if call.outcome == "Forbidden"]
    if not refused:
        raise MissingObservation("nothing was refused")
    state = seen.one(ShellState, f"after {NAVIGATED}")
    complaints = [
        f"the refusal on {channel} is not logged with its origin"
        for channel in refused
        if not any(f'"{channel}"' in line and "://" in line for line in state.refusals)
    ]
    if any(WITNESS in line for line in state.refusals):
        complaints.append("a refusal's log holds what was sent")
    return conclude([Complaint(text, state) for text in complaints], f"{len(refused)} refusals were logged")


@check("BRIDGE-04.E3", "Electron security checklist #13")
def the_way_back_works(seen: Record, parameters: Parameters) -> Judgement:
    first = _require_heard(seen)
    back = _calls(seen, RETURNED)
    complaints = [
        Complaint(
            f"{now.channel}: {then.outcome} at first, {now.outcome} after the way back",
            seen.one(BridgeCalls, _right(RETURNED)),
        )
        for then, now in zip(first, back, strict=True)
        if then.outcome != now.outcome
    ]
    return conclude(complaints, "after the way back the application's page is heard as before")


def _right(frame: str) -> str:
    return f"right messages of {frame}"


def _calls(seen: Record, frame: str) -> tuple[BridgeCall, ...]:
    calls = seen.one(BridgeCalls, _right(frame)).calls
    if not calls:
        raise MissingObservation(f"{frame}: nothing was sent")
    return calls


def _require_heard(seen: Record) -> tuple[BridgeCall, ...]:
    """Raises MissingObservation unless the main window was given data: what hears nobody refuses everybody."""
    calls = _calls(seen, "main")
    if not any(call.outcome == "value" for call in calls) or any(_deaf(call) for call in calls):
        raise MissingObservation("the main window itself was not heard")
    return calls


def _deaf(call: BridgeCall) -> bool:
    return call.outcome in ("Forbidden", "absent", "pending")
