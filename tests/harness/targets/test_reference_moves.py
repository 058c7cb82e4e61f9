"""The trials of moves: which steps there are is found, and each is interfered with once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from harness.targets.reference_trials.interference import DELETE, READ, WRITE, Plan, wiping

ROOT = Path(__file__).parents[3]
VALUES = {"old": "the-older-of-two-values", "new": "the-newest-of-two-values"}

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="clients are forked")


def trial(home: Path, source: str, held: str, *, disturb: bool) -> Mapping[str, Any]:
    given = {"source": source, "store": held, "disturb": disturb, **VALUES}
    run = subprocess.run(
        [sys.executable, "-m", "harness.targets.reference_trials", "moves"], input=json.dumps(given), cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(home)}, capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    told: Mapping[str, Any] = json.loads(run.stdout)
    return told


@needs_fork
def test_every_step_of_a_move_is_interfered_with_and_every_change_is_killed_at(tmp_path: Path) -> None:
    told = trial(tmp_path, "encrypted files", "an older value", disturb=True)
    assert told["steps"][:3] == [READ, WRITE, READ]
    ended = [point["ended"] for point in told["points"]]
    assert ended.count("failed") == len(told["steps"]) + 1
    assert ended.count("altered") == 3
    assert ended.count("killed") >= 4
    assert "missed" not in ended


@needs_fork
@pytest.mark.parametrize("source", ["local storage", "encrypted files", "memory"])
@pytest.mark.parametrize("held", ["nothing", "a newer value"])
def test_an_undisturbed_move_is_told_with_what_is_left(tmp_path: Path, source: str, held: str) -> None:
    told = trial(tmp_path, source, held, disturb=False)
    moved = told["undisturbed"]
    assert (told["mode"], moved["stored"], moved["resumed"], moved["left"]) == ("secure", "newest", "newest", [])


def test_a_plan_notes_what_happens_during_the_move_and_meets_one_step() -> None:
    plan = Plan(at=2)
    assert not plan.meets(WRITE)
    with plan.during():
        assert [plan.meets(step) for step in (READ, WRITE, DELETE)] == [False, True, False]
    assert (plan.steps, plan.met) == ([READ, WRITE, DELETE], True)
    always = Plan(each=WRITE)
    with always.during():
        assert [always.meets(step) for step in (WRITE, READ, WRITE)] == [True, False, True]


def test_the_source_is_wiped_in_steps_and_the_store_is_not_the_source(tmp_path: Path) -> None:
    store, source = tmp_path / "store", tmp_path / "source"
    for folder in (store, source):
        folder.mkdir()
        (folder / "file").touch()
    plan = Plan(at=1)
    with wiping(plan, store), plan.during():
        (store / "file").unlink()
        with pytest.raises(OSError, match="read-only"):
            (source / "file").unlink()
    (source / "file").unlink()
    assert plan.steps == ["unlink at the source"]
