"""A whole run through the command line, on a small target in place of the reference."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from harness import jobs, plan, run
from harness.cli import main
from harness.evidence.audit import audit
from harness.evidence.bundle import interrupted
from harness.execution import Execution
from harness.faults.kill import Kill, KillMatrix
from harness.faults.registry import Fault
from harness.machine.session import PrivateSession
from harness.ports import Target
from harness.run import Question
from tests.harness.small_run import CATALOG, STEPS, SmallTarget

pytestmark = pytest.mark.usefixtures("small_checks")

FEATURE = """\
Feature: Small

  @SMALL-01 @stage:each
  Scenario: One
    Given an answer of 200
    Then SMALL-01.E1 holds: so
    And SMALL-01.E2 holds: so
"""
CELLS = ["small/linux/dev/any/any", "small/linux/prod/any/any"]


class TwoStages(SmallTarget):
    stages = ("dev", "prod")
    browsers = ("chromium",)
    further_browsers = ("firefox",)


@contextmanager
def small_targets(question: Question, *_: object) -> Iterator[Mapping[str, Target]]:
    yield {question.target: TwoStages(), "small": TwoStages()}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where features, policy and output are; nothing but the small target can be opened."""
    monkeypatch.setattr(jobs, "open_targets", small_targets)
    monkeypatch.setattr(jobs, "load_catalog", lambda *_: CATALOG)
    monkeypatch.setattr(run, "step_modules", lambda: STEPS)
    monkeypatch.setattr(plan, "step_modules", lambda: STEPS)
    monkeypatch.setattr("harness.run.this_os", lambda: "linux")
    monkeypatch.setattr(PrivateSession, "start", partial(PrivateSession.start, secret_service=False))
    (tmp_path / "features").mkdir()
    (tmp_path / "policy.toml").write_text('controls = ["SMALL-01"]\nrequire_kill_matrix = true\n', encoding="utf-8")
    return tmp_path


def ask(place: Path, *options: str, feature: str = FEATURE, command: str = "run") -> Result:
    (place / "features" / "small.feature").write_text(feature, encoding="utf-8")
    given = {"features": place / "features", "policy": place / "policy.toml", "out": place / "out"}
    words = [word for name, path in given.items() for word in (f"--{name}", str(path))]
    return CliRunner().invoke(main, [command, *words, *options])


def told(result: Result) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(result.stdout)
    return data


def test_a_run_that_passes_leaves_a_sealed_bundle_and_ends_with_0(place: Path) -> None:
    result = ask(place, "--controls", "SMALL-01", "--json")
    assert result.exit_code == 0, result.output
    data = told(result)
    assert set(data) == {"bundle", "decision", "verdicts", "findings", "seconds"}
    assert data["decision"] == "pass"
    assert data["verdicts"] == {"passed": 4, "failed": 0, "unknown": 0, "not_run": 0, "not_applicable": 0}
    assert all(set(f) == {"expectation", "cell", "verdict", "basis", "reason"} for f in data["findings"])
    assert sorted({finding["cell"] for finding in data["findings"]}) == CELLS
    report = audit(Path(data["bundle"]))
    assert (report.holds, report.signer) == (True, "unverified")
    assert (place / "out") in Path(data["bundle"]).parents


def test_a_browser_that_nobody_asked_for_is_a_note_of_the_run_and_of_its_bundle(place: Path) -> None:
    shown = ask(place, "--controls", "SMALL-01", feature=FEATURE.replace("each", "each @browser:each")).stdout
    assert "browser=firefox was not asked for, and nothing is known of it" in " ".join(shown.split())
    bundle = next((place / "out").glob("run-*/bundle"))
    reasons = jobs.gate_bundle(bundle, place / "policy.toml", ()).reasons
    assert [reason.detail[:33] for reason in reasons if reason.rule == "over"] == ["browser=firefox was not asked for"]


def test_where_no_browser_matters_none_is_missed(place: Path) -> None:
    assert "firefox" not in ask(place, "--controls", "SMALL-01").stdout


def test_a_run_that_fails_ends_with_1(place: Path) -> None:
    result = ask(place, "--controls", "SMALL-01", "--json", feature=FEATURE.replace("200", "500"))
    assert (result.exit_code, told(result)["decision"]) == (1, "fail")
    assert told(result)["verdicts"]["failed"] == 4


