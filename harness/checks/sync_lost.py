"""Judgements about what a user wrote while much went wrong: all of it reaches the server, once and in order."""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import SyncState, SyncTraffic, SyncWrites
from harness.observe import MissingObservation, Record

END, WRITTEN, TRAFFIC = ": in the end", ": written by client ", ": the traffic"
WITHIN = 60.0  # seconds in which all is saved, once all is well
AWAIT = 15.0
FAILING = "the storage failed"


def ends(seen: Record) -> dict[str, SyncState]:
    """What the page came to in the end, by the name of what happened. Raises MissingObservation where there is none."""
    states = {one.case.removesuffix(END): one for one in seen.of(SyncState) if one.case.endswith(END)}
    if not states:
        raise MissingObservation("nothing was played to its end")
    return states


def accepted(seen: Record, name: str) -> dict[str, tuple[str, ...]]:
    """The texts that the page had shown, in their order, by the client that made them."""
    found: dict[str, tuple[str, ...]] = {}
    for one in seen:
        if isinstance(one, SyncWrites) and one.case.startswith(name + WRITTEN):
            found[one.case] = found.get(one.case, ()) + one.texts[: len(one.milliseconds)]
    return found


def wrong_about(seen: Record, name: str, state: SyncState) -> Iterator[str]:
    """What is wrong with what is at the server in the end. What the page shows as kept is not reported as rejected."""
    for texts in accepted(seen, name).values():
        there = tuple(text for text in state.stored if text in texts)
        if lost := [text for text in texts if text not in there]:
            yield f"{len(lost)} of {len(texts)} notes are not at the server ({lost[0]})"
        elif len(there) > len(texts):
            yield f"{len(there) - len(texts)} notes are at the server twice"
        elif there != texts:
            yield "notes are at the server in another order than they were written in"


def lost_or_doubled(seen: Record) -> list[Complaint]:
    return [
        Complaint(f"{name}: {wrong}", end) for name, end in ends(seen).items() for wrong in wrong_about(seen, name, end)
    ]


def left_over(seen: Record) -> list[Complaint]:
    found = []
    for name, end in ends(seen).items():
        missing = [text for texts in accepted(seen, name).values() for text in texts if text not in end.stored]
        if end.unsaved or (missing and end.seconds > WITHIN):
            told = f"{name}: {end.unsaved or len(missing)} changes are not saved {end.seconds:.0f} s after all is well"
            found.append(Complaint(told, end))
    return found


def outlived(seen: Record) -> list[Complaint]:
    """Refreshes that the page waited for beyond the limit."""
    late = [one for one in seen.of(SyncState) if one.waits > AWAIT]
    return [
        Complaint(f"{one.case}: a refresh was awaited for {one.waits:.0f} s and is not given up", one) for one in late
    ]


def stormed(seen: Record, expired: int) -> list[Complaint]:
    """More refreshes than tokens that ended, the one that was there before among them."""
    traffic = [one for one in seen.of(SyncTraffic) if one.case.endswith(TRAFFIC)]
    number = sum(one.status == 200 for each in traffic for one in each.refreshes())
    told = f"{number} refreshes of {expired} tokens that ended"
    return [Complaint(told, *traffic)] if number > expired + 1 else []


@check("SYNC-04.E1", "ASVS 5.0.0 2.3.3", "sync")
def nothing_is_lost_or_doubled(seen: Record, parameters: Parameters) -> Judgement:
    names = ends(seen)
    number = sum(len(texts) for name in names for texts in accepted(seen, name).values())
    if not number:
        raise MissingObservation("nothing was written")
    return conclude(
        lost_or_doubled(seen), f"{number} notes are at the server, once and in order, in {len(names)} cases"
    )


@check("SYNC-04.E2", "ASVS 5.0.0 16.5.2", "sync")
def nothing_is_left_over(seen: Record, parameters: Parameters) -> Judgement:
    longest = max(state.seconds for state in ends(seen).values())
    return conclude(left_over(seen), f"all was saved {longest:.0f} s after all was well, at most")


@check("SYNC-04.E3", "ASVS 5.0.0 2.3.3", "sync")
def what_failed_is_not_acknowledged(seen: Record, parameters: Parameters) -> Judgement:
    before, after = seen.one(SyncState, f"{FAILING}: before"), seen.one(SyncState, f"{FAILING}: after")
    acknowledged, stored = after.acknowledged - before.acknowledged, len(after.stored) - len(before.stored)
    failed = [one for one in seen.one(SyncTraffic, FAILING + TRAFFIC).of("api push") if (one.status or 500) >= 500]
    if acknowledged <= stored and not failed:
        raise MissingObservation("no mutation met an error of the storage")
    told = f"{acknowledged} mutations were acknowledged, and {stored} had their effect"
    return conclude([Complaint(told, before, after)] if acknowledged > stored else [], told)
