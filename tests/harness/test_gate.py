from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.gate import NOTES, decide, gate_markdown, grouped
from harness.model import (
    Basis,
    Catalog,
    Control,
    Decision,
    Expectation,
    Finding,
    Policy,
    Reason,
    SeededFault,
    Severity,
    Verdict,
    Waiver,
)

TODAY = date(2027, 1, 31)
LINUX = "reference/linux/dev/any/any"
MACOS = "reference/macos/dev/any/keychain"


def control(id: str) -> Control:
    expectations = (Expectation(f"{id}.E1", "One."), Expectation(f"{id}.E2", "Two.", guard="nothing to seed"))
    faults = (SeededFault(f"F-{id}-a", "A defect.", f"{id}.E1"),)
    return Control(id, "token", "T", "MUST", "L1", Severity.HIGH, "G", "S", expectations, faults)


CATALOG = Catalog({id: control(id) for id in ("TOKEN-01", "TOKEN-02")}, {})
POLICY = Policy("p", ("TOKEN-01",), file="p.toml")
WAIVER = Waiver("TOKEN-01", "*/linux/*/*/*", "it can be borne", "Ada", "2027-01-31", line=9)


def finding(expectation: str, verdict: Verdict = Verdict.PASSED, cell: str = LINUX, reason: str = "so") -> Finding:
    return Finding(expectation, cell, verdict, Basis.MACHINE, reason)


GOOD = (finding("TOKEN-01.E1"), finding("TOKEN-01.E2"))
KILLED: dict[str, Any] = {
    "faults": [{"id": "F-TOKEN-01-a", "expectation": "TOKEN-01.E1", "verdict": "killed", "failed": ["TOKEN-01.E1"]}],
    "false_alarms": [],
}


def rules(decision: Decision) -> list[tuple[str, str]]:
    return [(reason.rule, reason.subject) for reason in decision.reasons]


def judge(*findings: Finding, policy: Policy = POLICY, **more: Any) -> Decision:
    return decide(findings, policy, CATALOG, more.pop("kill_matrix", None), TODAY, **more)


def test_a_run_in_which_every_gated_expectation_passed_passes_the_gate() -> None:
    assert judge(*GOOD) == Decision(True, ())


@pytest.mark.parametrize(
    ("verdict", "rule"),
    [(Verdict.FAILED, "failed"), (Verdict.UNKNOWN, "unknown"), (Verdict.NOT_RUN, "not-run")],
)
def test_what_did_not_pass_fails_the_gate(verdict: Verdict, rule: str) -> None:
    decision = judge(GOOD[0], finding("TOKEN-01.E2", verdict, reason="the clock stood still"))
    assert not decision.passed
    assert rules(decision) == [(rule, f"TOKEN-01.E2 in {LINUX}")]
    assert decision.reasons[0].detail.startswith("the clock stood still; ")


def test_a_pass_in_one_cell_hides_no_failure_in_another() -> None:
    assert not judge(*GOOD, finding("TOKEN-01.E1", Verdict.FAILED, "reference/linux/prod/any/any")).passed


def test_a_control_that_is_not_gated_fails_nothing() -> None:
    assert judge(*GOOD, finding("TOKEN-02.E1", Verdict.FAILED)).passed


def test_a_gated_control_without_any_finding_fails() -> None:
    assert rules(judge()) == [("no-finding", "TOKEN-01")]


def test_what_failed_comes_before_what_was_not_found() -> None:
    found = judge(finding("TOKEN-01.E2", Verdict.FAILED))
    assert [rule for rule, _ in rules(found)] == ["failed", "no-finding"]


def test_a_gated_expectation_without_a_finding_fails() -> None:
    assert rules(judge(GOOD[0])) == [("no-finding", "TOKEN-01.E2")]


def test_an_expectation_that_the_catalog_does_not_have_fails() -> None:
    assert rules(judge(*GOOD, finding("TOKEN-01.E7"))) == [("not-in-catalog", "TOKEN-01.E7")]


def test_a_policy_that_names_no_control_of_the_catalog_fails() -> None:
    policy = replace(POLICY, controls=("TOKEN-01", "TOKNE-02"))
    decision = judge(*GOOD, policy=policy)
    assert rules(decision) == [("policy", "TOKNE-02")]
    assert "did you mean 'TOKEN-02'?" in decision.reasons[0].detail


def test_a_policy_that_gates_on_nothing_fails() -> None:
    assert rules(judge(*GOOD, policy=replace(POLICY, controls=()))) == [("policy", "p")]


