"""A small run for the reports: findings of every verdict, observations with hostile strings, faults, a decision."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.model import (
    Basis,
    Catalog,
    Control,
    Decision,
    Expectation,
    Finding,
    Parameter,
    Policy,
    Reason,
    SeededFault,
    Severity,
    Source,
    Verdict,
)
from harness.observations import HttpExchange, Observation, TokenFacts
from harness.report.report_input import ReportInput, RunFacts, SealFacts

HOSTILE = "<script>alert(1)</script>\"'><img src=http://evil.example/x onerror=alert(1)>\x1b[31m\u202e|`[x](http://e)"
DEV, PROD = "reference/linux/dev/any/any", "reference/linux/prod/any/any"


def control(id: str, count: int, **other: object) -> Control:
    expectations = tuple(Expectation(f"{id}.E{n}", f"{id} expectation {n}") for n in range(1, count + 1))
    values: dict[str, object] = {
        "id": id,
        "area": id.split("-")[0].lower(),
        "title": f"Title of {id}",
        "requirement": f"{id} MUST hold within P.leeway.",
        "seed": "",
        "severity": Severity.HIGH,
        "given": "An issuer.",
        "stimulus": "A request.",
        "expectations": expectations,
        **other,
    }
    return Control(**values)  # type: ignore[arg-type]  # the values above are of the right types


def finding(
    expectation: str, cell: str, verdict: Verdict, reason: str = "as it should be", numbers: int = 2
) -> Finding:
    scenario = f"token/A scenario of {expectation.split('.')[0]}@{cell}"
    ids = tuple(f"{scenario}#{n}" for n in range(1, numbers + 1))
    return Finding(expectation, cell, verdict, Basis.MACHINE, reason, scenario, ids, "check_it 0123456789abcdef")


def observations_of(findings: tuple[Finding, ...], body: str) -> dict[str, Observation]:
    found: dict[str, Observation] = {}
    for id in {id for finding in findings for id in finding.observations}:
        found[id] = HttpExchange(
            id=id, case="a request", method="GET", url="https://id.dev.localhost/authorize?x=1", status=302, body=body
        )
    return found


@pytest.fixture
def catalog() -> Catalog:
    sources = (Source("RFC 7636 §4.4.1", "verified: RFC text"), Source("SOC 2 CC6.1", "secondary: quoting pages"))
    faults = (SeededFault("F-TOKEN-01-a", "PKCE is optional.", "TOKEN-01.E1"),)
    controls = (
        control("TOKEN-01", 2, sources=sources, faults=faults),
        control("TOKEN-02", 1),
        control("EVENT-01", 1),
        control("STORE-01", 1),
        control("WEB-01", 1),
        control("WEB-09", 1),
    )
    leeway = Parameter("leeway", 60, "s", "RFC 9068 §4", 300)
    return Catalog({each.id: each for each in controls}, {"leeway": leeway}, "d" * 64)


@pytest.fixture
def findings() -> tuple[Finding, ...]:
    bare = Finding("WEB-09.E1", "reference/linux/any/any/any", Verdict.NOT_RUN, Basis.MACHINE, "no scenario yet")
    return (
        finding("TOKEN-01.E1", DEV, Verdict.PASSED),
        finding("TOKEN-01.E1", PROD, Verdict.FAILED, f"a request was answered with {HOSTILE}"),
        finding("TOKEN-01.E2", DEV, Verdict.PASSED),
        finding("TOKEN-01.E2", PROD, Verdict.PASSED),
        finding("TOKEN-02.E1", DEV, Verdict.PASSED),
        finding("EVENT-01.E1", DEV, Verdict.UNKNOWN, "no BusCapture observation of 'a login'"),
        finding("STORE-01.E1", DEV, Verdict.NOT_RUN, "no Secret Service", 0),
        finding("WEB-01.E1", DEV, Verdict.NOT_APPLICABLE, "the target has no web client", 0),
        bare,
    )


@pytest.fixture
def report(catalog: Catalog, findings: tuple[Finding, ...]) -> ReportInput:
    seen = observations_of(findings, HOSTILE + "z" * 5_000)
    token = TokenFacts(
        id=findings[0].observations[0],
        case="the first token",
        token="{{access_token:1a2b3c4d5e6f7081:412}}",
        token_kind="access_token",
        form="jwt",
    )
    killed = {"id": "F-TOKEN-01-a", "expectation": "TOKEN-01.E1", "verdict": "killed", "defect": "PKCE is optional."}
    return ReportInput(
        facts=RunFacts("reference, self", "reference 0.1.0, self 0.1.0", started="2026-11-22T10:00:00+00:00"),
        catalog=catalog,
        findings=findings,
        observations={**seen, token.id: token},
        seal=SealFacts("bundle", "bundle.pub", True),
        decision=Decision(False, (Reason("failed", "TOKEN-01.E1", "mend it"), Reason("unproven", "TOKEN-02", "x"))),
        policy=Policy("default", ("TOKEN-*",)),
        kill_matrix={"faults": [{**killed, "failed": ["TOKEN-01.E1"], "reason": "r"}], "false_alarms": []},
    )


@pytest.fixture
def many() -> Callable[[int, str], tuple[tuple[Finding, ...], dict[str, Observation]]]:
    """So many cells of one failed expectation, each with 20 observations with this body."""

    def make(cells: int, body: str) -> tuple[tuple[Finding, ...], dict[str, Observation]]:
        found = tuple(
            finding("TOKEN-01.E1", f"reference/linux/dev/any/store-{n}", Verdict.FAILED, "no", 20) for n in range(cells)
        )
        return found, observations_of(found, body)

    return make
