"""The bundle: what is written is read back, with the same bytes each time, also of a run that was cut off."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import EvidenceError, UsageError
from harness.evidence.bundle import BundleWriter, Planned, complete, interrupted, merged, read_bundle
from harness.evidence.records import count
from harness.evidence.seal import seal
from harness.model import Basis, Finding, Verdict
from harness.observations import HttpExchange
from tests.harness.evidence.small_bundle import CELL, Sealed, play, small_catalog, write_run


def test_a_bundle_is_read_back_from_a_folder_and_from_a_zip(sealed: Sealed) -> None:
    for path in (sealed.folder, sealed.zipped().folder):
        bundle = read_bundle(path)
        assert bundle.catalog == small_catalog()
        assert [finding.verdict for finding in bundle.findings] == ["passed", "failed", "passed", "not_run", "passed"]
        assert bundle.predicate["verdicts"] == {
            "failed": 1,
            "unknown": 0,
            "not_run": 1,
            "passed": 3,
            "not_applicable": 0,
        }
        assert len(bundle.plan) == 5
        assert bundle.kill_matrix == {"faults": []}


def test_a_large_body_lies_under_blobs_and_comes_back(sealed: Sealed) -> None:
    name = hashlib.sha256(b"x" * 70_000).hexdigest()
    assert (sealed.folder / "blobs" / name).read_bytes() == b"x" * 70_000
    assert max(len(line) for line in (sealed.folder / "observations.jsonl").read_bytes().splitlines()) < 2000
    seen = read_bundle(sealed.folder).observations[f"token/TOKEN-01.E3@{CELL}#1"]
    assert isinstance(seen, HttpExchange)
    assert seen.body == "x" * 70_000


def test_the_same_findings_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_run(tmp_path / name)
        complete(tmp_path / name)
    assert (tmp_path / "one/findings.jsonl").read_bytes() == (tmp_path / "two/findings.jsonl").read_bytes()


def test_sealing_leaves_no_file_of_a_worker(sealed: Sealed) -> None:
    names = {path.name for path in sealed.folder.iterdir()}
    assert names == {
        "allure-results",
        "blobs",
        "controls.json",
        "findings.jsonl",
        "journal.jsonl",
        "kill-matrix.json",
        "observations.jsonl",
        "statement.dsse.json",
        "statement.json",
    }


def test_merged_the_worst_verdict_of_all_scenarios_counts() -> None:
    passed = Finding("A-1.E1", CELL, Verdict.PASSED, Basis.MACHINE, "")
    failed = replace(passed, verdict=Verdict.FAILED, scenario="b")
    assert merged([passed, failed]) == {("A-1.E1", CELL): Verdict.FAILED}
    assert count([passed, failed])["failed"] == 1


class TestARunThatWasCutOff:
    def started(self, folder: Path) -> BundleWriter:
        writer = BundleWriter(folder)
        plan = [Planned(f"TOKEN-01.E{n}", CELL, f"token/TOKEN-01.E{n}@{CELL}") for n in range(1, 4)]
        writer.run_started([*plan, Planned("TOKEN-01.E4", CELL)], "reference", {})
        return writer

    def test_what_finished_keeps_its_verdict_and_all_else_was_not_run(self, tmp_path: Path) -> None:
        writer = self.started(tmp_path)
        play(writer, "TOKEN-01.E1", 200)
        writer.scenario_started(f"token/TOKEN-01.E2@{CELL}")
        writer.close()
        findings = interrupted(tmp_path)
        assert [finding.verdict for finding in findings] == ["passed", "not_run", "not_run", "not_run"]
        assert {finding.reason for finding in findings[1:]} == {"the run was interrupted"}

    def test_a_finding_of_a_scenario_that_did_not_finish_counts_for_nothing(self, tmp_path: Path) -> None:
        writer = self.started(tmp_path)
        scenario = f"token/TOKEN-01.E2@{CELL}"
        writer.scenario_started(scenario)
        writer.finding(Finding("TOKEN-01.E2", CELL, Verdict.PASSED, Basis.MACHINE, "it held", scenario))
        writer.close()
        assert {finding.verdict for finding in interrupted(tmp_path)} == {Verdict.NOT_RUN}

    @settings(deadline=None, max_examples=60)
    @given(cut=st.integers(0, 100_000), scenarios=st.integers(1, 3))
    def test_cut_at_any_byte_nothing_is_passed_that_did_not_finish(
        self, tmp_path_factory: pytest.TempPathFactory, cut: int, scenarios: int
    ) -> None:
        folder = tmp_path_factory.mktemp("cut")
        writer = self.started(folder)
        for number in range(1, scenarios + 1):
            play(writer, f"TOKEN-01.E{number}", 200)
        writer.close()
        path = folder / "journal.main.jsonl"
        part = path.read_bytes()[: cut % (path.stat().st_size + 1)]
        path.write_bytes(part)
        finished = part.count(b'"scenario-finished"')
        findings = interrupted(folder)
        assert sum(finding.verdict is Verdict.PASSED for finding in findings) <= finished
        if b'"run-started"' in part and b"\n" in part:
            assert {finding.expectation for finding in findings} == {f"TOKEN-01.E{n}" for n in range(1, 5)}

    def test_it_can_be_completed_and_sealed_as_it_is(self, tmp_path: Path) -> None:
        writer = self.started(tmp_path / "bundle")
        play(writer, "TOKEN-01.E1", 200)
        writer.close()
        told = interrupted(tmp_path / "bundle")
        with (tmp_path / "bundle" / "journal.main.jsonl").open("ab") as torn:
            torn.write(b'{"at":"20')
        assert complete(tmp_path / "bundle") == told

    def test_what_a_finished_run_says_nothing_of_was_not_run(self, tmp_path: Path) -> None:
        writer = self.started(tmp_path)
        writer.run_finished()
        writer.close()
        assert {finding.reason for finding in interrupted(tmp_path)} == {"the run ended without a finding on it"}


class TestWhatIsRefused:
    def test_a_journal_that_was_changed_is_not_sealed(self, tmp_path: Path) -> None:
        write_run(tmp_path / "bundle")
        path = tmp_path / "bundle" / "journal.main.jsonl"
        path.write_bytes(path.read_bytes().replace(b"passed", b"failed", 1))
        with pytest.raises(EvidenceError, match=r"journal\.main\.jsonl:\d+: .* edited"):
            complete(tmp_path / "bundle")

    def test_a_folder_without_a_journal_is_none(self, tmp_path: Path) -> None:
        with pytest.raises(EvidenceError, match="no journal"):
            interrupted(tmp_path)

    def test_a_line_that_cannot_be_read_is_named(self, sealed: Sealed) -> None:
        (sealed.folder / "findings.jsonl").write_bytes(b"{}\n")
        with pytest.raises(EvidenceError, match="no finding"):
            read_bundle(sealed.folder)
        (sealed.folder / "findings.jsonl").write_bytes(b"{\n")
        with pytest.raises(EvidenceError, match=r"findings\.jsonl:1"):
            read_bundle(sealed.folder)

    def test_a_key_that_cannot_sign_is_refused_with_what_to_do(self, sealed: Sealed, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="openssl genpkey"):
            seal(sealed.folder, {}, sealed.public_key)
