from __future__ import annotations

import io

import pytest
from rich.console import Console

from harness.model import Basis, Catalog, Finding, Verdict
from harness.report.verdict_table import verdict_table


def shown(findings: tuple[Finding, ...], catalog: Catalog, width: int = 120, **options: bool) -> list[str]:
    console = Console(file=io.StringIO(), width=width, _environ={}, **options)  # type: ignore[arg-type]
    console.print(verdict_table(findings, catalog))
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_each_control_that_ran_has_its_worst_verdict_by_stage_and_what_did_not_pass(
    findings: tuple[Finding, ...], catalog: Catalog
) -> None:
    lines = shown(findings, catalog)
    assert lines[0].split() == ["control", "dev", "prod", "not", "passed"]
    token = next(line for line in lines if line.startswith("TOKEN-01"))
    assert token.split()[1:] == ["Title", "of", "TOKEN-01", "2", "passed", "1/2", "failed", "E1"]


def test_controls_that_did_not_run_are_told_in_one_line_per_reason(
    findings: tuple[Finding, ...], catalog: Catalog
) -> None:
    lines = shown(findings, catalog)
    assert "1 control not run: no Secret Service" in lines
    assert "1 control not run: no scenario yet" in lines
    assert lines[-1] == "1 failed · 1 unknown · 2 not run · 4 passed · 1 not applicable"
    assert not any(line.startswith("WEB-09") for line in lines)


@pytest.mark.parametrize("width", [60, 80])
def test_a_narrow_terminal_loses_titles_before_it_loses_a_verdict(
    findings: tuple[Finding, ...], catalog: Catalog, width: int
) -> None:
    lines = shown(findings, catalog, width)
    assert all(len(line) <= width for line in lines)
    assert any(line.startswith("TOKEN-01") and line.endswith("1/2 failed  E1") for line in lines)
    assert any("Title" in line for line in lines) is (width == 80)


def test_colour_comes_only_on_a_terminal(findings: tuple[Finding, ...], catalog: Catalog) -> None:
    assert not any("\x1b" in line for line in shown(findings, catalog))
    assert any("\x1b[1;31m" in line for line in shown(findings, catalog, force_terminal=True))


def test_markup_in_the_ids_of_a_foreign_bundle_stays_text(catalog: Catalog) -> None:
    strange = Finding("[bold red]X.E1", "no cell", Verdict.FAILED, Basis.MACHINE, "\x1b[2J")
    lines = shown((strange,), catalog)
    assert any(line.startswith("[bold red]X") for line in lines)
    assert not any("\x1b" in line for line in lines)
