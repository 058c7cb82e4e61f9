"""The bundle `authassay/bundle/v1` of a run: how it is written while the run goes on, completed at its end, and read.

While it runs, each worker appends to `observations.<worker>.jsonl` and `journal.<worker>.jsonl`, the observation first,
so the journal never names what is not there. `complete` joins them; then `seal` signs the whole.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.errors import EvidenceError
from harness.evidence.canonical import canonical, canonical_line, parse, sha256
from harness.evidence.files import BundleFiles, open_files
from harness.evidence.journal import Entry, Journal, JournalRead, join_journals, read_journal
from harness.evidence.records import (
    Planned,
    controls_from,
    controls_json,
    count,
    finding_from,
    finding_json,
    merged,
    observation_from,
    observation_json,
)
from harness.evidence.settle import planned, settled
from harness.model import Catalog, Finding
from harness.observations import Observation

__all__ = [
    "CONTROLS",
    "Bundle",
    "BundleWriter",
    "Planned",
    "complete",
    "count",
    "interrupted",
    "merged",
    "read_bundle",
    "write_controls",
    "write_kill_matrix",
]

CONTROLS = "controls.json"


class BundleWriter:
    """Writes what one worker sees. `observation` is the sink of its recorders."""

    def __init__(self, folder: Path, worker: str = "main") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._journal = Journal(folder / f"journal.{worker}.jsonl")
        path = folder / f"observations.{worker}.jsonl"
        self._observations = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o644)

    def run_started(self, plan: Iterable[Planned], target: str, versions: Mapping[str, str]) -> None:
        """`plan` names all that is to be judged: what of it has no finding at the end was not run."""
        items = [asdict(item) for item in sorted(set(plan))]
        self._journal.write("run-started", {"plan": items, "target": target, "versions": dict(versions)})

    def scenario_started(self, scenario: str) -> None:
        self._journal.write("scenario-started", {"scenario": scenario})

    def observation(self, observation: Observation) -> None:
        """Keeps a redacted observation; strings over 64 KB become files under blobs/."""
        data, blobs = observation_json(observation)
        for name, content in blobs.items():
            _write_whole(self.folder / "blobs" / name, content)
        line = canonical_line(data)
        if os.write(self._observations, line) != len(line):
            raise EvidenceError("an observation could not be written: is the disk full?")
        self._journal.write("observation", {"id": observation.id, "sha256": sha256(line)})

    def finding(self, finding: Finding) -> None:
        self._journal.write("finding", finding_json(finding))

    def scenario_finished(self, scenario: str, outcome: str) -> None:
        """`outcome` is `passed`, `failed` or `error`."""
        self._journal.write("scenario-finished", {"scenario": scenario, "outcome": outcome})

    def run_finished(self) -> None:
        self._journal.write("run-finished", {})

    def close(self) -> None:
        self._journal.close()
        os.close(self._observations)


@dataclass(frozen=True)
class Bundle:
    """A bundle's content. `predicate` is the statement's, empty before sealing."""

    path: Path
    predicate: Mapping[str, Any]
    plan: tuple[Planned, ...]
    journal: tuple[Entry, ...]
    observations: Mapping[str, Observation]
    findings: tuple[Finding, ...]
    catalog: Catalog
    kill_matrix: Mapping[str, Any] | None
    names: tuple[str, ...]


def write_controls(folder: Path, catalog: Catalog) -> None:
    _write_whole(folder / CONTROLS, canonical(controls_json(catalog)))


def write_kill_matrix(folder: Path, matrix: Mapping[str, Any]) -> None:
    _write_whole(folder / "kill-matrix.json", canonical(matrix))


def complete(folder: Path) -> tuple[Finding, ...]:
    """Joins what the workers wrote into journal.jsonl, observations.jsonl and findings.jsonl. Returns the findings.

    Also after a kill: what did not finish is `not_run`. Raises EvidenceError where a journal does not hold.
    """
    journals = _worker_journals(folder)
    for worker, read in journals.items():
        if read.faults:
            raise EvidenceError(f"journal.{worker}.jsonl:{read.faults[0].line}: {read.faults[0].detail}")
    joined = join_journals(journals)
    entries = [entry for _, entry in read_journal(joined).entries]
    lines = _observation_lines(folder)
    observed = [entry.data for entry in entries if entry.event == "observation"]
    findings = settled(entries)
    _write_whole(folder / "observations.jsonl", b"".join(_line(lines, data) for data in observed))
    _write_whole(folder / "findings.jsonl", b"".join(canonical_line(finding_json(f)) for f in findings))
    _write_whole(folder / "journal.jsonl", joined)
    for worker in journals:
        (folder / f"journal.{worker}.jsonl").unlink()
        (folder / f"observations.{worker}.jsonl").unlink(missing_ok=True)
    return findings


def interrupted(folder: Path) -> tuple[Finding, ...]:
    """The findings of a run that did not reach its end, from its journals alone."""
    reads = [read for _, read in sorted(_worker_journals(folder).items())]
    return settled([entry for read in reads for _, entry in read.entries])


def read_bundle(path: Path) -> Bundle:
    """The bundle in a folder or .zip, read with bounds. Raises EvidenceError, with the place, where it cannot be; it
    checks nothing else: that is what `audit` does."""
    files = open_files(path)
    journal = read_journal(_content(files, "journal.jsonl"))
    entries = [entry for _, entry in journal.entries]
    observations = {
        one.id: one
        for one in (
            observation_from(data, lambda name: files.read(f"blobs/{name}"))
            for data in _lines(files, "observations.jsonl")
        )
    }
    return Bundle(
        path=path,
        predicate=(_json(files, "statement.json") or {}).get("predicate", {}),
        plan=planned(entries),
        journal=tuple(entries),
        observations=observations,
        findings=tuple(finding_from(data) for data in _lines(files, "findings.jsonl")),
        catalog=controls_from(parse(_content(files, "controls.json"))),
        kill_matrix=_json(files, "kill-matrix.json"),
        names=files.names,
    )


def _worker_journals(folder: Path) -> dict[str, JournalRead]:
    paths = sorted(folder.glob("journal.*.jsonl"))
    if not paths:
        raise EvidenceError(f"{folder}: no journal of a run: is this the folder that the run wrote?")
    return {path.name.split(".", 1)[1].removesuffix(".jsonl"): read_journal(path.read_bytes()) for path in paths}


def _observation_lines(folder: Path) -> dict[str, bytes]:
    lines = (
        line
        for path in sorted(folder.glob("observations.*.jsonl"))
        for line in path.read_bytes().splitlines(keepends=True)
    )
    return {sha256(line): line for line in lines}


def _line(lines: Mapping[str, bytes], recorded: Mapping[str, Any]) -> bytes:
    try:
        return lines[recorded["sha256"]]
    except KeyError:
        raise EvidenceError(f"the observation {recorded.get('id')} is in the journal but not in the folder") from None


def _content(files: BundleFiles, name: str) -> bytes:
    content = files.get(name)
    if content is None:
        raise EvidenceError(f"{name} is missing: this is no bundle, or its run did not reach its end")
    return content


def _json(files: BundleFiles, name: str) -> dict[str, Any] | None:
    content = files.get(name)
    with _at(name):
        return None if content is None else parse(content)


def _lines(files: BundleFiles, name: str) -> Iterable[dict[str, Any]]:
    for number, line in enumerate(_content(files, name).split(b"\n")[:-1], 1):
        with _at(f"{name}:{number}"):
            yield parse(line)


@contextlib.contextmanager
def _at(place: str) -> Iterator[None]:
    try:
        yield
    except EvidenceError as error:
        raise EvidenceError(f"{place}: {error}") from None


def _write_whole(path: Path, content: bytes) -> None:
    """Writes a file that is there whole or not at all, also where several workers write the same."""
    path.parent.mkdir(exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(content)
    part.replace(path)
