from __future__ import annotations

import pytest

from harness.catalog import load_catalog
from harness.faults.registry import load_faults

CONTROLS = (
    "STAGE-01",
    "STAGE-04",
    "STAGE-07",
    "EVENT-01",
    "EVENT-02",
    "EVENT-03",
    "EVENT-04",
    "EVENT-05",
    "EVENT-06",
    "EVENT-07",
    "EVENT-08",
    "EVENT-09",
    "EVENT-10",
    "EVENT-11",
    "EVENT-12",
    "EVENT-13",
)


@pytest.mark.parametrize("control", CONTROLS)
def test_every_fault_of_the_catalog_is_seeded_for_the_expectation_that_it_names(control: str) -> None:
    seeded = {id: fault.expectation for id, fault in load_faults().items()}
    for listed in load_catalog().controls[control].faults:
        assert seeded[listed.id] == listed.caught_by


@pytest.mark.parametrize("control", CONTROLS)
def test_every_expectation_has_a_fault_that_it_must_catch(control: str) -> None:
    caught = {fault.expectation for fault in load_faults().values()}
    assert {expectation.id for expectation in load_catalog().controls[control].expectations} <= caught
