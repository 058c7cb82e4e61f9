"""How results look in a terminal: tables, the gate's word, an audit's breaches."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.evidence.audit import AuditReport
from harness.gate import NOTES, grouped
from harness.machine.provision import Provisioned
from harness.machine.tried import Tried
from harness.model import Decision
from harness.report.verdicts import visible

__all__ = ["console_for", "kill_table", "show_audit", "show_decision", "show_lines", "show_things", "show_tried"]

SHOWN = 40  # reasons against a decision; `--json` has them all
WIDE = 160  # columns where output is no terminal


def console_for(quiet: bool = False) -> Console:
    """Standard output: as wide as the terminal, and wide enough for a table where it is none."""
    wide = None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDE
    return Console(quiet=quiet, width=wide)


def show_lines(console: Console, lines: Mapping[str, object]) -> None:
    """Names and what belongs to them, a line each."""
    grid = Table.grid(padding=(0, 2))
    for name, value in lines.items():
        grid.add_row(Text(name, style="bold"), Text(visible(str(value)), overflow="fold"))
    console.print()
    console.print(grid, soft_wrap=True)


def show_decision(console: Console, decision: Decision) -> None:
    """The gate's word, with what failed it, alike reasons in one line; notes are counted."""
    against = [reason for reason in decision.reasons if reason.rule not in NOTES]
    told = grouped(against)
    if decision.scope:
        console.print(Text(f"over {', '.join(decision.scope)} only", style="dim"))
    for reason in decision.reasons:
        if reason.rule == "over":
            console.print(Text(f"{reason.subject}: {reason.detail}", style="dim"))
    word = Text("gate: pass", style="bold green") if decision.passed else Text("gate: fail", style="bold red")
    notes = len(decision.reasons) - len(against)
    console.print(word.append(f" ({notes} note{'s' * (notes != 1)})" if notes else "", style="dim"))
    for reason in told[:SHOWN]:
        line = visible(f"  {reason.rule}: {reason.subject}: {reason.detail}")
        console.print(Text(line), soft_wrap=True)
    if len(told) > SHOWN:
        console.print(Text(f"  … and {len(told) - SHOWN} more; see: authassay gate BUNDLE --json"))


def kill_table(rows: Iterable[Mapping[str, Any]]) -> Table:
    """Faults with what became of each."""
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for name in ("fault", "verdict", "expectation", "what was seen"):
        table.add_column(name, no_wrap=name != "what was seen")
    style = {"killed": "green", "not_run": "cyan"}
    for row in rows:
        verdict = Text(row["verdict"].replace("_", " "), style=style.get(row["verdict"], "bold red"))
        table.add_row(row["id"], verdict, row["expectation"], Text(visible(row["reason"][:200])))
    return table


def show_audit(console: Console, bundle: object, report: AuditReport) -> None:
    """Whether the bundle holds, who signed, every breach by its place, and the notes."""
    word = Text("holds", style="bold green") if report.holds else Text("does not hold", style="bold red")
    console.print(Text.assemble(f"{bundle} ", word, f"; signer: {report.signer}"), soft_wrap=True)
    for breach in report.breaches:
        console.print(Text(visible(f"  {breach.place}: {breach.kind}: {breach.detail}")), soft_wrap=True)
    for note in report.notes:
        console.print(Text(visible(f"  note: {note}"), style="dim"), soft_wrap=True)


def show_things(console: Console, rows: Iterable[Provisioned]) -> None:
    """What is here, what is missing, and what mends it."""
    for row in rows:
        mark = Text("✓ ", style="green") if row.state == "here" else Text("✗ ", style="yellow")
        mend = f"\n    to mend it: {row.mend}" if row.mend else ""
        console.print(Text.assemble(mark, (row.what, "bold"), f"  {row.detail}{mend}"), soft_wrap=True)


def show_tried(console: Console, tried: Tried) -> None:
    """One thing that was tried of a target, and what mends it."""
    mark = {"well": Text("✓ ", style="green"), "wrong": Text("✗ ", style="bold red")}.get(tried.state, Text("– "))
    mend = f"\n    to mend it: {visible(tried.mend)}" if tried.mend else ""
    what, detail = (visible(tried.what), "bold"), f"  {visible(tried.detail)}{mend}"
    console.print(Text.assemble(mark, what, detail), soft_wrap=True)
