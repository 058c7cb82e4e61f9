"""Judgements about the configuration that is documented."""

from __future__ import annotations

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import ConfigurationComparison
from harness.observe import MissingObservation, Record

BRANCHES = {
    "a branch with an undocumented read": "undocumented",
    "a branch with an orphan in the documentation": "orphans",
}


def _as_it_stands(seen: Record) -> ConfigurationComparison:
    found = seen.one(ConfigurationComparison, "as it stands")
    if found.changed or not found.read or not found.documented or not found.at_run_time:
        raise MissingObservation("no reads, no documentation, or no program that was started")
    return found


@check("OPS-01.E1", "ASVS 13.1.4")
def documentation_and_code_name_the_same(seen: Record, parameters: Parameters) -> Judgement:
    found = _as_it_stands(seen)
    complaints = [Complaint(f"read and not documented: {name}", found) for name in found.undocumented]
    complaints += [Complaint(f"documented and not read: {name}", found) for name in found.orphans]
    complaints += [
        Complaint(f"read by a started program and not documented: {name}", found)
        for name in found.undocumented_at_run_time
    ]
    told = (
        f"{found.read} names are read and {found.documented} documented; started programs read {len(found.at_run_time)}"
    )
    return conclude(complaints, told)


@check("OPS-01.E2", "ASVS 13.1.4")
def every_entry_is_complete(seen: Record, parameters: Parameters) -> Judgement:
    found = _as_it_stands(seen)
    complaints = [Complaint(f"incomplete: {entry}", found) for entry in found.incomplete]
    return conclude(complaints, f"{found.documented} entries have stage, secrecy, default and rotation")


@check("OPS-01.E3", "SOC 2 CC8.1")
def each_change_is_found_by_name(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for case, kind in BRANCHES.items():
        branch = seen.one(ConfigurationComparison, case)
        if not branch.changed:
            raise MissingObservation(f"{case}: nothing was changed")
        named = getattr(branch, kind)
        if not any(branch.changed in name for name in named):
            complaints.append(Complaint(f"{case}: {branch.changed} is not told", branch))
    return conclude(complaints, f"{len(BRANCHES)} branches fail, with the name of the variable")
