"""The catalog with its coverage: which scenarios, check and faults each expectation has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from harness.checks import registry
from harness.features import ScenarioPlan
from harness.model import Catalog

__all__ = ["coverage_json", "coverage_markdown", "coverage_table"]

Faults = Mapping[str, tuple[str, ...]]


def coverage_json(catalog: Catalog, scenarios: Sequence[ScenarioPlan], faults: Faults) -> dict[str, Any]:
    """What `controls --json` prints."""
    checks = registry.checks()
    by_expectation: dict[str, list[str]] = {}
    for scenario in scenarios:
        for expectation in scenario.expectations:
            by_expectation.setdefault(expectation, []).append(f"{scenario.file.stem}: {scenario.name}")
    return {
        "controls": [
            {
                "id": control.id,
                "severity": control.severity,
                "title": control.title,
                "expectations": [
                    {
                        "id": e.id,
                        "scenarios": by_expectation.get(e.id, []),
                        "check": checks[e.id].digest if e.id in checks else None,
                        "faults": list(faults.get(e.id, ())),
                        "guard": e.guard,
                    }
                    for e in control.expectations
                ],
            }
            for control in catalog.controls.values()
        ]
    }


def _rows(catalog: Catalog, scenarios: Sequence[ScenarioPlan], faults: Faults) -> list[tuple[str, str, str, str, str]]:
    """(control, severity, title, expectations judged, expectations proven) of every control."""
    rows = []
    for control in coverage_json(catalog, scenarios, faults)["controls"]:
        expectations = control["expectations"]
        judged = [e for e in expectations if e["scenarios"] and e["check"]]
        proven = [e for e in judged if e["faults"] or e["guard"]]
        total = len(expectations)
        rows.append(
            (
                control["id"],
                control["severity"].value,
                control["title"],
                f"{len(judged)}/{total}",
                f"{len(proven)}/{total}",
            )
        )
    return rows


def coverage_table(catalog: Catalog, scenarios: Sequence[ScenarioPlan], faults: Faults) -> Table:
    """A row per control; what is not judged yet is dim."""
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for name in ("control", "severity", "title", "judged", "faults seeded"):
        table.add_column(name)
    for *cells, judged, proven in _rows(catalog, scenarios, faults):
        style = "dim" if judged.startswith("0/") else ""
        table.add_row(*(Text(cell, style=style) for cell in (*cells, judged, proven)))
    return table


def coverage_markdown(catalog: Catalog, scenarios: Sequence[ScenarioPlan], faults: Faults) -> str:
    """The same as a Markdown table."""
    head = "| control | severity | title | judged | faults seeded |\n|---|---|---|---|---|"
    return "\n".join([head, *("| " + " | ".join(row) + " |" for row in _rows(catalog, scenarios, faults))])
