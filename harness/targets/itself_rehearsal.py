"""A run of the harness, made by a child process on the rehearsal's target, and its evidence under changes."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import harness.rehearsal.checks  # noqa: F401  # an audit judges the rehearsal's findings again
from harness.errors import TargetError
from harness.evidence.audit import audit
from harness.evidence.bundle import Bundle, read_bundle
from harness.evidence.canonical import sha256
from harness.evidence.seal import public_half, seal
from harness.faults.registry import Fault, fault_arguments
from harness.machine.places import CHECKOUT
from harness.machine.session import PrivateSession
from harness.observations import AuditResult, SecretScan, StatusTable
from harness.observe import Recorder
from harness.redact import Redactor
from harness.rehearsal.parts import HarnessParts
from harness.scan import SecretScanner, observe_scan

__all__ = ["RehearsedEvidence"]

SECONDS = 180.0  # a rehearsal takes 3 on an idle machine
KINDS = ("access_token", "session_cookie", "password")
ATTACHMENTS = "allure-results/*-attachment*"
# How the rehearsal's scenarios end, by the expectation that tells of it.
ENDS = {
    "REHEARSAL-01.E1": "passed",
    "REHEARSAL-01.E2": "failed",
    "REHEARSAL-02.E1": "absent",
    "REHEARSAL-02.E2": "crashed",
    "REHEARSAL-03.E1": "unwritten",
}


class RehearsedEvidence:
    """Makes the run when asked, keeps the first, and works on copies of it."""

    def __init__(self, machine: PrivateSession, faults: Sequence[Fault], recorder: Recorder) -> None:
        self._folder = Path(mkdtemp(prefix="rehearsal-", dir=machine.folder))
        self._environment, self._faults, self._recorder = machine.environment, faults, recorder
        self._secrets = {kind: secrets.token_urlsafe(32) for kind in KINDS}
        for kind, value in self._secrets.items():
            recorder.redactor.register(value, kind)
        self._audit = HarnessParts.of(faults).choose("audit", audit)
        self._runs = 0

    def run(self, case: str) -> StatusTable:
        bundle = read_bundle(self._rehearse())
        statuses: dict[str, tuple[str, ...]] = {}
        for finding in bundle.findings:  # not merged: each pair has one scenario, so a second finding is one too many
            pair = f"{finding.expectation}@{finding.cell}"
            statuses[pair] = (*statuses.get(pair, ()), finding.verdict.value)
        declared = tuple(sorted({f"{item.expectation}@{item.cell}" for item in bundle.plan}))
        ends = {pair: ENDS[pair.partition("@")[0]] for pair in declared}
        table = StatusTable(
            case=case, declared=declared, statuses=statuses, scenario_ends=ends, digests=_digests(bundle)
        )
        return self._recorder.record(table)

    def audit(self, case: str) -> AuditResult:
        copy = Path(mkdtemp(dir=self._folder)) / "bundle"
        shutil.copytree(self._first, copy)
        shutil.copy(public_half(self._first), public_half(copy))
        changed = CHANGES[case](copy)
        report = self._audit(copy, public_half(copy))
        places = tuple(breach.place for breach in report.breaches)
        return self._recorder.record(AuditResult(case=case, changed=changed, holds=report.holds, places=places))

    def scan(self, case: str) -> SecretScan:
        own = Redactor()
        for kind, value in self._secrets.items():
            own.register(value, kind)
        return self._recorder.record(observe_scan(case, [self._first], SecretScanner(own.secrets())))

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _first(self) -> Path:
        return self._folder / "run-1"

    def _rehearse(self) -> Path:
        self._runs += 1
        folder = self._folder / f"run-{self._runs}"
        command = [sys.executable, "-m", "harness.rehearsal", str(folder)]
        command += fault_arguments(self._faults)
        try:
            done = subprocess.run(
                command,
                input=json.dumps(self._secrets),
                capture_output=True,
                text=True,
                timeout=SECONDS,
                env=dict(self._environment),
                cwd=CHECKOUT,
            )
        except subprocess.TimeoutExpired:
            raise TargetError(f"the rehearsal did not end within {SECONDS:g} s: this machine is busy") from None
        if done.returncode:
            raise TargetError(f"the rehearsal ended with {done.returncode}: {done.stderr.strip()[-400:]}")
        return folder


def _digests(bundle: Bundle) -> dict[str, str]:
    """The digests that must not change from run to run."""
    digests: Mapping[str, Any] = bundle.predicate["digests"]
    findings = [
        json.dumps([f.expectation, f.cell, f.verdict, f.reason, f.scenario, list(f.observations), f.check])
        for f in bundle.findings
    ]
    return {**digests["features"], "catalog": digests["catalog"], "findings": sha256("\n".join(findings).encode())}


def _artifact(bundle: Path) -> Path:
    return sorted(bundle.glob(ATTACHMENTS))[0]


def _nothing(bundle: Path) -> str:
    return ""


def _flip(pattern: str) -> Callable[[Path], str]:
    """Makes the middle byte of the first file of this pattern other."""

    def flip(bundle: Path) -> str:
        file = sorted(bundle.glob(pattern))[0]
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
        return file.relative_to(bundle).as_posix()

    return flip


def _replace(bundle: Path) -> str:
    _artifact(bundle).write_text("{}")
    return _artifact(bundle).name


def _delete(bundle: Path) -> str:
    artifact = _artifact(bundle)
    artifact.unlink()
    return artifact.name


def _add(bundle: Path) -> str:
    (bundle / "one-more.txt").write_text("more")
    return "one-more.txt"


def _edit_verdict(bundle: Path) -> str:
    findings = bundle / "findings.jsonl"
    findings.write_text(findings.read_text().replace('"failed"', '"passed"', 1))
    return "findings.jsonl"


def _edit_statement(bundle: Path) -> str:
    """The envelope holds the statement's bytes and is signed: it is named where the two are not the same."""
    _flip("statement.json")(bundle)
    return "statement.dsse.json"


def _drop_line(bundle: Path) -> str:
    journal = bundle / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:2] + lines[3:]))
    return "journal.jsonl"


def _sign_again(bundle: Path) -> str:
    """Sealed anew by somebody else, who cannot put his key where the auditor's is."""
    own = public_half(bundle).read_bytes()
    key = bundle.parent / "other.pem"
    private = Ed25519PrivateKey.generate()
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    seal(bundle, json.loads((bundle / "statement.json").read_text())["predicate"], key)
    public_half(bundle).write_bytes(own)
    return "statement.dsse.json"


CHANGES: Mapping[str, Callable[[Path], str]] = {
    "untouched": _nothing,
    "one byte of the findings is other": _flip("findings.jsonl"),
    "one byte of the observations is other": _flip("observations.jsonl"),
    "one byte of the catalog is other": _flip("controls.json"),
    "one byte of the journal is other": _flip("journal.jsonl"),
    "one byte of the statement is other": _edit_statement,
    "one byte of the envelope is other": _flip("statement.dsse.json"),
    "one byte of a test result is other": _flip("allure-results/*-result.json"),
    "one byte of an artifact is other": _flip(ATTACHMENTS),
    "one byte of a large body is other": _flip("blobs/*"),
    "an artifact is replaced": _replace,
    "an artifact is deleted": _delete,
    "a file is added": _add,
    "a verdict is edited": _edit_verdict,
    "a line of the journal is dropped": _drop_line,
    "another key signed it": _sign_again,
}
