from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from harness.model import Basis, Cell, Finding, Verdict
from harness.plugin import Listener
from harness.report import progress as module
from harness.report.progress import LiveProgress, PlainProgress, Progress, open_progress

CELL = Cell("reference", "linux", "dev")
STEP: Any = SimpleNamespace(keyword="Given ", name="a user who can log in")


def scene(*verdicts: Verdict, name: str = "A code works once", reason: str = "two redemptions succeeded") -> Any:
    findings = {
        f"TOKEN-08.E{n}": Finding(f"TOKEN-08.E{n}", CELL.id, verdict, Basis.MACHINE, reason)
        for n, verdict in enumerate(verdicts, 1)
    }
    return SimpleNamespace(id=f"token/{name}@{CELL.id}", cell=CELL, findings=findings, name=name)


def play(listener: Listener, *scenes: Any) -> None:
    for one in scenes:
        listener.scenario_started(one, SimpleNamespace(name="Tokens"), SimpleNamespace(name=one.name))  # type: ignore[arg-type]
        listener.step_started(one, STEP)
        listener.step_finished(one, STEP, None, None)
        listener.scenario_finished(one, None)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture
def log() -> Console:
    return Console(file=io.StringIO(), width=80)


@pytest.fixture
def terminal() -> Console:
    return Console(file=io.StringIO(), width=100, height=30, force_terminal=True, force_interactive=True, _environ={})


def test_a_log_gets_one_line_per_scenario_and_one_per_failure_without_colour(log: Console) -> None:
    with open_progress(log, 2) as shown:
        play(shown, scene(Verdict.PASSED), scene(Verdict.FAILED, Verdict.PASSED))
    first, second, failure = written(log).splitlines()
    assert first.startswith("[1/2] passed   A code works once (reference · linux · dev): 1 passed, ")
    assert second.startswith("[2/2] failed   A code works once (reference · linux · dev): 1 failed, 1 passed, ")
    assert failure == "    failed TOKEN-08.E1 (reference · linux · dev): two redemptions succeeded"


def test_what_a_target_answers_cannot_act_on_a_terminal(log: Console) -> None:
    with open_progress(log, 1) as shown:
        play(shown, scene(Verdict.FAILED, name="[red]\x1b]0;x\x07", reason="\x1b[2J[link=http://e]x"))
    assert "\x1b" not in written(log)
    assert "[red]\\x1b]0;x\\x07" in written(log)
    assert "\\x1b[2J[link=http://e]x" in written(log)


def test_nothing_is_shown_where_silence_was_asked_for(log: Console) -> None:
    with open_progress(log, 1, silent=True) as shown, shown.show_step("sealing the evidence") as tell:
        tell("1 of 2")
        play(shown, scene(Verdict.FAILED))
    assert written(log) == ""
    assert shown.counts[Verdict.FAILED] == 1


def test_a_terminal_shows_what_runs_now_how_far_and_the_counts(terminal: Console) -> None:
    shown = open_progress(terminal, 4)
    assert isinstance(shown, LiveProgress)
    play(shown, scene(Verdict.PASSED, Verdict.PASSED))
    running = scene(name="A refresh token is replaced")
    shown.scenario_started(running, SimpleNamespace(name="Tokens"), SimpleNamespace(name=running.name))  # type: ignore[arg-type]
    shown.step_started(running, STEP)
    with shown.show_step("seeding faults") as tell:
        tell("3 of 40")
        terminal.print(shown.render())
    text = written(terminal)
    for words in ("1 of 4 scenarios × cells", "A refresh token is replaced", "Given a user", "2 passed", "3 of 40"):
        assert words in text


def test_a_terminal_is_told_of_a_failure_when_it_is_found_and_the_display_can_be_opened_again(
    terminal: Console,
) -> None:
    shown = open_progress(terminal, 1)
    with shown:
        play(shown, scene(Verdict.FAILED))
    with shown, shown.show_step("writing the reports"):
        pass
    assert written(terminal).count("two redemptions succeeded") == 1
    assert written(terminal).count("\x1b[?25l") == written(terminal).count("\x1b[?25h") == 2  # the cursor is back


def test_more_scenarios_than_planned_never_show_as_more_than_all(log: Console) -> None:
    shown = PlainProgress(log, 1)
    play(shown, scene(Verdict.PASSED), scene(Verdict.PASSED))
    assert "[2/2]" in written(log)


def test_a_phase_that_lasts_says_where_it_is_and_how_long_it_took(
    log: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = PlainProgress(log)
    with shown.show_step("sealing") as tell:
        tell("quick phases keep quiet")
    monkeypatch.setattr(module, "QUIET_FOR", 0.0)
    with shown.show_step("seeding faults") as tell:
        tell("3 of 40")
    lines = written(log).splitlines()
    assert lines[:3] == ["sealing …", "seeding faults …", "seeding faults: 3 of 40"]
    assert lines[3].startswith("seeding faults: 0.")


def test_a_phase_that_breaks_off_is_closed_and_its_error_goes_on(terminal: Console) -> None:
    shown = LiveProgress(terminal)

    def break_off() -> None:
        with shown.show_step("starting the target"):
            raise ValueError("no port")

    with pytest.raises(ValueError, match="no port"):
        break_off()
    terminal.print(shown.render())
    assert "starting the target" not in written(terminal)


def test_a_run_without_a_display_still_listens() -> None:
    silent = Progress()
    play(silent, scene(Verdict.PASSED))
    assert (silent.done, silent.running) == (1, {})
