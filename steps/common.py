"""The phrase that judges, which every feature uses."""

from __future__ import annotations

from pytest_bdd import parsers, then

from harness.scene import Scene


@then(parsers.re(r"(?P<expectation>[A-Z]+-\d\d\.E\d+) holds: (?P<words>.+)"))
def verify_expectation(scene: Scene, expectation: str, words: str) -> None:
    """Judge the expectation by all that the scenario observed so far; the finding is recorded, never raised."""
    scene.check(expectation)
