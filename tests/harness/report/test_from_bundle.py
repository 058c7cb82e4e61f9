from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from harness.evidence.audit import audit
from harness.evidence.bundle import BundleWriter, Planned, read_bundle, write_controls, write_kill_matrix
from harness.evidence.seal import seal
from harness.model import Catalog, Finding
from harness.report.auditor import render_auditor
from harness.report.commands import commands
from harness.report.from_bundle import input_from
from harness.report.report_input import ReportInput

PREDICATE = {
    "targets": {"reference": "0.1.0", "self": "0.1.0"},
    "commit": "37402ae",
    "digests": {"catalog": "d" * 64, "features": {"token.feature": "e" * 64}},
    "versions": {"authassay": "0.1.0", "python": "3.11.2", "platform": "Linux"},
    "started": "2026-11-22T10:00:00+00:00",
    "finished": "2026-11-22T10:01:08+00:00",
    "scan": {"secrets": 12, "kinds": ["code"], "bytes": 4096, "hits": 0},
}


@pytest.fixture
def bundle(tmp_path: Path, catalog: Catalog, findings: tuple[Finding, ...], report: ReportInput) -> Path:
    """A sealed bundle of the small run, in a folder whose name needs quoting."""
    folder = tmp_path / "it's a bundle"
    writer = BundleWriter(folder)
    writer.run_started([Planned(f.expectation, f.cell, f.scenario) for f in findings], "reference 0.1.0", {})
    for observation in report.observations.values():
        writer.observation(observation)
    for found in findings:
        writer.finding(found)
    writer.run_finished()
    writer.close()
    write_controls(folder, catalog)
    write_kill_matrix(folder, report.kill_matrix or {})
    seal(folder, PREDICATE)
    return folder


def test_a_bundle_tells_what_was_verified_when_and_by_what(bundle: Path) -> None:
    facts = input_from(read_bundle(bundle)).facts
    assert (facts.subject, facts.version) == ("reference", "reference 0.1.0")
    assert facts.machine == {"platform": "Linux", "python": "3.11.2"}
    assert facts.tools == {"authassay": "0.1.0"}
    assert facts.searched == "searched for 12 secrets in 4096 bytes, 0 found"
    assert "1 min 8 s" in render_auditor(input_from(read_bundle(bundle)))


def test_the_audit_is_shown_with_its_breaches_and_no_path_of_the_machine(bundle: Path) -> None:
    with (bundle / "findings.jsonl").open("a") as file:
        file.write("{}\n")
    read = read_bundle(_repaired(bundle))
    seal_facts = input_from(read, audit(bundle)).seal
    assert seal_facts.holds is False
    assert any(place.startswith("findings.jsonl") for _, place, _ in seal_facts.breaches)
    assert (seal_facts.bundle, seal_facts.public_key) == ("it's a bundle", "it's a bundle.pub")
    assert str(bundle.parent) not in render_auditor(input_from(read, audit(bundle)))


def _repaired(bundle: Path) -> Path:
    """A copy without the last line of its findings, which can be read."""
    copy = bundle.parent / "copy" / bundle.name
    shutil.copytree(bundle, copy)
    lines = (copy / "findings.jsonl").read_text().splitlines(keepends=True)
    (copy / "findings.jsonl").write_text("".join(lines[:-1]))
    return copy


def test_a_statement_of_strange_shapes_is_shown_and_not_believed(bundle: Path) -> None:
    for strange in (
        {},
        {name: ["<b>"] for name in PREDICATE},
        dict.fromkeys(PREDICATE, 7),
        {"targets": {"x" * 999: None}},
    ):
        seal(bundle, strange)
        assert "<b>[" not in render_auditor(input_from(read_bundle(bundle)))


NEEDED = ("bash", "openssl", "python3", "sha256sum")
MISSING = [tool for tool in NEEDED if shutil.which(tool) is None]


def without_authassay(bundle: Path) -> list[subprocess.CompletedProcess[str]]:
    """What the page's commands say that do not need Authassay, run as they stand there."""
    shown = [c.text for c in commands(input_from(read_bundle(bundle)).seal) if c.shows.startswith("Without")]
    assert len(shown) == 2
    return [
        subprocess.run(["bash", "-c", text], cwd=bundle.parent, capture_output=True, text=True, timeout=30)
        for text in shown
    ]


@pytest.mark.skipif(bool(MISSING), reason=f"not on this machine: {', '.join(MISSING)}")
def test_the_commands_that_need_no_authassay_hold_for_a_whole_bundle_and_tell_a_changed_one(bundle: Path) -> None:
    digests, signature = without_authassay(bundle)
    assert (digests.returncode, digests.stdout + digests.stderr) == (0, "")
    assert "Signature Verified Successfully" in signature.stdout
    controls = bundle / "controls.json"
    controls.write_bytes(controls.read_bytes().replace(b"MUST", b"MAY "))
    statement = bundle / "statement.json"
    statement.write_bytes(statement.read_bytes().replace(b"37402ae", b"37402af"))
    digests, signature = without_authassay(bundle)
    assert "controls.json: FAILED" in digests.stdout
    assert "the envelope is about another statement" in signature.stderr
    assert digests.returncode != 0
    assert signature.returncode != 0
