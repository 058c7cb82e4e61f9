"""Phrases about whom subscribers believe, and what operators are alerted of."""

from __future__ import annotations

from pytest_bdd import when

from harness.ports import AlertRule, Failure, Subscribers
from harness.scene import Scene
from steps.effects import clock_of

AFTER = 2.0  # seconds


def subscribers(scene: Scene) -> Subscribers:
    return scene.port("subscribers", lambda recorder: scene.target.subscribers(recorder))


def rule(scene: Scene) -> AlertRule:
    return scene.port("alert rule", lambda recorder: scene.target.alert_rule(recorder))


@when("events like these are put on the bus of production")
def offer_events(scene: Scene, datatable: list[list[str]]) -> None:
    for (case,) in datatable:
        subscribers(scene).offer(case, "prod", case)


@when("these follow, once the signing key was rotated and has ended")
def offer_after_the_end(scene: Scene, datatable: list[list[str]]) -> None:
    with scene.where_offered():
        operator = scene.port("rotation", lambda recorder: scene.target.rotation("prod", recorder))
        plan, clock = operator.rotate("planned rotation", "signing-key"), clock_of(scene)
        clock.advance("prod", max(plan.ending.values()) - clock.now("prod") + AFTER)
        offer_events(scene, datatable)


@when("refreshes fail in these numbers")
def feed_failures(scene: Scene, datatable: list[list[str]]) -> None:
    for case, count, minutes, accounts, reason, stage in datatable[1:]:
        step = float(minutes) * 60 / max(int(count) - 1, 1)
        failures = [Failure(n * step, n % int(accounts), n, reason) for n in range(int(count))]
        of_stage = scene.stage if stage == "own" else next(s for s in scene.target.stages if s != scene.stage)
        rule(scene).feed(case, scene.stage, failures, of_stage)
