"""What a run hands to the evidence, to the gate and to whoever asks what it found."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import RunInterrupted
from harness.evidence.bundle import interrupted, merged, read_bundle
from harness.evidence.canonical import canonical_line
from harness.evidence.published import published_documents
from harness.execution import OUTCOME, Execution, NoEvidence
from harness.matrix import Dimensions
from harness.model import Verdict
from harness.observations import HttpExchange
from harness.plan import make_plan
from harness.recording import finish, record, seal_recording, search_for_secrets
from harness.redact import Redactor
from harness.run import Question, carry_out
from harness.step_definitions import step_modules
from tests.harness.small_run import CATALOG, STEPS, SmallTarget, small_plan
from tests.harness.small_steps import SECRET

pytestmark = pytest.mark.usefixtures("small_checks")

PASSES = """
@SMALL-01
Scenario: One
  Given an answer of 200
  Then SMALL-01.E1 holds: so
  And SMALL-01.E2 holds: so
"""


@pytest.fixture
def features(tmp_path: Path) -> Path:
    folder = tmp_path / "features"
    folder.mkdir()
    return folder


@pytest.fixture
def redactor() -> Redactor:
    redactor = Redactor()
    redactor.register(SECRET, "password")
    return redactor


def test_a_run_gives_its_findings_and_those_of_controls_without_a_scenario(features: Path, redactor: Redactor) -> None:
    plan = small_plan(features, PASSES)
    findings = carry_out(plan, {"small": SmallTarget()}, redactor, "pr", steps=STEPS)
    assert {f.expectation: f.verdict for f in findings} == {
        "SMALL-01.E1": Verdict.PASSED,
        "SMALL-01.E2": Verdict.PASSED,
        "SMALL-02.E1": Verdict.NOT_RUN,
        "SMALL-02.E2": Verdict.NOT_RUN,
    }


def test_runs_that_are_over_are_forgotten(features: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "steps_loaded_by_the_run.py").write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    kept = []
    for _ in range(4):
        redactor = Redactor()
        kept.append(weakref.ref(redactor))
        plan, steps = small_plan(features, PASSES), (*STEPS, "steps_loaded_by_the_run")
        carry_out(plan, {"small": SmallTarget()}, redactor, "pr", steps=steps)
    gc.collect()
    # Who judges hundreds of faults in one process would keep all their targets. The last run may still be known.
    assert [ref() for ref in kept[:2]] == [None, None]


def test_an_interrupted_run_is_no_run(features: Path, redactor: Redactor) -> None:
    plan = small_plan(features, PASSES.replace("Given an answer of 200", "When somebody presses Ctrl-C"))
    with pytest.raises(RunInterrupted, match=r"^interrupted$"):
        carry_out(plan, {"small": SmallTarget()}, redactor, "pr", steps=STEPS)


def test_a_plan_without_scenarios_starts_nothing(redactor: Redactor) -> None:
    plan = make_plan(CATALOG, (), Dimensions("small", "linux", ("dev",), (), ()))
    assert Execution(plan, {}, {}, redactor, lambda _: "pr").run(["no.such.module"]) == 0
    assert NoEvidence() is not None


def test_every_verdict_has_an_outcome_and_only_what_passed_or_does_not_apply_is_passed() -> None:
    assert set(OUTCOME) == set(Verdict)
    assert {v for v, outcome in OUTCOME.items() if outcome == "passed"} == {Verdict.PASSED, Verdict.NOT_APPLICABLE}


Record = Callable[[str], Path]


@pytest.fixture
def recorded(features: Path, redactor: Redactor, tmp_path: Path) -> Record:
    def make(scenarios: str) -> Path:
        plan = small_plan(features, scenarios)
        recording = record(plan, {"small": SmallTarget()}, redactor, tmp_path / "bundle", "pr", steps=STEPS)
        return finish(recording, None)

    return make


def test_a_recorded_run_is_sealed_with_all_that_was_planned(recorded: Record) -> None:
    bundle = read_bundle(recorded(PASSES))
    assert {pair: verdict.value for (pair, _), verdict in merged(bundle.findings).items()} == {
        "SMALL-01.E1": "passed",
        "SMALL-01.E2": "passed",
        "SMALL-02.E1": "not_run",
        "SMALL-02.E2": "not_run",
    }
    assert bundle.predicate["targets"] == {"small": "1"}
    assert bundle.predicate["cells"] == ["small/linux/any/any/any"]
    assert set(bundle.predicate["digests"]["features"]) == {"small.feature"}
    assert bundle.predicate["digests"]["catalog"] == CATALOG.digest
    assert bundle.predicate["scan"]["secrets"] == 1
    assert {"python", "authassay", "authlib"} <= set(bundle.predicate["versions"])


def test_what_was_seen_is_in_the_evidence_and_no_secret_with_it(recorded: Record) -> None:
    folder = recorded(PASSES)
    (observation,) = read_bundle(folder).observations.values()
    assert isinstance(observation, HttpExchange)
    assert observation.body.startswith("{{password:")
    assert not [path for path in folder.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]


def test_a_scenario_that_never_began_is_not_run_in_the_evidence(
    recorded: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no descriptor is left")

    monkeypatch.setattr(Execution, "open_scene", fail)
    verdicts = {f.expectation: f.verdict for f in read_bundle(recorded(PASSES)).findings}
    assert set(verdicts.values()) == {Verdict.NOT_RUN}
    assert set(verdicts) == {"SMALL-01.E1", "SMALL-01.E2", "SMALL-02.E1", "SMALL-02.E2"}


def test_an_interrupted_run_stays_readable_and_unsealed(features: Path, redactor: Redactor, tmp_path: Path) -> None:
    text = PASSES.replace("  And SMALL-01.E2", "  When somebody presses Ctrl-C\n  Then SMALL-01.E2")
    with pytest.raises(RunInterrupted):
        record(small_plan(features, text), {"small": SmallTarget()}, redactor, tmp_path / "b", "pr", steps=STEPS)
    assert not (tmp_path / "b" / "statement.json").exists()
    assert {f.verdict for f in interrupted(tmp_path / "b")} == {Verdict.NOT_RUN}


def test_evidence_that_holds_a_secret_is_not_sealed(features: Path, redactor: Redactor, tmp_path: Path) -> None:
    plan = small_plan(features, PASSES)
    recording = record(plan, {"small": SmallTarget()}, redactor, tmp_path / "bundle", "pr", steps=STEPS)
    (recording.folder / "allure-results" / "leak.txt").write_text(f"here: {SECRET}")
    with pytest.raises(RunInterrupted, match=r"leak\.txt .*the folder was not sealed"):
        finish(recording, None)
    assert not (recording.folder / "statement.json").exists()
    assert seal_recording(recording, None) == recording.folder  # for the rehearsal, which wants it sealed all the same


def test_a_part_of_a_secret_that_stands_in_the_features_is_no_secret_and_all_of_one_is(
    features: Path, redactor: Redactor, tmp_path: Path
) -> None:
    recording = record(
        small_plan(features, PASSES), {"small": SmallTarget()}, redactor, tmp_path / "bundle", "pr", steps=STEPS
    )
    code = "q7Zk2vXw9LmR4tYb8NsD/an answer of 200"  # as a target may make one of public words
    redactor.register(code, "code")
    with pytest.raises(RunInterrupted, match="places hold a secret"):
        search_for_secrets(redactor, recording.folder)
    leak = recording.folder / "allure-results" / "leak.txt"
    for leaked in (code, code[8:], code[:12]):
        leak.write_text(f"here: {leaked}")
        with pytest.raises(RunInterrupted, match=r"leak\.txt .*the folder was not sealed"):
            finish(recording, None)
    leak.unlink()
    assert (finish(recording, None) / "statement.json").exists()


def test_what_an_issuer_publishes_of_itself_is_read_from_what_was_observed(tmp_path: Path) -> None:
    def line(**changes: object) -> bytes:
        return canonical_line({"about": {"role": "metadata"}, "body": "said", "status": 200, **changes})

    others = [line(about={"role": "token"}), line(status=404), b'{"metadata"\n', line(about=["metadata"])]
    (tmp_path / "observations.main.jsonl").write_bytes(b"".join([line(), *others]))
    assert list(published_documents(tmp_path)) == ["said"]


def test_a_search_tells_what_it_searched(redactor: Redactor, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("nothing")
    assert search_for_secrets(redactor, tmp_path) == {"secrets": 1, "kinds": ["password"], "bytes": 7, "hits": 0}


def test_every_area_has_its_steps_loaded_once() -> None:
    modules = step_modules()
    assert "steps.common" in modules
    assert "steps.token" in modules
    assert len(set(modules)) == len(modules)
    assert Question().target == "reference"