def test_not_run_is_let_through_where_the_policy_says_why_and_the_decision_tells_it() -> None:
    policy = replace(POLICY, may_be_not_run={"*/macos/*/*/keychain": "no port yet"})
    not_run = finding("TOKEN-01.E1", Verdict.NOT_RUN, MACOS)
    decision = judge(*GOOD, not_run, policy=policy)
    assert decision.passed
    assert decision.reasons == (Reason("not-run-allowed", "*/macos/*/*/keychain", "findings not run: 1; no port yet"),)
    assert not judge(*GOOD, replace(not_run, cell=LINUX), policy=policy).passed
    assert not judge(*GOOD, replace(not_run, verdict=Verdict.UNKNOWN), policy=policy).passed


def test_not_run_is_mended_in_the_description_where_a_target_may_declare_what_it_lacks() -> None:
    not_run = finding("TOKEN-01.E2", Verdict.NOT_RUN)
    foreign = replace(POLICY, may_be_not_applicable={"*/linux/*/*/*": "others made it"})
    ours, others = (judge(GOOD[0], not_run, policy=policy).reasons[0].detail for policy in (POLICY, foreign))
    assert ours.endswith("(authassay doctor says how), or allow the cell under may_be_not_run")
    assert others.endswith("; describe what it needs, or declare it absent there, with the reason")


def test_not_applicable_needs_a_reason_and_is_told() -> None:
    policy = replace(POLICY, may_be_not_applicable={"*/linux/*/*/*": "others made it"})
    told = judge(GOOD[0], finding("TOKEN-01.E2", Verdict.NOT_APPLICABLE, reason="no desktop"), policy=policy)
    assert told.passed
    assert told.reasons == (Reason("not-applicable", f"TOKEN-01.E2 in {LINUX}", "no desktop"),)
    untold = judge(GOOD[0], finding("TOKEN-01.E2", Verdict.NOT_APPLICABLE, reason=" "), policy=policy)
    assert not untold.passed
    assert rules(untold) == [("no-reason", f"TOKEN-01.E2 in {LINUX}")]


def test_what_a_target_declares_absent_excuses_it_only_where_the_policy_says_so() -> None:
    absent = (GOOD[0], finding("TOKEN-01.E2", Verdict.NOT_APPLICABLE, reason="no desktop"))
    for policy in (POLICY, replace(POLICY, may_be_not_applicable={"others/*/*/*/*": "others made it"})):
        decision = judge(*absent, policy=policy)
        assert (decision.passed, rules(decision)) == (False, [("absent", f"TOKEN-01.E2 in {LINUX}")])


BOTH = replace(POLICY, controls=("TOKEN-*",), only_if_asked={"TOKEN-02": "it is the harness's own"})


def test_what_is_gated_on_only_if_asked_is_left_out_where_the_run_did_and_that_is_told() -> None:
    left_out = [finding(f"TOKEN-02.{number}", Verdict.NOT_RUN) for number in ("E1", "E2")]
    for found in (GOOD, (*GOOD, *left_out)):
        decision = judge(*found, policy=BOTH)
        note = Reason("over", "TOKEN-02", "it was not asked for: it is the harness's own")
        assert (decision.passed, decision.reasons) == (True, (note,))
    assert not judge(*GOOD, *left_out, policy=replace(BOTH, only_if_asked={})).passed


@pytest.mark.parametrize("verdict", [Verdict.NOT_RUN, Verdict.FAILED, Verdict.UNKNOWN])
def test_what_was_asked_for_by_the_run_or_is_now_is_gated_on_as_ever(verdict: Verdict) -> None:
    planned = replace(finding("TOKEN-02.E1", verdict), scenario="ops/One")
    assert not judge(*GOOD, planned, finding("TOKEN-02.E2"), policy=BOTH).passed
    assert not judge(finding("TOKEN-02.E1", verdict), policy=BOTH, scope=("TOKEN-02",)).passed
    good = [finding(f"TOKEN-02.{number}") for number in ("E1", "E2")]
    assert judge(*good, policy=BOTH, scope=("TOKEN-0[2]",)).reasons == ()


@pytest.mark.parametrize("control", ["TOKEN-01", "TOKEN-01.E1"])
def test_a_waiver_covers_a_failure_until_the_end_of_its_last_day(control: str) -> None:
    policy = replace(POLICY, waivers=(replace(WAIVER, control=control),))
    failed = (finding("TOKEN-01.E1", Verdict.FAILED), GOOD[1])
    held = judge(*failed, policy=policy)
    assert held.passed
    assert rules(held) == [("waived", f"{control} in */linux/*/*/*")]
    expired = decide(failed, policy, CATALOG, None, date(2027, 2, 1))
    assert not expired.passed
    assert [rule for rule, _ in rules(expired)] == ["waiver-expired", "failed"]
    assert "p.toml:9" in expired.reasons[0].detail


