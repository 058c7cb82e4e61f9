"""What ARCHITECTURE.md says can be taken by itself, copied into an empty folder and imported there."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import reference_impl

SOURCE = Path(reference_impl.__file__).parent
ROW = re.compile(r"^\| `([a-z0-9_./]+)` \| ((?:`[a-z0-9_./]+`(?:, )?)+) \|$", re.MULTILINE)
# Imports every module of the folder, with no other copy of the package in reach, and tells what came from elsewhere.
IMPORT_ALL = """
import importlib, pkgutil, sys
folder = sys.argv[1]
sys.meta_path = [finder for finder in sys.meta_path if "editable" not in getattr(finder, "__module__", "")]
sys.path.insert(0, folder)
import reference_impl
for module in pkgutil.walk_packages(reference_impl.__path__, "reference_impl."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
loaded = [m for name, m in sys.modules.items() if name.partition(".")[0] in ("reference_impl", "harness")]
sys.exit([m.__name__ for m in loaded if not m.__file__.startswith(folder)] or 0)
"""


def documented() -> dict[str, list[str]]:
    """The table of ARCHITECTURE.md: each part, and what it goes with."""
    text = (SOURCE.parent / "ARCHITECTURE.md").read_text(encoding="utf-8")
    return {part: re.findall(r"`([^`]+)`", names) for part, names in ROW.findall(text) if (SOURCE / part).exists()}


def copied(names: list[str], into: Path) -> Path:
    package = into / "reference_impl"
    package.mkdir()
    for name in ("__init__.py", *names):
        if (SOURCE / name).is_dir():
            shutil.copytree(SOURCE / name, package / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(SOURCE / name, package / name)
    return package


def own_imports(file: Path) -> Iterator[str]:
    """Modules of the package that a file imports, also within functions and for types alone."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "reference_impl":
            yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names if node.module == "reference_impl")
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.partition(".")[0] == "reference_impl")


def test_the_parts_that_teams_take_are_documented() -> None:
    assert set(documented()) >= {
        "session_store/", "events/", "config/", "rotation/", "token_manager.py", "api/", "issuer/", "rfc9449/",
    }  # fmt: skip


@pytest.mark.parametrize("part", documented())
def test_a_part_works_with_the_neighbours_that_the_documents_name_and_no_other(part: str, tmp_path: Path) -> None:
    package = copied([part, *documented()[part]], tmp_path)
    for file in package.rglob("*.py"):
        for name in own_imports(file):
            place = tmp_path.joinpath(*name.split("."))
            assert place.is_dir() or place.with_suffix(".py").is_file(), f"{file.relative_to(tmp_path)} needs {name}"
    command = [sys.executable, "-I", "-W", "error", "-c", IMPORT_ALL, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr


def test_a_part_without_a_neighbour_that_it_needs_is_noticed(tmp_path: Path) -> None:
    copied(["events/", "clock.py"], tmp_path)
    command = [sys.executable, "-I", "-c", IMPORT_ALL, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert "reference_impl.database" in done.stderr
