"""Faults of the harness's own evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import time_ns

from harness.evidence.audit import AuditReport
from harness.evidence.bundle import BundleWriter
from harness.faults.registry import fault
from harness.model import Finding, Verdict
from harness.observe import Redacts

Audit = Callable[[Path, Path | None], AuditReport]


@fault("F-OPS-05-b", "OPS-05.E2", "audit")
def a_replaced_artifact_is_not_noticed(real: Audit) -> Audit:
    return _blind(real, "allure-results/")


@fault("F-OPS-05-x5", "OPS-05.E2", "audit")
def a_changed_observation_is_not_noticed(real: Audit) -> Audit:
    return _blind(real, "observations.jsonl")


@fault("F-OPS-05-x6", "OPS-05.E2", "audit")
def a_changed_catalog_is_not_noticed(real: Audit) -> Audit:
    return _blind(real, "controls.json")


@fault("F-OPS-05-x7", "OPS-05.E2", "audit")
def a_changed_large_body_is_not_noticed(real: Audit) -> Audit:
    return _blind(real, "blobs/")


@fault("F-OPS-05-c", "OPS-05.E4", "attachments")
def a_har_is_attached_with_its_cookies(real: Redacts) -> Redacts:
    class Unredacted:
        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

        def text(self, text: str) -> str:
            return text

    return Unredacted()  # type: ignore[return-value]  # the rest it takes from the real one


@fault("F-OPS-05-x1", "OPS-05.E1", "writer")
def what_did_not_fail_is_written_as_passed(real: type[BundleWriter]) -> type[BundleWriter]:
    class Optimist(real):  # type: ignore[misc, valid-type]
        def finding(self, finding: Finding) -> None:
            kept = finding.verdict is Verdict.FAILED
            super().finding(finding if kept else replace(finding, verdict=Verdict.PASSED))

    return Optimist


@fault("F-OPS-05-x3", "OPS-05.E1", "writer")
def each_finding_is_written_twice_and_once_as_passed(real: type[BundleWriter]) -> type[BundleWriter]:
    class Twice(real):  # type: ignore[misc, valid-type]
        def finding(self, finding: Finding) -> None:
            super().finding(finding)
            super().finding(replace(finding, verdict=Verdict.PASSED))

    return Twice


@fault("F-OPS-05-x4", "OPS-05.E1", "writer")
def what_failed_is_written_as_passed(real: type[BundleWriter]) -> type[BundleWriter]:
    class Lenient(real):  # type: ignore[misc, valid-type]
        def finding(self, finding: Finding) -> None:
            failed = finding.verdict is Verdict.FAILED
            super().finding(replace(finding, verdict=Verdict.PASSED) if failed else finding)

    return Lenient


@fault("F-OPS-05-x2", "OPS-05.E3", "writer")
def findings_carry_the_time(real: type[BundleWriter]) -> type[BundleWriter]:
    class Timed(real):  # type: ignore[misc, valid-type]
        def finding(self, finding: Finding) -> None:
            super().finding(replace(finding, reason=f"{finding.reason} (at {time_ns()})"))

    return Timed


def _blind(real: Audit, place: str) -> Audit:
    """An audit that sees no breach at a place that begins so."""

    def audit(bundle: Path, key: Path | None) -> AuditReport:
        report = real(bundle, key)
        breaches = tuple(b for b in report.breaches if not b.place.startswith(place))
        return replace(report, breaches=breaches, holds=not breaches)

    return audit
