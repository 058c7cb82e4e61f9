"""What may stand in the catalog's files: the tables as people write them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from harness.model import Control, Expectation, Parameter, SeededFault, Severity, Source
from harness.toml_models import Text, Written

__all__ = ["ControlTable", "ParameterTable"]

Number = Annotated[float, Field(ge=0)]


class SourceTable(Written):
    ref: Text
    status: Text


class FaultTable(Written):
    id: Text
    defect: Text
    caught_by: Text


class ControlTable(Written):
    """One `[[control]]`. Expectations are numbered inside it; the model has them with the control's id before it."""

    id: Text
    title: Text
    severity: Literal["high", "medium", "low"]
    requirement: Text
    seed: Text
    given: Text
    stimulus: Text
    expect: Annotated[dict[str, Text], Field(min_length=1)]
    observe: list[Text] = Field(default_factory=list)
    evidence: list[Text] = Field(default_factory=list)
    targets: list[Literal["issuer", "api/sync", "web", "desktop", "any"]]
    matrix: list[Literal["os", "stage", "browser", "store"]]
    source: Annotated[list[SourceTable], Field(min_length=1)]
    fault: list[FaultTable] = Field(default_factory=list)
    guard: dict[str, Text] = Field(default_factory=dict)
    risk_rank: Annotated[int, Field(ge=1)] | None = None
    notes: str = ""

    def control(self, area: str) -> Control:
        return Control(
            id=self.id,
            area=area,
            title=self.title,
            requirement=self.requirement,
            seed=self.seed,
            severity=Severity(self.severity),
            given=self.given,
            stimulus=self.stimulus,
            expectations=tuple(
                Expectation(f"{self.id}.{number}", text, self.guard.get(number)) for number, text in self.expect.items()
            ),
            faults=tuple(SeededFault(f.id, f.defect, f"{self.id}.{f.caught_by}") for f in self.fault),
            sources=tuple(Source(source.ref, source.status) for source in self.source),
            observe=tuple(self.observe),
            evidence=tuple(self.evidence),
            targets=tuple(self.targets),
            matrix=tuple(self.matrix),
            risk_rank=self.risk_rank,
            notes=self.notes,
        )


class ParameterTable(Written):
    """One table of policy.toml, named by the parameter."""

    value: Number
    unit: Literal["s", "B", "entries", "events"]
    basis: Text
    ceiling: Number | None = None

    def parameter(self, name: str) -> Parameter:
        return Parameter(name, float(self.value), self.unit, self.basis, _float(self.ceiling))


def _float(value: float | None) -> float | None:
    return None if value is None else float(value)
