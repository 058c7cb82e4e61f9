"""Phrases about whom subscribers believe, and what operators are alerted of."""

from __future__ import annotations

from pytest_bdd import when

from harness.ports import AlertRule, Failure, Subscribers
from harness.scene import Scene


def subscribers(scene: Scene) -> Subscribers:
    return scene.port("subscribers", lambda recorder: scene.target.subscribers(recorder))


def rule(scene: Scene) -> AlertRule:
    return scene.port("alert rule", lambda recorder: scene.target.alert_rule(recorder))


@when("events like these are put on the bus of production")
def offer_events(scene: Scene, datatable: list[list[str]]) -> None:
    for (case,) in datatable:
        subscribers(scene).offer(case, "prod", case)


@when("refreshes fail in these numbers")
def feed_failures(scene: Scene, datatable: list[list[str]]) -> None:
    for case, count, minutes, accounts, reason, stage in datatable[1:]:
        step = float(minutes) * 60 / max(int(count) - 1, 1)
        failures = [Failure(n * step, n % int(accounts), n, reason) for n in range(int(count))]
        of_stage = scene.stage if stage == "own" else next(s for s in scene.target.stages if s != scene.stage)
        rule(scene).feed(case, scene.stage, failures, of_stage)
