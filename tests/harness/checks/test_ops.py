"""What the checks of the harness's own evidence conclude."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.checks.ops import CHANGES
from harness.model import Verdict
from harness.observations import AuditResult, Hit, Observation, SecretScan, StatusTable
from tests.harness.checks.records import assert_failed, judge

ENDS = {"A-01.E1": "passed", "A-01.E2": "failed", "A-02.E1": "absent", "A-02.E2": "crashed", "A-03.E1": "unwritten"}
SHOWN = {"passed": "passed", "failed": "failed", "absent": "not_run", "crashed": "unknown", "unwritten": "not_run"}
TABLE = StatusTable(
    case="first run",
    declared=tuple(ENDS),
    statuses={pair: (SHOWN[end],) for pair, end in ENDS.items()},
    scenario_ends=ENDS,
    digests={"a.feature": "1" * 64, "findings": "2" * 64},
)
SECOND = replace(TABLE, case="second run")
AUDITS = [
    AuditResult(case="untouched", changed="", holds=True, places=()),
    *(
        AuditResult(case=case, changed=f"file {n}", holds=False, places=(f"file {n}:1",))
        for n, case in enumerate(CHANGES)
    ),
]
SCAN = SecretScan(
    case="evidence", places=("findings.jsonl",), bytes=100, kinds=("password",), hits=(), planted_found=True
)
PASSING: dict[str, Sequence[Observation]] = {
    "OPS-05.E1": [TABLE],
    "OPS-05.E2": AUDITS,
    "OPS-05.E3": [TABLE, SECOND],
    "OPS-05.E4": [SCAN],
}


def with_status(pair: str, *statuses: str) -> StatusTable:
    return replace(TABLE, statuses={**TABLE.statuses, pair: statuses})


@pytest.mark.parametrize("expectation", PASSING)
def test_evidence_that_is_as_it_should_be_passes(expectation: str) -> None:
    judgement = judge(expectation, PASSING[expectation])
    assert judgement.verdict is Verdict.PASSED, judgement


@pytest.mark.parametrize("expectation", PASSING)
@settings(deadline=None)
@given(data=st.data())
def test_no_part_of_a_record_passes(expectation: str, data: st.DataObject) -> None:
    seen = PASSING[expectation]
    kept = [one for one in seen if data.draw(st.booleans())]
    judgement = judge(expectation, kept)
    assert judgement.verdict is (Verdict.PASSED if len(kept) == len(seen) else Verdict.UNKNOWN), judgement


@pytest.mark.parametrize(
    ("expectation", "seen", "words"),
    [
        ("OPS-05.E1", [with_status("A-02.E2", "passed")], "A-02.E2 crashed, and is shown as passed"),
        ("OPS-05.E1", [with_status("A-02.E1", "passed")], "A-02.E1 absent, and is shown as passed"),
        ("OPS-05.E1", [with_status("A-03.E1", "passed")], "A-03.E1 unwritten, and is shown as passed"),
        ("OPS-05.E1", [with_status("A-01.E2", "passed")], "A-01.E2 failed, and is shown as passed"),
        ("OPS-05.E1", [with_status("A-01.E1", "failed")], "A-01.E1 passed, and is shown as failed"),
        ("OPS-05.E1", [with_status("A-02.E2", "unknown", "unknown")], "A-02.E2 has 2 verdicts"),
        ("OPS-05.E1", [with_status("A-01.E1")], "A-01.E1 has 0 verdicts"),
        ("OPS-05.E1", [with_status("A-01.E1", "passed", "failed")], "A-01.E1 has 2 verdicts"),
        ("OPS-05.E1", [with_status("A-09.E1", "passed")], "A-09.E1 was not declared"),
        ("OPS-05.E2", [replace(AUDITS[0], holds=False, places=("seal",)), *AUDITS[1:]], "does not hold: seal"),
        ("OPS-05.E2", [*AUDITS[:-1], replace(AUDITS[-1], holds=True)], "not noticed: another key signed it"),
        (
            "OPS-05.E2",
            [*AUDITS[:-1], replace(AUDITS[-1], places=("x",))],
            f"file {len(CHANGES) - 1} is not named, but x",
        ),
        ("OPS-05.E3", [TABLE, replace(SECOND, statuses={**TABLE.statuses, "A-01.E1": ("failed",)})], "A-01.E1: "),
        ("OPS-05.E3", [TABLE, replace(SECOND, digests={"a.feature": "1" * 64})], "digest of findings differs"),
        ("OPS-05.E4", [replace(SCAN, hits=(Hit("a.json", "{{password:1:9}}", "/b64"),))], "/b64 in a.json"),
    ],
)
def test_a_defect_of_the_evidence_fails_and_is_named(expectation: str, seen: Sequence[Observation], words: str) -> None:
    assert_failed(judge(expectation, seen), words)


@pytest.mark.parametrize(
    ("expectation", "seen"),
    [
        ("OPS-05.E1", [replace(TABLE, declared=())]),
        ("OPS-05.E1", [replace(TABLE, scenario_ends={})]),
        ("OPS-05.E1", [replace(TABLE, scenario_ends={**ENDS, "A-02.E2": "passed"})]),  # none crashed: nothing shown
        ("OPS-05.E1", [replace(TABLE, scenario_ends={**ENDS, "A-01.E2": "passed"})]),  # none failed
        ("OPS-05.E2", [*AUDITS[:-1], replace(AUDITS[-1], changed="")]),
        ("OPS-05.E3", [replace(TABLE, statuses={}), replace(SECOND, statuses={})]),
        ("OPS-05.E3", [replace(TABLE, digests={}), replace(SECOND, digests={})]),
        ("OPS-05.E4", [replace(SCAN, planted_found=False)]),
        ("OPS-05.E4", [replace(SCAN, bytes=0)]),
        ("OPS-05.E4", [replace(SCAN, kinds=())]),
    ],
)
def test_evidence_that_shows_nothing_is_unknown(expectation: str, seen: Sequence[Observation]) -> None:
    judgement = judge(expectation, seen)
    assert judgement.verdict is Verdict.UNKNOWN, judgement
