"""Judgements about what is packed into a build's artifacts."""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import STAGES, Judgement
from harness.observations import ArtifactValues, SecretScan
from harness.observe import MissingObservation, Record

PRODUCTION = "prod"
BUILD = "a build"


@check("STAGE-03.E1", "ASVS 5.0.0 13.3.1, ISO 27001:2022 A.8.31")
def nothing_of_production_in_other_builds(seen: Record, parameters: Parameters) -> Judgement:
    complaints, count = [], 0
    for stage in (stage for stage in STAGES if stage != PRODUCTION):
        for scan in _scans(seen, stage):
            count += 1
            told = f"{stage}, {scan.about['artifact']}"
            complaints += [
                Complaint(f"{told}: {hit.mark} in {hit.place}", scan)
                for hit in scan.hits
                if _kind(hit.mark) == f"{PRODUCTION}_secret"
            ]
        for values in _values(seen, stage):
            complaints += [
                Complaint(f"{stage}, {values.about['artifact']}: production's {one.what} in {one.place}", values)
                for one in values.found
                if one.stage == PRODUCTION
            ]
    return conclude(complaints, f"{count} artifacts of other stages hold nothing of production")


@check("STAGE-03.E2", "ASVS 5.0.0 13.3.1, RFC 8252 §8.5")
def no_confidential_secret_in_clients(seen: Record, parameters: Parameters) -> Judgement:
    complaints, count = [], 0
    for stage in STAGES:
        for scan in _scans(seen, stage):
            count += 1
            complaints += [
                Complaint(f"{stage}, {scan.about['artifact']}: {hit.mark} in {hit.place}", scan)
                for hit in scan.hits
                if _kind(hit.mark) == f"{stage}_secret"
            ]
    return conclude(complaints, f"{count} artifacts hold no secret of their own stage")


@check("STAGE-03.E3", "ISO 27001:2022 A.8.12")
def no_secret_in_the_log(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for stage in STAGES:
        scan = _searched(seen.one(SecretScan, f"{BUILD}: log", stage=stage))
        complaints += [Complaint(f"{stage}: {hit.mark} in the log's {hit.place}", scan) for hit in scan.hits]
    return conclude(complaints, f"the logs of {len(STAGES)} builds hold no secret")


@check("STAGE-03.E4", "ISO 27001:2022 A.8.31")
def only_the_own_stages_values(seen: Record, parameters: Parameters) -> Judgement:
    complaints, count = [], 0
    for stage in STAGES:
        found = [(values, one) for values in _values(seen, stage) for one in values.found]
        if not any(one.stage == stage for _, one in found):
            raise MissingObservation(f"{stage}: its own values were not found in any artifact")
        count += len(found)
        complaints += [
            Complaint(f"{stage}, {values.about['artifact']}: {one.what} of {one.stage} in {one.place}", values)
            for values, one in found
            if one.stage != stage
        ]
    return conclude(complaints, f"{count} values of stages were found, each in its own stage's artifacts")


def _scans(seen: Record, stage: str) -> Iterator[SecretScan]:
    """The search of each of the stage's artifacts for secrets. Raises MissingObservation."""
    yield from (_searched(scan) for scan in seen.of(SecretScan, BUILD, stage=stage))


def _values(seen: Record, stage: str) -> Iterator[ArtifactValues]:
    """The search of each of the stage's artifacts for values. Raises MissingObservation."""
    for values in seen.of(ArtifactValues, BUILD, stage=stage):
        if not values.planted_found or set(values.searched) != set(STAGES) or not values.files:
            raise MissingObservation(f"{stage}: {values.about['artifact']} was not searched for values of each stage")
        yield values


def _searched(scan: SecretScan) -> SecretScan:
    if not scan.planted_found or len(scan.kinds) < len(STAGES) or not scan.bytes:
        raise MissingObservation(f"{scan.case} was not searched for secrets: {scan.about.get('unscanned', '')}")
    return scan


def _kind(mark: str) -> str:
    return mark.strip("{}").partition(":")[0]
