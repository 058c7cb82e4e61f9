"""Judgements about starts without one of the secrets."""

from __future__ import annotations

import re

from harness.checks.common import Complaint, conclude, delivers_code
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import HttpExchange, ProcessRun, SecretAccess, SecretScan
from harness.observe import MissingObservation, Record


@check("STAGE-02.E1", "ASVS 5.0.0 16.5.3")
def nothing_is_served_without_a_secret(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    starts = _starts(seen)
    for run in starts:
        if run.exit_code is None and not run.ready:
            raise MissingObservation(f"{run.case}: after {run.seconds:g} s it had neither ended nor become ready")
        answers = [o for o in seen if isinstance(o, HttpExchange) and o.case == run.case]
        if run.ready:
            complaints.append(Complaint(f"{run.case}: it was ready", run))
        elif run.exit_code == 0:
            complaints.append(Complaint(f"{run.case}: it ended as if all were well", run))
        elif any(delivers_code(e) or e.json().keys() & {"access_token", "issuer"} for e in answers):
            complaints.append(Complaint(f"{run.case}: it was answered", run, *answers))
    return conclude(complaints, f"none of {len(starts)} starts without a secret came to serve")


@check("STAGE-02.E2", "ASVS 5.0.0 16.5.1")
def the_missing_secret_is_named(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    starts = _starts(seen)
    for run in starts:
        named = [name for name in run.about["required"].split() if _names(run.stderr, name)]
        if named != [run.argument]:
            told = ", ".join(named) or "no secret"
            complaints.append(Complaint(f"{run.case}: its error names {told}", run))
    return conclude(complaints, f"each of {len(starts)} errors named the secret, and no other")


@check("STAGE-02.E3", "ASVS 5.0.0 13.3.2, ISO 27001:2022 A.8.31")
def no_other_stages_secret_is_asked_for(seen: Record, parameters: Parameters) -> Judgement:
    complaints, count = [], 0
    for run in _starts(seen):
        access = seen.one(SecretAccess, run.case)
        if not any(name.startswith(access.namespace) for name in access.names):
            raise MissingObservation(f"{run.case}: it did not ask for its own secrets, or nobody noticed")
        count += len(access.names)
        strange = [name for name in access.names if not f"{name}/".startswith(access.namespace)]
        if strange:
            complaints.append(Complaint(f"{run.case}: it asked for {', '.join(dict.fromkeys(strange))}", access))
    return conclude(complaints, f"{count} names were asked for or answered, all of the stage's own")


@check("STAGE-02.E4", "ASVS 5.0.0 16.5.1")
def no_secret_is_said(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    starts = _starts(seen)
    for run in starts:
        scan = seen.one(SecretScan, run.case)
        if not scan.planted_found or not scan.kinds or not scan.bytes:
            raise MissingObservation(f"{run.case}: what it said was not searched ({scan.about.get('unscanned', '')})")
        complaints += [Complaint(f"{run.case}: {hit.mark} in its {hit.place}", scan) for hit in scan.hits]
    return conclude(complaints, f"what {len(starts)} starts said holds no secret of any stage")


def _starts(seen: Record) -> list[ProcessRun]:
    """A start for each required secret that is missing, and for an empty one at least. Raises MissingObservation."""
    found = [run for run in seen.of(ProcessRun) if "required" in run.about]
    tried = {(run.argument, run.about["how"]) for run in found}
    required = {name for run in found for name in run.about["required"].split()}
    absent = {(name, "missing") for name in required} - tried
    if absent or not required:
        raise MissingObservation(f"{len(absent) or 'all'} starts without a secret were not tried")
    if "empty" not in {how for _, how in tried}:
        raise MissingObservation("no start was tried with a secret that is empty")
    return found


def _names(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None
