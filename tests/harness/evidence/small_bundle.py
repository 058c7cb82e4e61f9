"""A small real bundle: two workers, five scenarios, findings of every verdict."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from harness.evidence.audit import AuditReport, audit
from harness.evidence.bundle import BundleWriter, Planned, write_controls, write_kill_matrix
from harness.model import (
    Basis,
    Catalog,
    Control,
    Expectation,
    Finding,
    Judgement,
    Parameter,
    Severity,
    Verdict,
)
from harness.observations import HttpExchange, Observation

CELL = "reference/linux/dev/any/any"
CHECK = "check_status 0123456789abcdef"
CHECKS = {f"TOKEN-01.E{number}": CHECK for number in range(1, 6)}
PREDICATE = {"cells": [CELL], "targets": {"reference": "1"}, "digests": {"checks": CHECKS}}


def judge(expectation: str, observations: Iterable[Observation], parameters: Mapping[str, Parameter]) -> Judgement:
    """Passed where every answer has the status that the policy wants."""
    statuses = [seen.status for seen in observations if isinstance(seen, HttpExchange)]
    wanted = parameters["status"].value if "status" in parameters else None
    if not statuses:
        return Judgement(Verdict.UNKNOWN, "nothing was observed")
    verdict = Verdict.PASSED if all(status == wanted for status in statuses) else Verdict.FAILED
    return Judgement(verdict, f"{expectation} answered {statuses}")


def digest(expectation: str) -> str:
    return CHECK


def small_catalog() -> Catalog:
    expectations = tuple(Expectation(f"TOKEN-01.E{number}", "it answers") for number in range(1, 6))
    control = Control(
        id="TOKEN-01",
        area="token",
        title="Answers",
        requirement="The issuer answers.",
        seed="tokens",
        severity=Severity.HIGH,
        given="an issuer",
        stimulus="a request",
        expectations=expectations,
    )
    return Catalog({"TOKEN-01": control}, {"status": Parameter("status", 200, "", "RFC 9110 §15")}, "d" * 64)


def exchange(scenario: str, number: int, status: int, body: str = "", trial: int = 1) -> HttpExchange:
    url = "https://issuer.localhost/token"
    return HttpExchange(
        case="call", id=f"{scenario}#{number}", trial=trial, method="GET", url=url, status=status, body=body
    )


def play(writer: BundleWriter, expectation: str, *statuses: int, body: str = "", trials: int = 1) -> None:
    """One scenario that sees these statuses in each trial, and is judged by them."""
    scenario = f"token/{expectation}@{CELL}"
    writer.scenario_started(scenario)
    told = [(trial, status) for trial in range(1, trials + 1) for status in statuses]
    seen = [exchange(scenario, number, status, body, trial) for number, (trial, status) in enumerate(told, 1)]
    for observation in seen:
        writer.observation(observation)
    judgement = judge(expectation, seen, small_catalog().parameters)
    ids = tuple(observation.id for observation in seen)
    writer.finding(Finding(expectation, CELL, judgement.verdict, Basis.MACHINE, judgement.reason, scenario, ids, CHECK))
    writer.scenario_finished(scenario, judgement.verdict)


def plan() -> list[Planned]:
    scenarios = [Planned(f"TOKEN-01.E{n}", CELL, f"token/TOKEN-01.E{n}@{CELL}") for n in range(1, 4)]
    return [*scenarios, Planned("TOKEN-01.E4", CELL), Planned("TOKEN-01.E5", CELL)]


def write_run(folder: Path, trials: int = 1) -> None:
    """All that a run writes before it is sealed, where what failed was gone through this many times."""
    main, other = BundleWriter(folder), BundleWriter(folder, "gw1")
    main.run_started(plan(), "reference", {"python": "3.11"})
    play(main, "TOKEN-01.E1", 200, 200)
    play(other, "TOKEN-01.E2", 200, 500, trials=trials)
    play(other, "TOKEN-01.E3", 200, body="x" * 70_000)
    main.finding(Finding("TOKEN-01.E4", CELL, Verdict.NOT_RUN, Basis.MACHINE, "no scenario yet"))
    main.finding(Finding("TOKEN-01.E5", CELL, Verdict.PASSED, Basis.ATTESTED, "seen by a person"))
    main.run_finished()
    other.close()
    main.close()
    write_controls(folder, small_catalog())
    write_kill_matrix(folder, {"faults": []})
    (folder / "allure-results").mkdir()
    (folder / "allure-results" / "a-result.json").write_text('{"name": "a scenario"}')


@dataclass(frozen=True)
class Sealed:
    """A sealed bundle, and the public key of its signer."""

    folder: Path
    public_key: Path

    def audit(self, key: Path | None = None) -> AuditReport:
        return audit(self.folder, key or self.public_key, judge, digest)

    def zipped(self) -> Sealed:
        path = self.folder.with_suffix(".zip")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(self.folder.rglob("*")):
                archive.write(file, file.relative_to(self.folder))
        return replace(self, folder=path)