def test_a_run_shows_a_table_the_bundle_and_the_decision(place: Path) -> None:
    shown = ask(place, "--controls", "SMALL-01").stdout
    assert "SMALL-01" in shown
    assert "gate: pass" in shown
    assert "bundle" in shown.replace("\n", "")


def test_the_gate_counts_what_was_planned_and_never_came_to_a_verdict(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Execution.open_scene

    def fail_in_prod(self: Execution, file: Path, name: str, example: str, cell: Any) -> Any:
        if cell.stage == "prod":
            raise OSError("no descriptor is left")
        return real(self, file, name, example, cell)

    monkeypatch.setattr(Execution, "open_scene", fail_in_prod)
    result = ask(place, "--controls", "SMALL-01", "--json")
    assert result.exit_code == 1
    assert told(result)["verdicts"] == {"passed": 2, "failed": 0, "unknown": 0, "not_run": 2, "not_applicable": 0}


def test_ctrl_c_in_a_scenario_ends_with_3_and_leaves_what_was_recorded(place: Path) -> None:
    feature = FEATURE.replace("Then SMALL-01.E1", "When somebody presses Ctrl-C\n    Then SMALL-01.E1")
    result = ask(place, "--controls", "SMALL-01", "--json", feature=feature)
    assert result.exit_code == 3
    (folder,) = (place / "out").glob("run-*/bundle")
    error = told(result)["error"]
    where = f"what was recorded until then lies in {folder}; see it by: authassay report {folder}"
    assert (error["kind"], error["message"]) == ("RunInterrupted", f"interrupted; {where}")
    assert interrupted(folder)[0].verdict == "not_run"


@pytest.fixture
def three_faults(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Three faults of the small target; the ids of those that are tried."""
    tried: list[str] = []
    faults = {id: Fault(id, "SMALL-01.E1", "configuration source", lambda real: real, ("dev",), "", "") for id in "abc"}

    def kill(chosen: Mapping[str, Fault], *_: object, **__: object) -> KillMatrix:
        tried.extend(chosen)
        return KillMatrix(
            tuple(Kill(id, f.expectation, (f.expectation,), "killed", "so") for id, f in chosen.items()), (), 0.1
        )

    monkeypatch.setattr(jobs, "load_faults", lambda *_: faults)
    monkeypatch.setattr(jobs, "try_faults", kill)
    monkeypatch.setattr("harness.cli.running.bring", lambda *_: None)
    return tried


def test_a_share_of_the_faults_passes_and_says_so_and_is_not_taken_for_all(
    place: Path, three_faults: list[str]
) -> None:
    result = ask(place, "--controls", "SMALL-01", "--share", "1/2", command="verify")
    assert result.exit_code == 0, result.output
    assert three_faults == ["a", "c"]
    assert "faults: share 1/2 of them only, 2 tried" in result.output
    (bundle,) = place.glob("out/run-*/bundle")
    later = CliRunner().invoke(main, ["gate", str(bundle), "--policy", str(place / "policy.toml")])
    assert later.exit_code == 1
    assert "share 1/2 of the faults" in later.output


def test_without_a_share_all_faults_are_tried_and_the_gate_can_be_asked_again(
    place: Path, three_faults: list[str]
) -> None:
    assert ask(place, "--controls", "SMALL-01", command="verify").exit_code == 0
    assert three_faults == ["a", "b", "c"]
    (bundle,) = place.glob("out/run-*/bundle")
    later = CliRunner().invoke(main, ["gate", str(bundle), "--policy", str(place / "policy.toml")])
    assert (later.exit_code, "share" in later.output) == (0, False), later.output


def test_a_defect_in_a_run_says_where_its_evidence_lies_too(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError("a hole in the floor")

    monkeypatch.setattr("harness.jobs.finish", breaks)
    result = ask(place, "--controls", "SMALL-01", "--json")
    (folder,) = (place / "out").glob("run-*/bundle")
    message = told(result)["error"]["message"]
    assert message.startswith("a defect of Authassay: RuntimeError: a hole in the floor; what was recorded until then")
    assert message.endswith(f"authassay report {folder}")
