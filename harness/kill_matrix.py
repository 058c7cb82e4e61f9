"""The gate's rules about faults: a check that was never seen to fail proves nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pydantic import BaseModel, ValidationError

from harness.model import Catalog, Control, Policy, Reason

__all__ = ["judge_kill_matrix"]

FILE = "kill-matrix.json"


class Row(BaseModel):
    """One fault of a kill matrix; `expectation` is the one that must catch it."""

    id: str
    expectation: str
    verdict: str
    reason: str = ""


class WrittenMatrix(BaseModel):
    faults: list[Row]
    false_alarms: list[str] = []


def judge_kill_matrix(
    written: Mapping[str, object] | None, policy: Policy, catalog: Catalog, gated: Sequence[str]
) -> Iterator[Reason]:
    """What is wrong with the kill matrix as far as it concerns the gated controls, and what it leaves open."""
    if written is None:
        if policy.require_kill_matrix:
            missing = "missing, and the policy requires it; a bundle that has one is made by: authassay verify"
            yield Reason("kill-matrix", FILE, missing)
        return
    try:
        matrix = WrittenMatrix.model_validate(written)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the document"
        yield Reason("kill-matrix", FILE, f"no kill matrix: {place}: {first['msg']}; run: authassay faults")
        return
    rows = [row for row in matrix.faults if _control(row.expectation) in gated]
    controls = [catalog.controls[id] for id in gated]
    yield from _verdicts(rows)
    yield from _false_alarms(matrix.false_alarms, gated)
    if policy.require_kill_matrix:
        yield from _absent(rows, controls)
        yield from _unproven(rows, controls)


def _verdicts(rows: Sequence[Row]) -> Iterator[Reason]:
    for row in rows:
        why = f"{row.reason}; " if row.reason else ""
        if row.verdict == "not_run" and row.reason:
            yield Reason("fault-not-run", row.id, f"{row.reason}; {row.expectation} was not seen to fail")
        elif row.verdict == "survived":
            yield Reason("survived", row.id, f"{why}no expectation failed; sharpen the check of {row.expectation}")
        elif row.verdict == "crashed":
            detail = f"{why}nothing is known of {row.expectation}; mend the trial, or what the fault breaks beside it"
            yield Reason("fault-crashed", row.id, detail)
        elif row.verdict == "misdirected":
            detail = f"{why}others failed, but not {row.expectation}; mend its check, or what the fault names"
            yield Reason("misdirected", row.id, detail)
        elif row.verdict != "killed":
            detail = f"the verdict is {row.verdict!r} without a reason; run: authassay faults"
            yield Reason("kill-matrix", row.id, detail)


def _false_alarms(expectations: Sequence[str], gated: Sequence[str]) -> Iterator[Reason]:
    for expectation in expectations:
        if _control(expectation) in gated:
            detail = "it failed on the target without any fault; mend the check or the target"
            yield Reason("false-alarm", expectation, detail)


def _absent(rows: Sequence[Row], controls: Sequence[Control]) -> Iterator[Reason]:
    """Faults of the catalog that nobody tried, or that were held against another expectation than the catalog's."""
    tried = {(row.id, row.expectation) for row in rows}
    for control in controls:
        for fault in control.faults:
            if (fault.id, fault.caught_by) not in tried:
                detail = f"not tried against {fault.caught_by}; run: authassay faults --controls {control.id}"
                yield Reason("fault-missing", fault.id, detail)


def _unproven(rows: Sequence[Row], controls: Sequence[Control]) -> Iterator[Reason]:
    proven = {row.expectation for row in rows if row.verdict == "killed"}
    for control in controls:
        open_ = [e.id for e in control.expectations if e.id not in proven and e.guard is None]
        if open_:
            detail = f"unproven: {', '.join(open_)}; seed a fault, or write in the catalog why it is a guard"
            yield Reason("unproven", control.id, detail)


def _control(expectation: str) -> str:
    return expectation.rpartition(".")[0]
