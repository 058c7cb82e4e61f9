"""Whether journal, observations, findings, catalog and statement of a bundle say the same, line by line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import EvidenceError
from harness.evidence.breach import Breach
from harness.evidence.canonical import canonical_line, parse, sha256
from harness.evidence.files import BundleFiles
from harness.evidence.journal import JournalRead
from harness.evidence.records import count, finding_json
from harness.evidence.seal import STATEMENT
from harness.evidence.settle import planned, settled
from harness.model import Finding

__all__ = ["Line", "agreement", "read_lines"]

_JOURNAL, _OBSERVATIONS, _FINDINGS = "journal.jsonl", "observations.jsonl", "findings.jsonl"


@dataclass(frozen=True)
class Line:
    """A line of a JSON-lines file. `name` tells what it is about; `data` is None where it cannot be read."""

    number: int
    name: str
    sha256: str
    data: dict[str, Any] | None = None
    error: str = ""


def agreement(files: BundleFiles, journal: JournalRead) -> Iterator[Breach]:
    """What of the bundle contradicts its journal or itself."""
    yield from _observations(files, journal)
    try:
        entries = [entry for _, entry in journal.entries]
        findings, plan = settled(entries), planned(entries)
    except EvidenceError as error:
        yield Breach("journal", _JOURNAL, str(error))
        return
    yield from _one_run(journal)
    yield from _bases(journal)
    yield from _findings(files, findings)
    pairs = {(item.expectation, item.cell) for item in plan}
    for finding in findings:
        if (finding.expectation, finding.cell) not in pairs:
            name = f"{finding.expectation} in {finding.cell}"
            yield Breach("plan", _FINDINGS, f"{name} was judged, but the run's plan does not name it")
    yield from _counts(files, findings)


def read_lines(files: BundleFiles, file: str, name: str) -> list[Line]:
    """The lines of a file; `name` is the field that names them. Empty where the file cannot be read."""
    try:
        data = files.get(file) or b""
    except EvidenceError:
        return []
    lines = data.split(b"\n")
    return [_line(number, line, name) for number, line in enumerate(lines, 1) if line or number < len(lines)]


def _line(number: int, line: bytes, name: str) -> Line:
    digest = sha256(line + b"\n")
    try:
        data = parse(line)
    except EvidenceError as error:
        return Line(number, "", digest, error=str(error))
    return Line(number, str(data.get(name, "")), digest, data)


def _one_run(journal: JournalRead) -> Iterator[Breach]:
    events = [entry.event for _, entry in journal.entries]
    if events.count("run-started") != 1 or events[0] != "run-started":
        yield Breach("journal", f"{_JOURNAL}:1", "it does not start with exactly one start of a run")
    if "run-finished" in events[:-1]:
        yield Breach("journal", f"{_JOURNAL}:{events.index('run-finished') + 2}", "it goes on after the run's end")


def _observations(files: BundleFiles, journal: JournalRead) -> Iterator[Breach]:
    recorded = [
        Line(number, str(entry.data.get("id", "")), str(entry.data.get("sha256", "")))
        for number, entry in journal.of("observation")
    ]
    lines = read_lines(files, _OBSERVATIONS, "id")
    yield from _compared(_OBSERVATIONS, recorded, lines)
    for name, times in Counter(line.name for line in recorded).items():
        if times > 1:
            yield Breach("journal", _JOURNAL, f"the id {name} was given to {times} observations")


def _bases(journal: JournalRead) -> Iterator[Breach]:
    """A check saw all that its scenario had observed: a finding that rests on less was made to look better."""
    seen: dict[str, list[str]] = {}
    for number, entry in journal.entries:
        if entry.event == "observation":
            id = str(entry.data.get("id", ""))
            seen.setdefault(id.rpartition("#")[0], []).append(id)
        elif entry.event == "finding" and entry.data.get("check"):
            observed = seen.get(str(entry.data.get("scenario", "")), [])
            if entry.data.get("observations") != observed:
                name = entry.data.get("expectation")
                detail = f"{name} does not rest on all {len(observed)} observations that its scenario had made by then"
                yield Breach("agreement", f"{_JOURNAL}:{number}", detail)


def _findings(files: BundleFiles, expected: Sequence[Finding]) -> Iterator[Breach]:
    recorded = [Line(0, finding.expectation, sha256(canonical_line(finding_json(finding)))) for finding in expected]
    yield from _compared(_FINDINGS, recorded, read_lines(files, _FINDINGS, "expectation"))


def _compared(file: str, recorded: Sequence[Line], lines: Sequence[Line]) -> Iterator[Breach]:
    """Lines that were dropped, added, edited or moved against what the journal recorded."""
    left = Counter(line.sha256 for line in recorded)
    names = {line.name for line in recorded}
    kept: list[Line] = []
    for line in lines:
        if left[line.sha256] > 0:
            left[line.sha256] -= 1
            kept.append(line)
        elif line.data is None:
            yield Breach("agreement", f"{file}:{line.number}", f"the line cannot be read: {line.error}")
        else:
            what = "was edited" if line.name in names else "was added"
            yield Breach("agreement", f"{file}:{line.number}", f"{line.name or 'the line'} {what}: the journal differs")
    for line in recorded:
        if left[line.sha256] > 0:
            left[line.sha256] -= 1
            yield Breach("agreement", file, f"{line.name} is in the journal{_at(line)} but not here: dropped or edited")
    kept_in_order = Counter(line.sha256 for line in kept)
    order = [line for line in recorded if kept_in_order[line.sha256] > 0]
    moved = next((line for line, there in zip(kept, order, strict=False) if line.sha256 != there.sha256), None)
    if moved:
        yield Breach("agreement", f"{file}:{moved.number}", f"{moved.name} stands at another place than in the journal")


def _at(line: Line) -> str:
    return f" (line {line.number})" if line.number else ""


def _counts(files: BundleFiles, findings: Sequence[Finding]) -> Iterator[Breach]:
    try:
        statement = files.get(STATEMENT)
        predicate = parse(statement or b"{}").get("predicate")
    except EvidenceError:
        return  # told where the statement is checked
    if statement and (not isinstance(predicate, dict) or predicate.get("verdicts") != count(findings)):
        yield Breach("statement", STATEMENT, "its verdict counts are not those of the findings")
