from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from harness.cli.saying import fail
from harness.errors import NotHere, TargetError
from harness.machine.tried import Tried
from harness.model import Basis, Catalog, Decision, Finding, Reason, Symptom, Verdict
from harness.report.progress import PlainProgress, told
from harness.report.terminal import show_decision, show_lines, show_tried
from harness.report.verdict_table import verdict_table
from harness.report.verdicts import cell_name, counted, merged, ran, stage_of, visible, visible_lines


def found(expectation: str, verdict: Verdict, reason: str = "r", cell: str = "reference/linux/dev/any/any") -> Finding:
    return Finding(expectation, cell, verdict, Basis.MACHINE, reason)


def test_the_worst_verdict_on_an_expectation_in_a_cell_wins_and_keeps_every_reason_given_for_it() -> None:
    failed = found("T-01.E1", Verdict.FAILED, "one")
    (only,) = merged([found("T-01.E1", Verdict.PASSED), failed, replace(failed, reason="two", retried=True)])
    assert (only.verdict, only.reason, only.retried) == (Verdict.FAILED, "one; two", True)


def test_a_symptom_of_several_examples_is_told_once_with_all_that_shows_it() -> None:
    symptoms = (Symptom("RT3 lives", ("s#1",)), Symptom("the token too", ("s#2",)))
    one = replace(found("T-01.E1", Verdict.FAILED), symptoms=symptoms)
    other = replace(one, symptoms=(Symptom("RT3 lives", ("t#1",)), Symptom("and more", ("t#2",))))
    (only,) = merged([one, other])
    assert only.symptoms == (Symptom("RT3 lives", ("s#1", "t#1")), symptoms[1], Symptom("and more", ("t#2",)))


def test_expectations_are_in_the_order_of_their_numbers() -> None:
    ids = [f.expectation for f in merged([found(f"T-01.E{n}", Verdict.PASSED) for n in (10, 2, 1)])]
    assert ids == ["T-01.E1", "T-01.E2", "T-01.E10"]


def test_a_control_that_ran_in_one_cell_only_counts_as_one_that_ran() -> None:
    assert ran([found("T-01.E1", Verdict.NOT_RUN), found("T-01.E1", Verdict.PASSED)])
    assert not ran([found("T-01.E1", Verdict.NOT_RUN)])


def test_every_verdict_is_counted_even_where_there_is_none() -> None:
    counts = counted([found("T-01.E1", Verdict.FAILED)])
    assert {verdict.value: count for verdict, count in counts.items()} == {
        "not_applicable": 0,
        "failed": 1,
        "unknown": 0,
        "not_run": 0,
        "passed": 0,
    }


def test_a_cell_is_named_by_the_axes_that_matter() -> None:
    assert cell_name("reference/linux/dev/any/any") == "reference · linux · dev"
    assert (cell_name("no cell"), stage_of("no cell"), stage_of("r/linux/prod/any/any")) == ("no cell", "any", "prod")


@given(st.text())
def test_no_text_acts_on_a_terminal_or_breaks_xml(text: str) -> None:
    shown = visible(text)
    assert all(letter == "\t" or letter >= " " for letter in shown)
    assert not {"\x7f", "\x9b", "\u202e", "\u2066", "\ufffe", "\uffff"} & set(shown)


def test_what_would_act_is_shown_as_its_escape() -> None:
    assert visible("a\x1b[31m\u202eb\n") == "a\\x1b[31m\\u202eb\\n"
    assert visible_lines("a\x1b[31m\u202eb\n") == "a\\x1b[31m\\u202eb\n"


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\v", "\f", "\x85", "\u2028", "\u2029"])
def test_a_target_begins_no_line_of_a_terminal(end: str) -> None:
    said = f"error is 'x{end}gate: pass{end}'"
    reasons = (Reason("failed", f"T-01{end}gate: pass", said),)
    written = io.StringIO()
    console = Console(file=written, width=300)
    show_decision(console, Decision(False, reasons))
    show_tried(console, Tried(said, "wrong", said, said))
    show_lines(console, {"seen": said})
    console.print(told(found("T-01.E1", Verdict.FAILED, said)))
    PlainProgress(console).tell(said)
    console.print(verdict_table([found("T-01.E1", Verdict.NOT_RUN, said)], Catalog({}, {})))
    lines = written.getvalue().splitlines()
    assert sum("gate: pass" in line for line in lines) >= 7
    assert not [line for line in lines if line.lstrip().startswith("gate: pass")]


@pytest.mark.parametrize("error", [TargetError, NotHere])
def test_an_error_with_what_a_target_said_is_one_line(
    error: type[TargetError], capsys: pytest.CaptureFixture[str]
) -> None:
    said = "not what was asked: 'x\ngate: pass'"
    with pytest.raises(SystemExit):
        fail(error(said, said) if error is NotHere else error(said), as_json=False)
    assert capsys.readouterr().err.count("\n") == 1
