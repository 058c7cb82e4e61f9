"""The words of the product."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model import Catalog, Cell, Control, Expectation, Severity, Verdict, merge

verdicts = st.sampled_from(list(Verdict))


@pytest.mark.parametrize(
    ("seen", "merged"),
    [
        ([], Verdict.NOT_RUN),
        ([Verdict.PASSED, Verdict.NOT_RUN], Verdict.NOT_RUN),
        ([Verdict.PASSED, Verdict.UNKNOWN, Verdict.NOT_RUN], Verdict.UNKNOWN),
        ([Verdict.UNKNOWN, Verdict.FAILED, Verdict.PASSED], Verdict.FAILED),
        ([Verdict.NOT_APPLICABLE, Verdict.PASSED], Verdict.PASSED),
        ([Verdict.NOT_APPLICABLE], Verdict.NOT_APPLICABLE),
    ],
)
def test_the_worst_verdict_wins(seen: list[Verdict], merged: Verdict) -> None:
    assert merge(seen) is merged


@given(st.lists(verdicts), st.lists(verdicts, min_size=1))
def test_merged_in_any_order_and_grouping_the_verdict_is_the_same(one: list[Verdict], other: list[Verdict]) -> None:
    together = merge([*one, *other])
    assert together is merge([*other, *one])
    if one:
        assert together is merge([merge(one), merge(other)])
    assert (together is Verdict.PASSED) == ({*one, *other} - {Verdict.NOT_APPLICABLE} == {Verdict.PASSED})


def test_a_cell_reads_back_from_its_id_and_matches_patterns() -> None:
    cell = Cell("reference", "linux", "prod")
    assert cell.id == "reference/linux/prod/any/any"
    assert Cell.parse(cell.id) == cell
    assert cell.matches("*/linux/prod/*/*")
    assert not cell.matches("*/linux/dev/*/*")
    with pytest.raises(ValueError, match="'reference/linux' is no cell"):
        Cell.parse("reference/linux")


def test_a_catalog_finds_expectations_and_their_controls() -> None:
    expectation = Expectation("TOKEN-10.E2", "Two.")
    control = Control("TOKEN-10", "token", "T", "MUST", "s", Severity.HIGH, "G", "S", (expectation,))
    catalog = Catalog({"TOKEN-10": control}, {})
    assert catalog.expectation("TOKEN-10.E2") is expectation

    with pytest.raises(KeyError):
        catalog.expectation("TOKEN-11.E2")
