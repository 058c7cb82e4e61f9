"""The findings that a journal amounts to: what finished keeps its verdict, all else that was planned is `not_run`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.errors import EvidenceError
from harness.evidence.journal import Entry
from harness.evidence.records import Planned, finding_from, in_order
from harness.model import Basis, Finding, Verdict

__all__ = ["planned", "settled"]

INTERRUPTED = "the run was interrupted"
NOTHING_FOUND = "the run ended without a finding on it"


def settled(entries: Sequence[Entry]) -> tuple[Finding, ...]:
    """The findings in their order. One whose scenario did not finish counts for nothing: its place, and that of all
    that was planned and has none, is taken by `not_run`. Raises EvidenceError where a line cannot be understood."""
    started, ended = _scenarios(entries, "scenario-started"), _scenarios(entries, "scenario-finished")
    found = [finding_from(entry.data) for entry in entries if entry.event == "finding"]
    whole = [finding for finding in found if finding.scenario in ended or not finding.scenario]
    told = {_place(finding) for finding in whole}
    pairs = {(place.expectation, place.cell) for place in told}
    lost = {item for item in planned(entries) if item.scenario or (item.expectation, item.cell) not in pairs}
    lost |= {_place(finding) for finding in found}
    cut_off = not any(entry.event == "run-finished" for entry in entries)
    return tuple(in_order([*whole, *(_not_run(item, cut_off or item.scenario in started) for item in lost - told)]))


def planned(entries: Iterable[Entry]) -> tuple[Planned, ...]:
    """What the run meant to judge. Raises EvidenceError."""
    try:
        return tuple(Planned(**item) for e in entries if e.event == "run-started" for item in e.data["plan"])
    except (KeyError, TypeError):
        raise EvidenceError("the plan of the run cannot be read") from None


def _scenarios(entries: Iterable[Entry], event: str) -> set[str]:
    return {str(entry.data.get("scenario")) for entry in entries if entry.event == event}


def _place(finding: Finding) -> Planned:
    return Planned(finding.expectation, finding.cell, finding.scenario)


def _not_run(item: Planned, cut_off: bool) -> Finding:
    reason = INTERRUPTED if cut_off else NOTHING_FOUND
    return Finding(item.expectation, item.cell, Verdict.NOT_RUN, Basis.MACHINE, reason, item.scenario)
