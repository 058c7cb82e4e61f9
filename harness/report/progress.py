"""What a person sees while a run goes on: a live table on a terminal, one line per scenario elsewhere, or nothing.

The display never decides anything: it hears of scenarios as a listener of the plugin, and of phases by `show_step`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self

from pytest_bdd.parser import Feature, Scenario, Step
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from harness.model import Finding, Verdict
from harness.report.verdicts import WORDS, cell_name, visible, worst
from harness.scene import Scene

__all__ = ["STYLES", "LiveProgress", "PlainProgress", "Progress", "open_progress"]

STYLES = {
    Verdict.FAILED: "bold red",
    Verdict.UNKNOWN: "bold yellow",
    Verdict.NOT_RUN: "cyan",
    Verdict.PASSED: "green",
    Verdict.NOT_APPLICABLE: "magenta",
}
TOLD = (Verdict.FAILED, Verdict.UNKNOWN)  # what is worth a line the moment it is found
QUIET_FOR = 2.0  # seconds; a phase that lasts longer says where it is, at most this often

Tell = Callable[[str], None]


@dataclass
class Running:
    """A scenario under way: its name, cell, current step, and when it began (monotonic seconds)."""

    name: str
    cell: str
    began: float = field(default_factory=time.monotonic)
    step: str = ""


class Progress:
    """Counts and shows nothing: what `--json` uses, and the base of the two that show. `total` is the number of
    scenarios × cells planned (0: not known yet)."""

    def __init__(self, total: int = 0) -> None:
        self.total = total
        self.done = 0
        self.counts: Counter[Verdict] = Counter()
        self.running: dict[str, Running] = {}
        self.began = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    @contextmanager
    def show_step(self, name: str) -> Iterator[Tell]:
        """Show a phase of the run while it lasts; the function given tells where in it we are (`3 of 40`)."""
        began = time.monotonic()
        self._step_began(visible(name))
        try:
            yield lambda detail: self._step_told(visible(name), visible(detail))
        finally:
            self._step_ended(visible(name), time.monotonic() - began)

    def tell(self, line: str) -> None:
        """Say something that stays to be read."""
        self._told_line(visible(line))

    def scenario_started(self, scene: Scene, feature: Feature, scenario: Scenario) -> None:
        self.running[scene.id] = Running(visible(scenario.name), cell_name(scene.cell.id))

    def step_started(self, scene: Scene, step: Step) -> None:
        if scene.id in self.running:
            self.running[scene.id].step = visible(f"{step.keyword.strip()} {step.name}")

    def step_finished(self, scene: Scene, step: Step, finding: Finding | None, error: BaseException | None) -> None:
        """A step's finding is shown when its scenario ends, with those that no step judged."""

    def scenario_finished(self, scene: Scene, error: BaseException | None) -> None:
        ended = self.running.pop(scene.id, None) or Running(scene.id, cell_name(scene.cell.id))
        findings = tuple(scene.findings.values())
        self.done += 1
        self.counts.update(finding.verdict for finding in findings)
        self._scenario_ended(ended, findings)

    def _told_line(self, line: str) -> None: ...
    def _step_began(self, name: str) -> None: ...
    def _step_told(self, name: str, detail: str) -> None: ...
    def _step_ended(self, name: str, seconds: float) -> None: ...
    def _scenario_ended(self, ended: Running, findings: tuple[Finding, ...]) -> None: ...


class PlainProgress(Progress):
    """One line per scenario and per phase, for logs: nothing is drawn over."""

    def __init__(self, console: Console, total: int = 0) -> None:
        super().__init__(total)
        self.console = console
        self._told = 0.0

    def _line(self, text: Text | str) -> None:
        self.console.print(text, soft_wrap=True, markup=False, highlight=False)

    def _told_line(self, line: str) -> None:
        self._line(line)

    def _step_began(self, name: str) -> None:
        self._told = time.monotonic()
        self._line(f"{name} …")

    def _step_told(self, name: str, detail: str) -> None:
        if time.monotonic() - self._told >= QUIET_FOR:
            self._told = time.monotonic()
            self._line(f"{name}: {detail}")

    def _step_ended(self, name: str, seconds: float) -> None:
        if seconds >= QUIET_FOR:
            self._line(f"{name}: {seconds:.1f} s")

    def _scenario_ended(self, ended: Running, findings: tuple[Finding, ...]) -> None:
        of = str(max(self.total, self.done)) if self.total else "?"
        counts = Counter(finding.verdict for finding in findings)
        said = ", ".join(f"{counts[verdict]} {WORDS[verdict]}" for verdict in Verdict if counts[verdict])
        seconds = time.monotonic() - ended.began
        verdict = WORDS[worst(findings)]
        self._line(f"[{self.done:>{len(of)}}/{of}] {verdict:<8} {ended.name} ({ended.cell}): {said}, {seconds:.1f} s")
        for finding in findings:
            if finding.verdict in TOLD:
                self._line(f"    {told(finding).plain}")