def test_a_waiver_covers_no_other_expectation_and_no_other_cell() -> None:
    policy = replace(POLICY, waivers=(replace(WAIVER, control="TOKEN-01.E1"),))
    failed = finding("TOKEN-01.E1", Verdict.FAILED)
    assert not judge(failed, replace(failed, expectation="TOKEN-01.E2"), policy=policy).passed
    assert not judge(failed, GOOD[1], replace(failed, cell=MACOS), policy=policy).passed


@pytest.mark.parametrize("verdict", [Verdict.UNKNOWN, Verdict.NOT_RUN, Verdict.NOT_APPLICABLE])
def test_a_waiver_covers_failures_only_and_is_not_called_unused_beside_them(verdict: Verdict) -> None:
    decision = judge(finding("TOKEN-01.E1", verdict), GOOD[1], policy=replace(POLICY, waivers=(WAIVER,)))
    assert not decision.passed
    assert all(rule != "waiver-unused" for rule, _ in rules(decision))


def test_a_waiver_that_matches_nothing_or_is_no_longer_needed_fails() -> None:
    elsewhere = replace(WAIVER, cell="*/windows/*/*/*")
    decision = judge(*GOOD, policy=replace(POLICY, waivers=(WAIVER, elsewhere)))
    assert not decision.passed
    assert [rule for rule, _ in rules(decision)] == ["waiver-unused", "waiver-unused"]
    assert "all that it covers passed" in decision.reasons[0].detail
    assert "no gated finding is covered" in decision.reasons[1].detail


def test_a_scope_narrows_the_policy_and_its_waivers_and_the_decision_says_so() -> None:
    policy = replace(POLICY, controls=("TOKEN-*",), waivers=(replace(WAIVER, control="TOKEN-02"),))
    decision = judge(*GOOD, policy=policy, scope=("TOKEN-01",))
    assert decision == Decision(True, (), ("TOKEN-01",))
    assert "Over these controls only: TOKEN-01" in gate_markdown(decision)


def test_a_scope_outside_the_policy_fails() -> None:
    assert rules(judge(*GOOD, scope=("TOKEN-02",))) == [("scope", "TOKEN-02")]


def matrix(**row: str) -> dict[str, Any]:
    return {"faults": [{**KILLED["faults"][0], **row}], "false_alarms": []}


def test_a_kill_matrix_in_which_every_fault_was_killed_passes() -> None:
    assert judge(*GOOD, policy=replace(POLICY, require_kill_matrix=True), kill_matrix=KILLED) == Decision(True, ())


@pytest.mark.parametrize(
    ("kill_matrix", "rule", "subject"),
    [
        (None, "kill-matrix", "kill-matrix.json"),
        ({"faults": 3}, "kill-matrix", "kill-matrix.json"),
        ({"faults": []}, "fault-missing", "F-TOKEN-01-a"),
        (matrix(verdict="survived"), "survived", "F-TOKEN-01-a"),
        (matrix(verdict="misdirected"), "misdirected", "F-TOKEN-01-a"),
        (matrix(verdict="crashed", reason="no browser"), "fault-crashed", "F-TOKEN-01-a"),
        (matrix(verdict="unknown"), "kill-matrix", "F-TOKEN-01-a"),
        (matrix(verdict="not_run"), "kill-matrix", "F-TOKEN-01-a"),
        (matrix(expectation="TOKEN-01.E2"), "fault-missing", "F-TOKEN-01-a"),
        ({**KILLED, "false_alarms": ["TOKEN-01.E2"]}, "false-alarm", "TOKEN-01.E2"),
    ],
)
def test_what_weakens_the_kill_matrix_fails(kill_matrix: dict[str, Any] | None, rule: str, subject: str) -> None:
    decision = judge(*GOOD, policy=replace(POLICY, require_kill_matrix=True), kill_matrix=kill_matrix)
    assert not decision.passed
    assert (rule, subject) in rules(decision)


