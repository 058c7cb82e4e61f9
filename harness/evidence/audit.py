"""The audit of a bundle with nothing but the bundle and a public key.

It names every breach that it can still find, the first file first. A bundle that is made to do harm ends at a bound
with a clear breach: nothing of it is unpacked, run or followed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import EvidenceError
from harness.evidence.agreement import agreement
from harness.evidence.breach import Breach
from harness.evidence.canonical import parse, sha256
from harness.evidence.files import LARGEST_BUNDLE, BundleFiles, named_only, open_files
from harness.evidence.journal import JournalRead, read_journal
from harness.evidence.rejudge import Judge, rejudge
from harness.evidence.seal import ENVELOPE, PREDICATE_TYPE, STATEMENT, STATEMENT_TYPE
from harness.evidence.secret_search import SecretSearch
from harness.evidence.signature import check_signature

__all__ = ["AuditReport", "Breach", "audit", "report_json"]

_JOURNAL = "journal.jsonl"
_MOST = 10_000  # breaches that are named
_LONGEST = 500  # characters of a place or detail
_NEEDED = (STATEMENT, ENVELOPE, _JOURNAL, "observations.jsonl", "findings.jsonl", "controls.json")


@dataclass(frozen=True)
class AuditReport:
    """Whether the bundle holds, who signed (`unverified` where no trusted key says so), what does not hold, and what
    an auditor should know besides."""

    holds: bool
    signer: str
    breaches: tuple[Breach, ...]
    notes: tuple[str, ...]


def audit(
    path: Path,
    public_key: Path | None = None,
    judge: Judge | None = None,
    digest: Callable[[str], str] | None = None,
) -> AuditReport:
    """Checks signature, digests, completeness, chain, every finding by judging it again, and looks for secrets.

    `judge` and `digest` are those of harness.checks.registry where not given. Raises EvidenceError where there is no
    bundle to audit, UsageError where the key is none.
    """
    if judge is None or digest is None:
        from harness.checks import registry  # imported here: a bundle can be opened without the checks

        judge, digest = judge or registry.judge, digest or registry.digest
    files = open_files(path)
    if not set(files.names) & set(_NEEDED):
        raise EvidenceError(f"{path}: no bundle: it holds none of {', '.join(_NEEDED)}")
    if not {STATEMENT, ENVELOPE, _JOURNAL} & set(files.names):
        raise EvidenceError(f"{path}: not sealed yet, or its run did not reach its end: there is nothing to audit")
    signed = check_signature(path, files, public_key)
    stated, mistakes = _subjects(files)
    named = files if stated is None else named_only(files, {*stated, STATEMENT, ENVELOPE})
    journal = read_journal(_or_empty(named, _JOURNAL))
    judged = rejudge(named, judge, digest)
    breaches = [
        *signed.breaches,
        *mistakes,
        *_strange(files),
        *_unnamed(files, named),
        *_content(named, stated or {}),
        *_chain(journal),
        *agreement(named, journal),
        *judged.breaches,
    ]
    ordered = sorted(set(breaches))
    notes = [*judged.notes, *signed.notes]
    if not any(journal.of("run-finished")):
        notes.append("the run did not reach its end: what did not finish is not_run")
    if len(ordered) > _MOST:
        notes.append(f"{len(ordered)} breaches; the first {_MOST} are named")
    told = tuple(Breach(breach.kind, _printable(breach.place), _printable(breach.detail)) for breach in ordered[:_MOST])
    return AuditReport(not told, signed.signer, told, tuple(_printable(note) for note in notes))


def _or_empty(files: BundleFiles, name: str) -> bytes:
    try:
        return files.get(name) or b""
    except EvidenceError:
        return b""  # told by _content


def _strange(files: BundleFiles) -> Iterator[Breach]:
    for strange in files.strange:
        yield Breach("completeness", strange.place, strange.detail)
    for name in _NEEDED:
        if name not in files.names:
            yield Breach("completeness", name, "the file is missing")


def _unnamed(files: BundleFiles, named: BundleFiles) -> Iterator[Breach]:
    """Files that the statement does not name. Nothing is said of their content: they are not read."""
    for name in sorted(set(files.names) - set(named.names)):
        yield Breach("completeness", name, "the statement does not name this file; it was not read")


def _content(files: BundleFiles, stated: Mapping[str, str]) -> Iterator[Breach]:
    """Each file against the statement: no file less, no byte other; and no secret in any."""
    search = SecretSearch()
    total = 0
    for name in files.names:
        try:
            data = files.read(name)
        except EvidenceError as error:
            yield Breach("unreadable", name, str(error))
            continue
        total += len(data)
        if total > LARGEST_BUNDLE:
            yield Breach("unreadable", name, f"the bundle holds more than {LARGEST_BUNDLE} bytes; the rest is not read")
            return
        yield from _digests(name, data, stated)
        yield from search.in_file(name, data)
    for name in stated.keys() - set(files.names):
        yield Breach("completeness", name, "the statement names this file, but it is missing")


def _digests(name: str, data: bytes, stated: Mapping[str, str]) -> Iterator[Breach]:
    if name in stated and stated[name] != sha256(data):
        yield Breach("digest", name, "its SHA-256 is not the one that the statement gives")
    if name.startswith("blobs/") and name != f"blobs/{sha256(data)}":
        yield Breach("digest", name, "it is not named by its SHA-256")


def _subjects(files: BundleFiles) -> tuple[dict[str, str] | None, list[Breach]]:
    """The digests that the statement gives, by file, and what is wrong with it; None where it cannot be read."""
    if STATEMENT not in files.names:
        return None, []
    breaches: list[Breach] = []
    try:
        statement = parse(files.read(STATEMENT))
        subjects = {str(subject["name"]): subject["digest"]["sha256"] for subject in statement["subject"]}
    except EvidenceError as error:
        return None, [Breach("statement", STATEMENT, str(error))]
    except (KeyError, TypeError):
        return None, [Breach("statement", STATEMENT, "it does not name files with their SHA-256")]
    if (statement.get("_type"), statement.get("predicateType")) != (STATEMENT_TYPE, PREDICATE_TYPE):
        breaches.append(Breach("statement", STATEMENT, f"it is no in-toto statement of type {PREDICATE_TYPE}"))
    if len(subjects) != len(statement["subject"]):
        breaches.append(Breach("statement", STATEMENT, "it names a file twice"))
    return subjects, breaches


def _chain(journal: JournalRead) -> Iterable[Breach]:
    for fault in journal.faults:
        yield Breach("journal", f"{_JOURNAL}:{fault.line}", fault.detail)
    if journal.torn:
        yield Breach("journal", f"{_JOURNAL}:{journal.lines + 1}", "the last line is torn")


def _printable(text: str) -> str:
    """The text as a terminal may show it: short, and without control characters that a hostile bundle put in."""
    short = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in short)


def report_json(report: AuditReport) -> dict[str, Any]:
    """The report as the command line prints it."""
    breaches = [{"kind": b.kind, "place": b.place, "detail": b.detail} for b in report.breaches]
    return {"holds": report.holds, "signer": report.signer, "breaches": breaches, "notes": list(report.notes)}
