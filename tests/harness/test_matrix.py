"""Which cells a scenario is exercised in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.matrix import Dimensions, cells_of, parse_selection, selected
from harness.model import STAGES, Cell

HERE = Dimensions("reference", "linux", STAGES, ("chromium", "firefox"), ("secret-service", "memory"))


def ids(**axes: str) -> list[str]:
    return [cell.id for cell in cells_of(axes, HERE)]


def test_a_scenario_without_axes_has_one_cell() -> None:
    assert ids() == ["reference/linux/any/any/any"]


def test_an_axis_tagged_each_takes_every_value_and_two_of_them_every_pair() -> None:
    assert ids(stage="each") == [f"reference/linux/{stage}/any/any" for stage in STAGES]
    assert len(ids(stage="each", browser="each", store="each")) == 3 * 2 * 2


def test_an_axis_tagged_with_a_value_takes_that_one() -> None:
    assert ids(stage="all") == ["reference/linux/all/any/any"]
    assert ids(stage="prod", browser="each") == [f"reference/linux/prod/{b}/any" for b in ("chromium", "firefox")]


def test_a_scenario_may_name_another_target() -> None:
    assert ids(target="self") == ["self/linux/any/any/any"]


def test_a_selection_is_read() -> None:
    assert parse_selection("os=linux,stage=prod,store=memory") == {"os": "linux", "stage": "prod", "store": "memory"}
    assert parse_selection("") == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stge=prod", "--cell: unknown axis 'stge' in 'stge=prod' (did you mean 'stage'?)"),
        ("stage=prd", "--cell: unknown stage 'prd' (did you mean 'prod'?)"),
        ("os=beos", "--cell: unknown os 'beos' (valid: linux, macos, windows)"),
        ("browser=firefux", "--cell: unknown browser 'firefux' (did you mean 'firefox'?)"),
        ("browser=netscape", "--cell: unknown browser 'netscape' (valid: chromium, firefox, webkit)"),
        ("store=key-chain", "--cell: unknown store 'key-chain' (did you mean 'keychain'?)"),
        (
            "store=nonsense",
            "--cell: unknown store 'nonsense' (valid: credential-locker, keychain, memory, secret-service)",
        ),
        ("os=linux,stage=", "--cell: 'stage' has no value; write stage=VALUE"),
        ("prod", "--cell: unknown axis 'prod' in 'prod' (valid: browser, os, stage, store)"),
    ],
)
def test_a_selection_that_cannot_be_read_says_what_would_be_valid(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_selection(text)
    assert str(caught.value) == message


def test_an_axis_that_does_not_matter_to_a_scenario_fits_every_selection() -> None:
    cells = cells_of({"stage": "each"}, HERE)
    assert [cell.stage for cell in selected(cells, {"stage": "dev", "store": "memory"})] == ["dev"]
    assert selected(cells_of({"stage": "all"}, HERE), {"stage": "dev"}) == (Cell("reference", "linux", "all"),)
    assert selected(cells, {"os": "windows"}) == ()


def test_a_further_browser_is_run_only_where_it_is_asked_for_and_then_alone() -> None:
    with_further = Dimensions("reference", "linux", STAGES, ("chromium",), (), ("firefox",))
    assert with_further.asked_for({"stage": "dev"}).browsers == ("chromium",)
    assert with_further.asked_for({"browser": "firefox"}).browsers == ("firefox",)
    assert with_further.asked_for({"browser": "webkit"}).browsers == ("chromium",)


def test_what_nobody_asked_for_is_told() -> None:
    with_further = Dimensions("reference", "linux", STAGES, ("chromium",), (), ("firefox",))
    assert with_further.unasked({"stage": "dev"}) == ("browser=firefox",)
    assert with_further.unasked({"browser": "chromium"}) == ()


axis = st.sampled_from(["each", "any"])


@given(stage=axis, browser=axis, store=axis, wanted=st.dictionaries(st.just("stage"), st.sampled_from(STAGES)))
def test_cells_are_distinct_and_their_ids_read_back(
    stage: str, browser: str, store: str, wanted: dict[str, str]
) -> None:
    cells = cells_of({"stage": stage, "browser": browser, "store": store}, HERE)
    assert len({cell.id for cell in cells}) == len(cells)
    assert [Cell.parse(cell.id) for cell in cells] == list(cells)
    assert set(selected(cells, wanted)) <= set(cells)


def test_a_target_without_a_browser_still_has_the_cell_that_says_so() -> None:
    cells = cells_of({"stage": "each", "browser": "each"}, Dimensions("api", "linux", ("dev",), (), ()))
    assert [cell.id for cell in cells] == ["api/linux/dev/none/any"]