def test_faults_and_false_alarms_of_controls_that_are_not_gated_fail_nothing() -> None:
    foreign = {"id": "F-TOKEN-02-a", "expectation": "TOKEN-02.E1", "verdict": "survived"}
    kill_matrix = {"faults": [*KILLED["faults"], foreign], "false_alarms": ["TOKEN-02.E1"]}
    assert judge(*GOOD, kill_matrix=kill_matrix).passed


def test_a_fault_that_could_not_be_run_leaves_its_expectation_unproven_and_is_told() -> None:
    policy = replace(POLICY, require_kill_matrix=True)
    decision = judge(*GOOD, policy=policy, kill_matrix=matrix(verdict="not_run", reason="needs Windows"))
    assert decision.passed
    assert rules(decision) == [("fault-not-run", "F-TOKEN-01-a"), ("unproven", "TOKEN-01")]
    assert "TOKEN-01.E1" in decision.reasons[1].detail
    assert "TOKEN-01.E2" not in decision.reasons[1].detail  # a guard


def test_without_a_kill_matrix_that_is_not_required_nothing_is_said_of_faults() -> None:
    assert judge(*GOOD, policy=replace(POLICY, require_kill_matrix=False)) == Decision(True, ())


def test_the_summary_names_failures_before_notes_and_lets_no_markup_through() -> None:
    reasons = (
        Reason("failed", "TOKEN-01.E1 in a/b/c/d/e", "a | b\n<img src=x> [x](http://evil.test) @everyone"),
        Reason("waived", "TOKEN-02 in */*/*/*/*", "accepted"),
    )
    text = gate_markdown(Decision(False, reasons))
    assert text.startswith("## ❌ Gate failed: 1 reason\n")
    assert text.index("failed |") < text.index("Let through")
    assert not any(mark in text for mark in ("<img", "](", "http://", "@everyone", "a | b"))
    assert all(line.count("|") == 4 for line in text.splitlines() if line.startswith("|"))


def test_a_long_summary_is_cut_and_says_so() -> None:
    reasons = tuple(Reason("failed", f"TOKEN-01.E{n}", f"x{n}") for n in range(7))
    text = gate_markdown(Decision(False, reasons), limit=5)
    assert "TOKEN-01.E4" in text
    assert "TOKEN-01.E5" not in text
    assert "… and 2 more" in text


def test_what_was_not_run_for_one_reason_is_one_line_below_what_failed() -> None:
    not_run = [Reason("not-run", f"TOKEN-01.E{n} in {LINUX}", "no browser") for n in range(9)]
    told = grouped([*not_run, Reason("not-run", "WEB-01.E1", "no bus"), Reason("failed", "TOKEN-02.E1", "x")])
    assert [(reason.rule, reason.detail) for reason in told] == [
        ("failed", "x"),
        ("not-run", "no browser"),
        ("not-run", "no bus"),
    ]
    assert told[1].subject.endswith(f"TOKEN-01.E3 in {LINUX} and 5 more")
    assert gate_markdown(Decision(False, (*not_run,))).count("no browser") == 1


FINDINGS = st.lists(
    st.builds(
        finding,
        st.sampled_from(["TOKEN-01.E1", "TOKEN-01.E2", "TOKEN-02.E1", "TOKEN-01.E9"]),
        st.sampled_from(Verdict),
        st.sampled_from([LINUX, MACOS]),
        st.sampled_from(["", "so"]),
    ),
    max_size=6,
)
POLICIES = st.builds(
    lambda waived, allowed: replace(
        POLICY, waivers=(WAIVER,) if waived else (), may_be_not_run={"*/macos/*/*/*": "why"} if allowed else {}
    ),
    st.booleans(),
    st.booleans(),
)


@given(FINDINGS, POLICIES, st.randoms())
def test_the_order_of_findings_does_not_matter(findings: list[Finding], policy: Policy, random: Any) -> None:
    shuffled = random.sample(findings, len(findings))
    first, second = judge(*findings, policy=policy), judge(*shuffled, policy=policy)
    assert (first.passed, set(first.reasons)) == (second.passed, set(second.reasons))


@given(FINDINGS, POLICIES)
def test_a_decision_passes_exactly_when_all_its_reasons_are_notes(findings: list[Finding], policy: Policy) -> None:
    decision = judge(*findings, policy=policy)
    assert decision.passed == all(reason.rule in NOTES for reason in decision.reasons)


@given(FINDINGS, POLICIES)
def test_one_more_failure_that_nobody_waived_fails_whatever_else_was_found(
    findings: list[Finding], policy: Policy
) -> None:
    assert not judge(*findings, finding("TOKEN-01.E1", Verdict.FAILED, MACOS), policy=policy).passed
