"""Judgements about what of a session stays in a desktop shell after its end."""

from __future__ import annotations

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations.bridge import AfterLogout, ShellNotes, ShellState
from harness.observe import MissingObservation, Record

CASE, NEXT = "after the sign-out", "the next user"
SERVICES = ("/me", "/notes", "/events")
OUT = "NotAuthenticated"


@check("BRIDGE-10.E1", "ASVS 5.0.0 7.4.1, NIST SP 800-63B-4 §5.1")
def nothing_is_sent_after_a_logout(seen: Record, parameters: Parameters) -> Judgement:
    left = _left(seen)
    if left.watched <= left.bound:
        raise MissingObservation(f"it was watched for {left.watched:g} s, and {left.bound:g} s count")
    complaints = [Complaint(f"more than {left.bound:g} s later: {what}", left) for what in dict.fromkeys(left.late)]
    if left.in_flight == "value":
        complaints.append(Complaint("an answer that was under way was given to the page", left))
    return conclude(complaints, f"nothing was sent for the session from {left.bound:g} s on")


@check("BRIDGE-10.E2", "ASVS 5.0.0 7.4.1, 14.3.1")
def windows_are_told_that_nobody_is_signed_in(seen: Record, parameters: Parameters) -> Judgement:
    left = _left(seen)
    if not left.calls:
        raise MissingObservation("no window asked for anything")
    complaints = [Complaint(f"{call.what}: {call.outcome}", left) for call in left.calls if call.outcome != OUT]
    return conclude(complaints, f"{len(left.calls)} calls of windows met {OUT}")


@check("BRIDGE-10.E3", "ASVS 5.0.0 14.3.1")
def the_main_process_holds_no_token(seen: Record, parameters: Parameters) -> Judgement:
    left = _left(seen)
    if not left.planted_found:
        raise MissingObservation("the search does not find what the process must hold")
    complaints = [Complaint(f"an object holds {mark}", left) for mark in left.held]
    return conclude(complaints, f"none of {left.searched} strings of the main process is a token of the session")


@check("BRIDGE-10.E4", "ASVS 5.0.0 14.3.1")
def the_next_user_sees_his_own_data_only(seen: Record, parameters: Parameters) -> Judgement:
    _left(seen)
    shown = seen.one(ShellNotes, NEXT)
    if not shown.own:
        raise MissingObservation("the next user sees no data at all")
    complaints = [Complaint(f"the window {window} shows the other user's data", shown) for window in shown.foreign]
    return conclude(complaints, "the next user sees own data only")


def _left(seen: Record) -> AfterLogout:
    """Raises MissingObservation unless the session was used by all services before it ended."""
    if not seen.one(ShellState, "existing signed in").signed_in:
        raise MissingObservation("nobody was signed in")
    left = seen.one(AfterLogout, CASE)
    if idle := [path for path in SERVICES if not left.before.get(path)]:
        raise MissingObservation(f"the session was not used for {', '.join(idle)}")
    return left
