"""Judgements about what a logout leaves of synced data in the browser, and what the next user meets."""

from __future__ import annotations

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import PageView, SyncState, SyncTraffic, SyncWrites
from harness.observe import MissingObservation, Record

OUT, NEXT = "signed out", "the next user"
ASKED, ASKED_AGAIN = "asked about what is not saved", "asked about what is not open yet"
BLOCKED, UNBLOCKED = "signed out while it is blocked", "the next login, unblocked"


def signed_out(seen: Record, case: str) -> PageView:
    """The page after a logout. Raises MissingObservation where somebody is still signed in."""
    view = seen.one(PageView, case)
    if view.signed_in:
        raise MissingObservation(f"{case}: the user is still signed in")
    return view


@check("SYNC-08.E1", "ASVS 5.0.0 14.3.1", "sync")
def no_database_is_left(seen: Record, parameters: Parameters) -> Judgement:
    """At the page that says that he is signed out; where the deletion was blocked, before the next notes are shown."""
    before, left = seen.one(SyncState, "before the logout"), seen.one(SyncState, OUT)
    signed_out(seen, OUT)
    if not before.databases:
        raise MissingObservation("the user had no database before the logout")
    complaints = [Complaint(f"{name} is left when he is signed out", left) for name in left.databases]
    blocked, after = seen.one(SyncState, BLOCKED), seen.one(SyncState, UNBLOCKED)
    old = set(blocked.databases) - set(before.databases)  # of the one user, and not of the library for all
    if not old:
        raise MissingObservation("no deletion was blocked")
    if shown := [text for text in after.shown if text in blocked.shown]:
        complaints.append(Complaint(f"{len(shown)} notes of before are shown after a deletion that was blocked", after))
    complaints += [
        Complaint(f"{name} was not deleted when it could be", after) for name in after.databases if name in old
    ]
    return conclude(complaints, "no database was left, and what was blocked was deleted before anything was shown")


@check("SYNC-08.E2", "ASVS 5.0.0 14.3.1", "sync")
def the_user_is_warned(seen: Record, parameters: Parameters) -> Judgement:
    unsaved, view, end = seen.one(SyncState, "not saved yet"), seen.one(PageView, ASKED), seen.one(SyncState, OUT)
    if not unsaved.unsaved:
        raise MissingObservation("nothing was unsaved when he pressed the button")
    complaints = []
    if not view.signed_in or str(unsaved.unsaved) not in view.text:
        complaints.append(Complaint(f"he is not told of {unsaved.unsaved} changes that are not saved", unsaved, view))
    else:
        complaints += _warned_of_what_is_not_open(seen)
    texts = seen.one(SyncWrites, "written meanwhile").texts
    if lost := [text for text in texts if text not in end.stored]:
        complaints.append(Complaint(f"{len(lost)} changes were lost by the logout", end))
    return conclude(complaints, "he was told of what was not saved, stayed, and it was saved before he was signed out")


def _warned_of_what_is_not_open(seen: Record) -> list[Complaint]:
    unopened, view = seen.one(SyncState, "not open yet"), seen.one(PageView, ASKED_AGAIN)
    if unopened.state != "starting" or not unopened.databases:
        raise MissingObservation("the notes were open when he pressed the button again, or there were none")
    questions = [one for one in seen.of(SyncState) if one.case == f"{ASKED_AGAIN}: the question"]
    if view.signed_in and any("may not be saved" in one.text for one in questions):
        return []
    wrong = "he is not told that what was written before the page was loaded may not be saved"
    return [Complaint(wrong, unopened, view, *questions)]


@check("SYNC-08.E3", "ASVS 5.0.0 14.3.1, GDPR Art. 5(1)(f)", "sync")
def the_next_user_meets_nothing(seen: Record, parameters: Parameters) -> Judgement:
    first, second = seen.one(SyncTraffic, "the first user's traffic"), seen.one(SyncTraffic, "the next user's traffic")
    state, before = seen.one(SyncState, NEXT), seen.one(SyncState, "before the logout")
    if not second.of("push") or not first.of("push"):
        raise MissingObservation("one of the users pushed nothing")
    complaints = []
    if foreign := [text for text in state.shown if text in before.shown]:
        complaints.append(Complaint(f"{len(foreign)} notes of the first user are shown to the next one", state))
    mine = {mutation for one in first.of("push") for mutation in one.mutations}
    if sent := [mutation for one in second.of("push") for mutation in one.mutations if mutation in mine]:
        complaints.append(Complaint(f"{len(sent)} mutations of the first user were pushed by the next one", second))
    groups = [{one.group for one in traffic.of("push", "pull")} for traffic in (first, second)]
    if groups[0] & groups[1]:
        complaints.append(Complaint("the next user has the client group of the first", first, second))
    return conclude(complaints, "the next user has a client group of his own, and nothing of the first")


@check("SYNC-08.E4", "ASVS 5.0.0 14.3.1", "sync")
def what_cannot_be_deleted_is_told(seen: Record, parameters: Parameters) -> Judgement:
    left, view = seen.one(SyncState, BLOCKED), signed_out(seen, BLOCKED)
    if not left.databases:
        raise MissingObservation("no deletion was blocked")
    told = "could not be deleted" in view.text
    wrong = Complaint(f"{len(left.databases)} databases are left, and the page says nothing of it", left, view)
    return conclude([] if told else [wrong], "the page says that something could not be deleted, and why")
