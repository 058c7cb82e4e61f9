"""What the checks of documented configuration conclude."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.observations import ConfigurationComparison, Observation
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, judge

STANDS = ConfigurationComparison(case="as it stands", changed="", read=3, documented=3, at_run_time=("AUTH_STAGE",))
READ = replace(STANDS, case="a branch with an undocumented read", changed="NEW", undocumented=("NEW (a.py:1)",))
ORPHAN = replace(STANDS, case="a branch with an orphan in the documentation", changed="OLD", orphans=("OLD",))
SEEN: list[Observation] = [STANDS, READ, ORPHAN]


@pytest.mark.parametrize("expectation", ["OPS-01.E1", "OPS-01.E2", "OPS-01.E3"])
def test_documentation_that_is_complete_and_true_passes(expectation: str) -> None:
    assert_passed(judge(expectation, SEEN))
    assert_unknown(judge(expectation, []))


@pytest.mark.parametrize(
    ("expectation", "changes"),
    [
        ("OPS-01.E1", {"undocumented": ("X (a.py:1)",)}),
        ("OPS-01.E1", {"orphans": ("X",)}),
        ("OPS-01.E1", {"undocumented_at_run_time": ("X",)}),
        ("OPS-01.E2", {"incomplete": ("X: rotation",)}),
    ],
)
def test_a_difference_fails_with_the_name(expectation: str, changes: dict[str, Any]) -> None:
    assert_failed(judge(expectation, [replace(STANDS, **changes)]), "X")


@pytest.mark.parametrize("nothing", [{"read": 0}, {"documented": 0}, {"at_run_time": ()}, {"changed": "X"}])
def test_where_nothing_was_compared_nothing_passes(nothing: dict[str, Any]) -> None:
    for expectation in ("OPS-01.E1", "OPS-01.E2"):
        assert_unknown(judge(expectation, [replace(STANDS, **nothing)]))


def test_a_branch_that_is_not_found_out_fails() -> None:
    assert_failed(judge("OPS-01.E3", [replace(READ, undocumented=()), ORPHAN]), "NEW is not told")
    assert_failed(judge("OPS-01.E3", [READ, replace(ORPHAN, orphans=("ANOTHER",))]), "OLD is not told")


def test_a_branch_without_a_change_says_nothing() -> None:
    assert_unknown(judge("OPS-01.E3", [replace(READ, changed=""), ORPHAN]))
    assert_unknown(judge("OPS-01.E3", [READ]))
