"""Faults reach the parts of the reference, in this process and in children."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.faults import launch, registry
from harness.faults.launch import command, parts_of
from harness.faults.registry import Fault, load_faults
from reference_impl.parts import Part, Parts

FAULT = """
from harness.faults import fault

@fault("F-MY-1", "TOKEN-01.E1", "code store", stages=("prod",))
def broken(real):
    return f"broken {real}"
"""


def fault(id: str, part: str, word: str, stages: tuple[str, ...] = ("dev", "prod"), source: str = "my.py") -> Fault:
    return Fault(id, "TOKEN-01.E1", part, lambda real: f"{word} {real}", stages, word, source)


def test_a_fault_replaces_its_part_and_no_other() -> None:
    parts = parts_of([fault("F-1", "code store", "broken")])
    assert parts.choose(Part.CODE_STORE, "store") == "broken store"
    assert parts.choose(Part.TOKEN_STORE, "store") == "store"


def test_a_fault_concerns_its_stages_only() -> None:
    faults = [fault("F-1", "code store", "broken")]
    assert parts_of(faults, "prod").choose(Part.CODE_STORE, "store") == "broken store"
    assert parts_of(faults, "staging").choose(Part.CODE_STORE, "store") == "store"


def test_several_faults_of_one_part_are_applied_in_their_order() -> None:
    parts = parts_of([fault("F-1", "code store", "first"), fault("F-2", "code store", "second")])
    assert parts.choose(Part.CODE_STORE, "store") == "second first store"


def test_faults_of_the_harness_leave_the_reference_alone() -> None:
    assert parts_of([fault("F-1", "audit", "blind")]).replacements == {}


def test_a_child_without_faults_is_the_program_itself() -> None:
    assert command("reference_impl", [], "--x") == [sys.executable, "-m", "reference_impl", "--x"]


def test_a_child_is_told_its_faults_and_the_files_that_they_are_in() -> None:
    own = load_faults()["F-TOKEN-01-a"]
    assert Path(own.source).name == "token.py"
    argv = command("reference_impl", [own, fault("F-1", "code store", "broken", source="/home/me/my.py")], "--x")
    assert argv[1:3] == ["-m", "harness.faults.launch"]
    assert argv[3:7] == ["--fault", "F-TOKEN-01-a", "--fault", "F-1"]
    assert argv[7:] == ["--from", "/home/me/my.py", "reference_impl", "--x"]


def test_a_child_runs_the_program_with_its_arguments_and_its_faulty_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "my_faults.py"
    own.write_text(FAULT, encoding="utf-8")
    seen: dict[str, object] = {}

    def program(environ: Mapping[str, str], parts: Parts, arguments: list[str]) -> int:
        seen.update(stage=environ["AUTH_STAGE"], chosen=parts.choose(Part.CODE_STORE, "store"), arguments=arguments)
        return 7

    monkeypatch.setitem(sys.modules, "a_program.__main__", SimpleNamespace(main=program))
    monkeypatch.setenv("AUTH_STAGE", "prod")
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))
    monkeypatch.setattr(sys, "argv", [])
    argv = ["--fault", "F-MY-1", "--from", str(own), "a_program", "--x", "1"]
    assert launch.main(argv) == 7
    assert seen == {"stage": "prod", "chosen": "broken store", "arguments": ["--x", "1"]}
    assert sys.argv == ["a_program", "--x", "1"]
