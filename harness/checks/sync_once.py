"""Judgements about mutations that were pushed more than once, or out of order."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.checks.common import Complaint, conclude, require_answer, short
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import HttpExchange
from harness.observe import MissingObservation, Record

MARK = re.compile(r"<\d+>")
LOOKS = ("before the same again", "after the same again", "after twenty at once", "after the push was sent again",
         "after two tabs", "at the end")  # fmt: skip
DURING = ("after a failure", "after the gap")
TWO_CLIENTS = ("after two tabs", "after the gap", "at the end")  # whose marks may stand in either order
AGAIN = ("the same again", "twenty at once")
GAP = "a push without one of its mutations"


def marks_of(pull: HttpExchange) -> list[str]:
    """The marks in the note, as the server has them. Raises MissingObservation where it was not told."""
    patch = require_answer(pull).json().get("patch")
    for put in patch if isinstance(patch, list) else ():
        value = put.get("value") if isinstance(put, dict) else None
        if isinstance(value, dict) and value.get("id") == pull.about["note"]:
            return MARK.findall(str(value.get("text")))
    raise MissingObservation(f"{pull.case}: the note was not pulled ({short(pull)})")


def acknowledged(pull: HttpExchange) -> object:
    """The last mutation of the client that the server has acknowledged."""
    changes = pull.json().get("lastMutationIDChanges")
    return changes.get(pull.about["client"]) if isinstance(changes, dict) else None


def wrong_about(marks: Sequence[str], pull: HttpExchange) -> str:
    """What is wrong with the note; "" where nothing is. Of two clients only each one's own order is determined."""
    expected, late = MARK.findall(pull.about["marks"]), MARK.findall(pull.about.get("late", ""))
    for mark in dict.fromkeys(marks):
        if marks.count(mark) > 1:
            return f"{mark} is there {marks.count(mark)} times"
    if lost := [mark for mark in expected if mark not in marks]:
        return f"{', '.join(lost)} is not there"
    if foreign := [mark for mark in marks if mark not in (*expected, *late)]:
        return f"{', '.join(foreign)} was not to be there yet"
    return ""


@check("SYNC-05.E1", "ASVS 5.0.0 2.3.3, 2.3.4, 15.4.2", "sync")
def each_mutation_has_its_effect_once(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for case in (*LOOKS, *DURING):
        pull = seen.one(HttpExchange, case)
        marks = marks_of(pull)
        if wrong := wrong_about(marks, pull):
            complaints.append(Complaint(f"{case}: {wrong}", pull))
        elif case not in DURING and acknowledged(pull) != int(pull.about["made"]):
            told = f"{case}: acknowledged {acknowledged(pull)} of {pull.about['made']}"
            complaints.append(Complaint(told, pull))
        elif case not in TWO_CLIENTS and marks != sorted(marks, key=_number):
            complaints.append(Complaint(f"{case}: not in the order in which they were made: {' '.join(marks)}", pull))
    return conclude(complaints, "each mark is there once, in order")


def _number(mark: str) -> int:
    return int(mark[1:-1])


@check("SYNC-05.E2", "ASVS 5.0.0 2.3.3, 15.4.2", "sync")
def what_is_pushed_again_is_accepted(seen: Record, parameters: Parameters) -> Judgement:
    pushes = [require_answer(e) for case in AGAIN for e in seen.of(HttpExchange, case)]
    complaints = [Complaint(f"{e.case}: {short(e)}", e) for e in pushes if e.status != 200 or "error" in e.json()]
    before, after = (seen.one(HttpExchange, case) for case in LOOKS[:2])
    if marks_of(before) != marks_of(after) or acknowledged(before) != acknowledged(after):
        complaints.append(Complaint("the same push again had an effect", before, after))
    return conclude(complaints, f"{len(pushes)} pushes of what was there already: 200, without effect")


@check("SYNC-05.E3", "ASVS 5.0.0 2.3.3", "sync")
def nothing_after_a_gap_is_applied(seen: Record, parameters: Parameters) -> Judgement:
    push, pull, end = (seen.one(HttpExchange, case) for case in (GAP, "after the gap", "at the end"))
    late = MARK.findall(pull.about["late"])
    complaints = []
    if require_answer(push).status == 200 and "error" not in push.json():
        complaints.append(Complaint("a push with a gap was accepted", push))
    if early := [mark for mark in late if mark in marks_of(pull)]:
        complaints.append(Complaint(f"{', '.join(early)} was applied without what comes before it", pull))
    told = acknowledged(pull)
    if isinstance(told, int) and told > int(pull.about["most"]):
        complaints.append(Complaint(f"{told} is acknowledged, and {pull.about['most']} at most can be", pull))
    if lost := [mark for mark in late if mark not in marks_of(end)]:
        complaints.append(Complaint(f"{', '.join(lost)} is not there once the gap is closed", end))
    return conclude(complaints, "what comes after a gap is refused until the gap is closed")
