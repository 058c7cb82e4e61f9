"""Judgements about the harness's own evidence."""

from __future__ import annotations

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import AuditResult, SecretScan, StatusTable
from harness.observe import MissingObservation, Record

CHANGES = (
    "one byte of the findings is other",
    "one byte of the observations is other",
    "one byte of the catalog is other",
    "one byte of the journal is other",
    "one byte of the statement is other",
    "one byte of the envelope is other",
    "one byte of a test result is other",
    "one byte of an artifact is other",
    "one byte of a large body is other",
    "an artifact is replaced",
    "an artifact is deleted",
    "a file is added",
    "a verdict is edited",
    "a line of the journal is dropped",
    "another key signed it",
)
ENDS_AS = {
    "passed": "passed",
    "failed": "failed",
    "crashed": "unknown",
    "absent": "not_run",
    "unwritten": "not_run",
}


@check("OPS-05.E1", "ISO 27001:2022 A.5.28, design: not run is not passed")
def one_verdict_for_every_pair(seen: Record, parameters: Parameters) -> Judgement:
    table = seen.one(StatusTable, "first run")
    if not table.declared or not table.scenario_ends:
        raise MissingObservation("the run declares nothing")
    complaints = [
        Complaint(f"{pair} has {len(table.statuses.get(pair, ()))} verdicts", table)
        for pair in table.declared
        if len(table.statuses.get(pair, ())) != 1
    ]
    complaints += [
        Complaint(f"{pair} was not declared", table) for pair in table.statuses if pair not in table.declared
    ]
    for pair, end in table.scenario_ends.items():
        expected = ENDS_AS.get(end)
        if expected and table.statuses.get(pair) != (expected,):
            told = f"{pair} {end}, and is shown as {', '.join(table.statuses.get(pair, ())) or 'nothing'}"
            complaints.append(Complaint(told, table))
    absent = set(ENDS_AS) - set(table.scenario_ends.values())
    if absent:
        raise MissingObservation(f"no scenario of the run was {', '.join(sorted(absent))}")
    return conclude(complaints, f"{len(table.declared)} expectations have one verdict each, which is how they ended")


@check("OPS-05.E2", "ASVS 16.4.2")
def every_change_is_found(seen: Record, parameters: Parameters) -> Judgement:
    untouched = seen.one(AuditResult, "untouched")
    broken = Complaint(f"untouched evidence does not hold: {', '.join(untouched.places)}", untouched)
    complaints = [] if untouched.holds else [broken]
    for result in seen.of(AuditResult, *CHANGES):
        if not result.changed:
            raise MissingObservation(f"{result.case}: nothing was changed")
        if result.holds:
            complaints.append(Complaint(f"not noticed: {result.case}", result))
        elif not any(result.changed in place for place in result.places):
            told = f"{result.case}: {result.changed} is not named, but {', '.join(result.places[:2])}"
            complaints.append(Complaint(told, result))
    return conclude(
        complaints, f"untouched evidence holds; each of {len(CHANGES)} changes was found and its place named"
    )


@check("OPS-05.E3", "OPS-05")
def second_run_is_the_same(seen: Record, parameters: Parameters) -> Judgement:
    first, second = (seen.one(StatusTable, f"{which} run") for which in ("first", "second"))
    if not first.statuses or not first.digests:
        raise MissingObservation("the first run has no verdicts or no digests")
    complaints = [
        Complaint(f"{p}: {first.statuses.get(p)} then {second.statuses.get(p)}", first, second)
        for p in sorted({*first.statuses, *second.statuses})
        if first.statuses.get(p) != second.statuses.get(p)
    ]
    complaints += [
        Complaint(f"digest of {name} differs", first, second)
        for name in sorted({*first.digests, *second.digests})
        if first.digests.get(name) != second.digests.get(name)
    ]
    return conclude(complaints, f"{len(first.statuses)} verdicts and {len(first.digests)} digests are the same again")


@check("OPS-05.E4", "GDPR Art. 32(1)(d)")
def no_secret_is_in_the_evidence(seen: Record, parameters: Parameters) -> Judgement:
    scan = seen.one(SecretScan, "evidence")
    if not scan.planted_found or not scan.bytes or not scan.kinds:
        raise MissingObservation("the search did not find the secret planted for it, or had nothing to search")
    hits = [Complaint(f"{hit.mark}{hit.transform} in {hit.place}", scan) for hit in scan.hits]
    return conclude(hits, f"{scan.bytes} bytes in {len(scan.places)} places searched, no secret found")
