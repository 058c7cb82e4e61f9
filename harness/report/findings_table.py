"""The table of findings that ends a run: what failed, where, and what to change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.model import Verdict
from harness.report.failures import Failure
from harness.report.progress import STYLES
from harness.report.verdicts import visible, visible_lines

__all__ = ["show_findings"]

LINES = 3  # of a text, about
OTHERS = 50  # columns of the terminal that the other fields take


def show_findings(console: Console, found: Sequence[Failure], folder: Path) -> None:
    """A row for each failed expectation; `folder` is where their curl scripts lie."""
    if not found:
        return
    longest = LINES * max((console.width - OTHERS) // 2, 16)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("failed", "severity", "stages", "what was seen", "what to change"):
        table.add_column(name, no_wrap=name in ("failed", "severity"), overflow="fold")
    for failure in found:
        style = STYLES[Verdict.NOT_RUN if failure.expected else Verdict.FAILED]
        table.add_row(
            Text(visible(failure.expectation.id), style),
            Text(failure.control.severity),
            Text(visible(failure.stages)),
            _cut(_seen(failure), longest),
            _cut(failure.change, longest),
        )
    console.print()
    console.print(table)
    if any(failure.script for failure in found):
        console.print(Text(f"curl lines that show each: {visible(str(folder))}"), soft_wrap=True)


def _seen(failure: Failure) -> str:
    expected = failure.sights[0].expected
    told = f"(expected until {expected.expires}) " if expected and failure.expected else ""
    return told + failure.sights[0].reason


def _cut(text: str, longest: int) -> Text:
    line = " ".join(visible_lines(text).split())
    return Text(f"{line[:longest]}…" if len(line) > longest else line)
