"""What a run says that a target lacks, its description can declare absent."""

from __future__ import annotations

import ast
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.checks.registry import checks
from harness.targets.description import Capability

ROOT = Path(__file__).parents[3]
DECLARABLE = {*typing.get_args(Capability)}
# What is no property of a target of others: nothing there could declare it, or nothing needs to.
ELSEWHERE = {
    "writing": "the run's own option",
    "leave to disturb it": "the run's own option",
    "configuration": "of Authassay itself",
    "rehearsal": "of Authassay itself",
    "cooperation": "a shell of others never gives it",
    "window": "the shell's description names it, so it is a mistake there",
    "documented limits of web sessions": "of web clients, which have a port of their own",
    "readable token": "leaves out one observation, on which nothing hangs",
    "registration of one stage alone": "declared by what the description registers",
    "listener that the API could come to": "of where Authassay runs",
    "a form under way": "a login page is there wherever an issuer is",
}
NAMING = {"NotOffered": 0, "not_offered": 0, "_absent": 1, "absent": 1}  # the argument that names the capability


def _named(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            function = getattr(node.func, "attr", getattr(node.func, "id", ""))
            place = NAMING.get(function, -1)
            argument = node.args[place] if 0 <= place < len(node.args) else None
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield argument.value


def _missed() -> set[str]:
    files = [*ROOT.glob("steps/*.py"), *ROOT.glob("harness/*.py"), *ROOT.glob("harness/[!f]*/**/*.py")]
    named = {name for file in files for name in _named(file.read_text(encoding="utf-8"))}
    needs = {need for check in checks().values() for need in check.needs}
    return named | {one for need in needs for one in ((need,) if isinstance(need, str) else need)}


def test_the_source_names_the_capabilities_that_are_known_to_be_missed() -> None:
    assert {"refresh token", "revocation endpoint", "way to decline", "bus", "writing"} <= _missed()
    assert not ELSEWHERE.keys() - _missed()


@pytest.mark.parametrize("capability", sorted(_missed() - ELSEWHERE.keys()))
def test_what_a_run_says_that_a_target_lacks_can_be_declared_absent(capability: str) -> None:
    assert capability.replace(" ", "_") in DECLARABLE
