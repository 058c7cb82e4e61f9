"""The catalog as one static page: what is required, on what ground, and how far it is verified."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from harness.features import ScenarioPlan
from harness.model import Catalog, Control, Expectation, Parameter

__all__ = ["render_catalog"]

TEMPLATES = Path(__file__).resolve().parents[2] / "reports" / "templates"
AREAS = {
    "stage": "Stages",
    "store": "Secure storage",
    "token": "Tokens",
    "web": "Web client",
    "bridge": "Desktop bridge",
    "sync": "Synchronisation",
    "event": "Events",
    "settings": "Settings",
    "ops": "Operation",
}


@dataclass(frozen=True)
class Coverage:
    """One expectation with what verifies it: scenarios by name, whether a check judges it, seeded faults by id."""

    expectation: Expectation
    scenarios: tuple[str, ...]
    checked: bool
    faults: tuple[str, ...]

    @property
    def verified(self) -> bool:
        return bool(self.scenarios) and self.checked

    @property
    def state(self) -> str:
        """`none` (nothing verifies it), `proven` (a fault makes it fail), `guard` (no fault can), else `unproven`."""
        if not self.verified:
            return "none"
        if self.faults:
            return "proven"
        return "guard" if self.expectation.guard else "unproven"


@dataclass(frozen=True)
class Entry:
    """A control with the coverage of its expectations; `open_faults` are those of the catalog that are not seeded."""

    control: Control
    coverage: tuple[Coverage, ...]
    open_faults: tuple[str, ...]

    @property
    def state(self) -> str:
        """The weakest state among its expectations."""
        states = {coverage.state for coverage in self.coverage}
        return next(state for state in ("none", "unproven", "guard", "proven") if state in states)

    @property
    def verified(self) -> int:
        return sum(coverage.verified for coverage in self.coverage)


@dataclass(frozen=True)
class Area:
    name: str
    title: str
    entries: tuple[Entry, ...]

    @property
    def verified(self) -> int:
        """Controls of which every expectation is verified."""
        return sum(entry.state != "none" for entry in self.entries)


def render_catalog(
    catalog: Catalog,
    scenarios: Iterable[ScenarioPlan],
    checks: Collection[str],
    faults: Mapping[str, tuple[str, ...]],
) -> str:
    """The page as HTML that asks for nothing outside itself.

    `checks` are the expectations that have a check; `faults` maps an expectation to the ids of its seeded faults.
    """
    plans = tuple(scenarios)
    areas = _areas([_entry(control, plans, checks, faults) for control in catalog.controls.values()])
    coverage = [each for area in areas for entry in area.entries for each in entry.coverage]
    counts = {state: sum(each.state == state for each in coverage) for state in ("proven", "guard", "unproven", "none")}
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        amount=_amount, csp_hash=_csp_hash, linked=lambda text: _linked(text, catalog.parameters), standing=_standing
    )
    template = environment.get_template("catalog.html.j2")
    return template.render(catalog=catalog, areas=areas, counts=counts, total=len(coverage))


def _entry(
    control: Control,
    scenarios: Collection[ScenarioPlan],
    checks: Collection[str],
    faults: Mapping[str, tuple[str, ...]],
) -> Entry:
    coverage = tuple(
        Coverage(
            expectation=expectation,
            scenarios=tuple(plan.name for plan in scenarios if expectation.id in plan.expectations),
            checked=expectation.id in checks,
            faults=tuple(faults.get(expectation.id, ())),
        )
        for expectation in control.expectations
    )
    seeded = {id for each in coverage for id in each.faults}
    return Entry(control, coverage, tuple(fault.id for fault in control.faults if fault.id not in seeded))


def _areas(entries: Iterable[Entry]) -> list[Area]:
    """The areas in the order of the specification; one that it does not know comes last."""
    by_area: dict[str, list[Entry]] = {area: [] for area in AREAS}
    for entry in entries:
        by_area.setdefault(entry.control.area, []).append(entry)
    return [Area(name, AREAS.get(name, name), tuple(its)) for name, its in by_area.items() if its]


def _standing(status: str) -> str:
    """How far the text of a source was checked: `verified`, `secondary` or `memory`."""
    return {"verified": "verified", "secondary": "secondary"}.get(status.partition(":")[0], "memory")


def _linked(text: str, parameters: Mapping[str, Parameter]) -> Markup:
    """The text with every `P.name` linked to the parameter."""

    def link(match: re.Match[str]) -> str:
        name = match[1]
        return f'<a href="#P.{name}">{match[0]}</a>' if name in parameters else match[0]

    return Markup(re.sub(r"\bP\.(\w+)", link, str(escape(text))))


def _amount(value: float, unit: str) -> str:
    """`3,600 s`, and beside it the same in hours or days where that reads better."""
    plain = f"{value:,.10g} {unit}"
    for size, name, least in ((86400, "d", 2), (3600, "h", 1), (60, "min", 2)):
        if unit == "s" and value >= least * size and value % size == 0:
            return f"{plain} ({value / size:g} {name})"
    return plain


def _csp_hash(script: str) -> str:
    """The digest by which a content security policy admits this script and no other (CSP Level 3 §6.7.3.3)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
