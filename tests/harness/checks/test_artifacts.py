"""Each check of a build's artifacts: what passes, what fails, and that half searched is unknown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.model import STAGES
from harness.observations import ArtifactValues, FoundValue, Hit, Observation, SecretScan
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, judge

ALL = [f"STAGE-03.E{number}" for number in (1, 2, 3, 4)]
KINDS = tuple(f"{stage}_secret" for stage in STAGES)
SEARCHED = dict.fromkeys(STAGES, ("issuer host",))


def scan(case: str, stage: str, *hits: Hit, **about: str) -> SecretScan:
    named = {"stage": stage, **about}
    return SecretScan(case=case, about=named, places=("web.zip",), bytes=9, kinds=KINDS, hits=hits, planted_found=True)


def values(stage: str, *found: FoundValue) -> ArtifactValues:
    own = FoundValue(stage, "issuer host", "web.zip!stamp")
    about = {"stage": stage, "artifact": "web.zip"}
    return ArtifactValues(
        case="a build", about=about, sha256="0" * 64, bytes=9, files=2, searched=SEARCHED, found=(own, *found),
        planted_found=True,
    )  # fmt: skip


def whole(**changes: Observation) -> list[Observation]:
    seen: dict[str, Observation] = {}
    for stage in STAGES:
        seen[f"scan_{stage}"] = scan("a build", stage, artifact="web.zip")
        seen[f"values_{stage}"] = values(stage)
        seen[f"log_{stage}"] = scan("a build: log", stage)
    return list((seen | changes).values())


def hit(stage: str) -> Hit:
    return Hit("web.zip!app.js", f"{{{{{stage}_secret:0123456789abcdef:32}}}}")


@pytest.mark.parametrize("expectation", ALL)
def test_artifacts_of_their_own_stage_alone_pass(expectation: str) -> None:
    assert_passed(judge(expectation, whole()))


@pytest.mark.parametrize("expectation", ALL)
def test_nothing_observed_is_unknown(expectation: str) -> None:
    assert_unknown(judge(expectation, []))


def test_a_secret_of_production_in_another_build_fails() -> None:
    seen = whole(scan_staging=scan("a build", "staging", hit("prod"), artifact="web.zip"))
    assert_failed(judge("STAGE-03.E1", seen), "staging, web.zip: {{prod_secret")
    assert_passed(judge("STAGE-03.E2", seen))


def test_a_host_of_production_in_another_build_fails() -> None:
    seen = whole(values_dev=values("dev", FoundValue("prod", "API host", "web.zip!stamp")))
    assert_failed(judge("STAGE-03.E1", seen), "production's API host")
    assert_failed(judge("STAGE-03.E4", seen), "API host of prod")


@pytest.mark.parametrize("stage", STAGES)
def test_a_secret_of_the_own_stage_fails(stage: str) -> None:
    seen = whole(**{f"scan_{stage}": scan("a build", stage, hit(stage), artifact="web.zip")})
    assert_failed(judge("STAGE-03.E2", seen), f"{stage}, web.zip: {{{{{stage}_secret")


def test_a_secret_in_the_log_fails() -> None:
    seen = whole(log_dev=scan("a build: log", "dev", replace(hit("dev"), place="stdout")))
    assert_failed(judge("STAGE-03.E3", seen), "in the log's stdout")


def test_a_value_of_a_neighbour_fails() -> None:
    seen = whole(values_prod=values("prod", FoundValue("dev", "bus", "desktop.zip!a.py")))
    assert_failed(judge("STAGE-03.E4", seen), "bus of dev in desktop.zip!a.py")
    assert_passed(judge("STAGE-03.E1", seen))


@pytest.mark.parametrize("fields", [{"planted_found": False}, {"kinds": KINDS[:1]}, {"bytes": 0}])
@pytest.mark.parametrize(("expectation", "name"), [(ALL[0], "scan_dev"), (ALL[1], "scan_prod"), (ALL[2], "log_prod")])
def test_a_search_that_could_not_have_found_anything_is_unknown(
    expectation: str, name: str, fields: dict[str, Any]
) -> None:
    stage = name.partition("_")[2]
    sound = scan("a build: log", stage) if name.startswith("log") else scan("a build", stage, artifact="web.zip")
    assert_unknown(judge(expectation, whole(**{name: replace(sound, **fields)})))


@pytest.mark.parametrize("fields", [{"planted_found": False}, {"files": 0}, {"searched": {}}])
@pytest.mark.parametrize("expectation", [ALL[0], ALL[3]])
def test_values_that_were_not_looked_for_are_unknown(expectation: str, fields: dict[str, Any]) -> None:
    assert_unknown(judge(expectation, whole(values_dev=replace(values("dev"), **fields))))


def test_an_artifact_without_its_own_values_shows_nothing() -> None:
    assert_unknown(judge("STAGE-03.E4", whole(values_dev=replace(values("dev"), found=()))))
