"""How faults are found, and what is said of those that are written wrongly."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from harness.catalog import load_catalog
from harness.errors import Mistakes, UsageError
from harness.faults import registry
from harness.faults.parts import SERVES
from harness.faults.registry import check_faults, load_faults
from harness.model import STAGES
from reference_impl.parts import Part

HEAD = "from harness.faults import fault\n\n"
GOOD = """
    @fault("F-MY-1", "TOKEN-01.E1", "code store", stages=("prod",))
    def codes_are_kept_for_ever(real):
        return real
"""


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is forgotten after it."""
    load_faults()
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))


def write(folder: Path, text: str, name: str = "my_faults.py") -> Path:
    file = folder / name
    file.write_text(HEAD + dedent(text).lstrip("\n"), encoding="utf-8")
    return file


def told(file: Path) -> str:
    with pytest.raises(UsageError) as caught:
        load_faults(file)
    return str(caught.value)


def test_a_file_of_ones_own_gives_its_faults_and_no_others(tmp_path: Path) -> None:
    file = write(tmp_path, GOOD)
    (fault,) = load_faults(file).values()
    assert (fault.id, fault.expectation, fault.part, fault.stages) == ("F-MY-1", "TOKEN-01.E1", "code store", ("prod",))
    assert (fault.defect, fault.source) == ("codes are kept for ever", str(file))
    assert fault.id not in load_faults()


def test_a_docstring_tells_the_defect(tmp_path: Path) -> None:
    file = write(tmp_path, GOOD.replace("        return real", '        """Codes live on."""\n        return real'))
    assert load_faults(file)["F-MY-1"].defect == "Codes live on."


def test_a_fault_is_tried_on_its_own_control_and_on_those_that_its_part_serves(tmp_path: Path) -> None:
    assert load_faults(write(tmp_path, GOOD))["F-MY-1"].controls == ("TOKEN-01", *SERVES["code store"])


def test_a_file_may_be_loaded_again(tmp_path: Path) -> None:
    file = write(tmp_path, GOOD)
    assert load_faults(file).keys() == load_faults(file).keys()


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert told(tmp_path / "none.py").endswith("none.py: no such Python file; give a file with @fault functions")
    assert "no such Python file" in told(tmp_path)
    assert "no such Python file" in told(write(tmp_path, GOOD, "faults.txt"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def broken(:\n", "SyntaxError: invalid syntax (my_faults.py, line 3)"),
        ("import no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("1 / 0\n", "ZeroDivisionError: division by zero"),
        ("x = 1\n", "no @fault function in it; see harness/faults/ for examples"),
    ],
)
def test_whatever_is_wrong_with_a_file_is_told_with_its_name(tmp_path: Path, text: str, message: str) -> None:
    file = write(tmp_path, text)
    assert told(file) == f"--from {file}: {message}"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("code store", "cod store", "fault F-MY-1 replaces 'cod store' (did you mean 'code store'?)"),
        ('("prod",)', '("prd",)', "fault F-MY-1 is for the stage 'prd' (did you mean 'prod'?)"),
        ("F-MY-1", "F-TOKEN-01-a", "fault F-TOKEN-01-a exists already in "),
    ],
)
def test_a_fault_that_cannot_be_seeded_is_told_with_file_and_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    file = write(tmp_path, GOOD.replace(old, new))
    assert told(file).startswith(f"{file}:3: {message}")


def test_two_faults_of_one_id_in_a_file_are_told(tmp_path: Path) -> None:
    file = write(tmp_path, GOOD + GOOD.replace("codes_are_kept_for_ever", "codes_are_shared"))
    assert told(file).startswith(f"{file}:7: fault F-MY-1 exists already in {file}")


def test_faults_of_unknown_expectations_are_told_all_at_once_with_file_line_and_nearest(tmp_path: Path) -> None:
    other = GOOD.replace("F-MY-1", "F-MY-2").replace("TOKEN-01.E1", "TOKEN-01.E9").replace("kept", "lost")
    file = write(tmp_path, GOOD.replace("TOKEN-01.E1", "TOKN-01.E1") + other)
    with pytest.raises(Mistakes) as caught:
        check_faults(load_faults(file), ["TOKEN-01.E1", "WEB-01.E1"])
    assert [(m.file, m.line, m.what, m.hint) for m in caught.value.mistakes] == [
        (file, 3, "F-MY-1: no expectation 'TOKN-01.E1'", "did you mean 'TOKEN-01.E1'?"),
        (file, 7, "F-MY-2: no expectation 'TOKEN-01.E9'", "did you mean 'TOKEN-01.E1'?"),
    ]


def test_the_faults_that_come_along_name_expectations_stages_and_parts_that_are_there() -> None:
    faults, catalog = load_faults(), load_catalog()
    check_faults(faults, (e.id for control in catalog.controls.values() for e in control.expectations))
    assert {stage for fault in faults.values() for stage in fault.stages} <= set(STAGES)
    assert {fault.id for fault in faults.values() if not fault.defect} == set()


def test_every_replaceable_part_of_the_reference_serves_controls_that_are_there() -> None:
    assert {str(part) for part in Part} <= set(SERVES)
    assert {control for controls in SERVES.values() for control in controls} <= set(load_catalog().controls)
