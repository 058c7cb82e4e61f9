"""Which variables a source tree reads, and how a document's tables differ from that."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.probes.configuration_document import compare, documented_in
from harness.probes.configuration_reads import Read, flags_of, parameters_of, reads_of, resources_of
from harness.probes.recorded_environment import RecordedEnvironment
from harness.targets.itself_configuration import difference_of, document_of
from harness.targets.reference_agents import agents_md, with_tables

DECLARED = {"STAGE": "AUTH_STAGE"}


def read_in(folder: Path, text: str, name: str = "module.py") -> set[str]:
    (folder / name).write_text(text, encoding="utf-8")
    return {read.name for read in reads_of(folder, (name,), DECLARED)}


@pytest.mark.parametrize(
    "code",
    [
        'os.environ["X"]',
        'os.environ.get("X", "")',
        'environ.pop("X")',
        'self._environment.setdefault("X", "")',
        'os.getenv("X")',
        '"X" in os.environ',
        '"X" not in environ',
        'NAME = "X"\nenviron[NAME]',
    ],
)
def test_each_way_to_read_a_variable_is_found(tmp_path: Path, code: str) -> None:
    assert read_in(tmp_path, code) == {"X"}


@pytest.mark.parametrize(
    "code", ['settings["X"]', 'settings.get("X")', 'environ["REQUEST_METHOD"]', "environ[name]", "environ.copy()"]
)
def test_what_is_no_read_of_a_variable_is_left_out(tmp_path: Path, code: str) -> None:
    assert read_in(tmp_path, code) == set()


def test_the_use_of_a_declaration_is_a_read(tmp_path: Path) -> None:
    assert read_in(tmp_path, "variables.STAGE.read(environ)") == {"AUTH_STAGE"}
    assert read_in(tmp_path, "STAGE.read(environ)") == {"AUTH_STAGE"}


def test_a_constant_of_another_module_is_followed(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text('MARK = "X"\n')
    assert read_in(tmp_path, "from other import MARK as M\nos.environ[M]") == {"X"}


@pytest.mark.parametrize(
    "code", ["process.env.X", "process.env['X']", "const { X } = process.env", "let { X: y = 1 } = process.env"]
)
def test_javascript_is_read_too(tmp_path: Path, code: str) -> None:
    assert read_in(tmp_path, code, "script.mjs") == {"X"}


def test_resources_parameters_and_flags_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        'SECRETS = ("one", "two")\nNAME = "three"\nURLS = ("Web",)\nOTHER = "no parameter"\n'
        "get(parameter_name(app, stage, NAME))\n"
        'resources.text("App", "name")\n{n: f(resources, n) for n in URLS}\np.add_argument("--flag")\n'
        'match a:\n    case ["--store", x]:\n        pass\n'
    )
    assert {read.name for read in resources_of(tmp_path, "a.py")} == {"SST_RESOURCE_App", "SST_RESOURCE_Web"}
    assert [r.name.rpartition("/")[2] for r in parameters_of(tmp_path, ("a.py",))] == ["one", "two", "three"]
    assert {read.name for read in flags_of(tmp_path, "a.py")} == {"--flag", "--store"}


ROW = "| `{}` | every | public | not set | none | a meaning |\n"


def document(*names: str, row: str = ROW) -> str:
    rows = "".join(row.format(name) for name in names)
    return f"| `OUTSIDE` | | | | | |\n<!-- variables: begin here -->\n{rows}<!-- variables: end -->\n"


def test_the_difference_names_what_is_on_one_side_only() -> None:
    found = compare(
        [Read("A", "a.py:1"), Read("B", "b.py:2"), Read("PATH", "c.py:3")], documented_in(document("A", "C")), {"PATH"}
    )
    assert (found.undocumented, found.orphans, found.incomplete) == (("B (b.py:2)",), ("C",), ())


def test_a_row_that_lacks_a_column_or_stands_twice_is_incomplete() -> None:
    lacking = documented_in(document("A", row="| `{}` | every | public | not set |  | a meaning |\n"))
    assert compare([Read("A", "a.py:1")], lacking, ()).incomplete == ("A: rotation",)
    assert compare([Read("A", "a.py:1")], documented_in(document("A", "A")), ()).incomplete[0] == "A: it stands twice"


def test_what_the_package_reads_is_noted_and_what_others_read_is_not() -> None:
    noted = RecordedEnvironment(dict(os.environ), "tests")
    assert noted.get("NO_SUCH_VARIABLE") is None
    assert "OTHER" not in noted
    assert noted.read == {"NO_SUCH_VARIABLE", "OTHER"}
    others = RecordedEnvironment(dict(os.environ), "another_package")
    others.get("PATH")
    assert others.read == set()


ROOT = Path(__file__).resolve().parents[3]


def test_the_tables_of_agents_md_are_those_of_the_declarations() -> None:
    """If this fails: python -m harness.targets.reference_agents"""
    assert document_of(ROOT) == agents_md()


def test_what_the_product_reads_is_what_agents_md_documents() -> None:
    difference, reads, rows = difference_of(ROOT, document_of(ROOT))
    assert (difference.undocumented, difference.orphans, difference.incomplete) == ((), (), ())
    assert min(len(reads), rows) > 30


def test_a_mark_that_is_missing_is_told() -> None:
    with pytest.raises(ValueError, match="no mark"):
        with_tables("nothing", {"server": ""})