class LiveProgress(Progress):
    """A table that is drawn anew in place: what runs now, how far, the counts. What failed stays above it."""

    def __init__(self, console: Console, total: int = 0) -> None:
        super().__init__(total)
        self.console = console
        self._steps: dict[str, str] = {}
        self._spinner = Spinner("dots")
        self._live = Live(console=console, get_renderable=self.render, refresh_per_second=8, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def _told_line(self, line: str) -> None:
        self.console.print(line, soft_wrap=True, markup=False, highlight=False)

    def _step_began(self, name: str) -> None:
        self._steps[name] = ""

    def _step_told(self, name: str, detail: str) -> None:
        self._steps[name] = detail

    def _step_ended(self, name: str, seconds: float) -> None:
        self._steps.pop(name, None)

    def _scenario_ended(self, ended: Running, findings: tuple[Finding, ...]) -> None:
        for finding in findings:
            if finding.verdict in TOLD:
                self.console.print(told(finding))

    def render(self) -> RenderableType:
        """The display as it is now."""
        running, steps = list(self.running.values()), list(self._steps.items())
        scenarios = [self._bar(), _running_table(running), tally(self.counts)] if self.total else []
        return Group(*scenarios, self._phases(steps))

    def _bar(self) -> RenderableType:
        total = max(self.total, self.done + len(self.running))
        row = Table.grid(padding=(0, 2))
        minutes, seconds = divmod(int(time.monotonic() - self.began), 60)
        bar = ProgressBar(total=total, completed=self.done, width=32)
        row.add_row(bar, f"{self.done} of {total} scenarios × cells", f"{minutes}:{seconds:02}")
        return row

    def _phases(self, steps: list[tuple[str, str]]) -> RenderableType:
        grid = Table.grid(padding=(0, 1))
        for name, detail in steps:
            grid.add_row(self._spinner, Text(f"{name}: {detail}" if detail else f"{name} …"))
        return grid


def _running_table(running: list[Running]) -> RenderableType:
    grid = Table.grid(padding=(0, 2), expand=True)
    grid.add_column(ratio=5, no_wrap=True, overflow="ellipsis")
    grid.add_column(ratio=3, no_wrap=True, overflow="ellipsis", style="dim")
    grid.add_column(justify="right", no_wrap=True)
    for one in running:
        grid.add_row(Text(one.name), Text(one.cell), Text(f"{time.monotonic() - one.began:.1f} s"))
        grid.add_row(Text(f"  {one.step}", style="dim"), "", "")
    return grid


def told(finding: Finding) -> Text:
    """One line on one finding: verdict, expectation, cell, reason."""
    head = Text(f"{WORDS[finding.verdict]} ", style=STYLES[finding.verdict])
    head.append(f"{finding.expectation} ", style="bold")
    return head.append(f"({cell_name(finding.cell)}): {visible(finding.reason)}", style="default")


def tally(counts: Counter[Verdict]) -> Text:
    """`18 passed · 1 failed`, each in its colour; what did not occur is left out, except what passed."""
    parts = [Text(f"{counts[v]} {WORDS[v]}", STYLES[v]) for v in Verdict if counts[v] or v is Verdict.PASSED]
    return Text(" · ").join(parts)


def open_progress(console: Console, total: int = 0, *, silent: bool = False) -> Progress:
    """The display that fits: none where silent, live on a terminal, lines elsewhere."""
    if silent:
        return Progress(total)
    return LiveProgress(console, total) if console.is_interactive else PlainProgress(console, total)
