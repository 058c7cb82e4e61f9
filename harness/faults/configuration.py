"""Faults of the comparison of documented configuration with what is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.faults.registry import fault

Document = Callable[[Path], str]
Comparison = Callable[[Path, str], Any]


@fault("F-OPS-01-b", "OPS-01.E3", "configuration comparison")
def a_list_of_reads_is_kept_from_the_first_time(real: Comparison) -> Comparison:
    kept: list[Any] = []

    def compare(root: Path, document: str) -> Any:
        kept.append(real(root, document))
        return kept[0]

    return compare


@fault("F-OPS-01-x1", "OPS-01.E1", "configuration document")
def a_row_is_forgotten(real: Document) -> Document:
    return lambda root: "\n".join(line for line in real(root).split("\n") if not line.startswith("| `AUTH_DATABASE`"))


@fault("F-OPS-01-x2", "OPS-01.E2", "configuration document")
def the_rotation_of_a_secret_is_not_told(real: Document) -> Document:
    def document(root: Path) -> str:
        lines = real(root).split("\n")
        return "\n".join(_without_rotation(line) if line.startswith("| `SST_KEY`") else line for line in lines)

    return document


def _without_rotation(row: str) -> str:
    cells = row.split("|")
    cells[5] = " "
    return "|".join(cells)
