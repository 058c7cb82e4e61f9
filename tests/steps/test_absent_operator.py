"""On a target that nobody operates here, the scenarios of rotation and recovery end without a judgement, or a login."""

from __future__ import annotations

from typing import Any

import pytest

from harness.model import Cell, Verdict
from harness.observe import Recorder
from harness.redact import Redactor
from harness.scene import Scene
from harness.targets.base import BaseTarget
from steps import recovery, secret_rotation


@pytest.fixture
def scene() -> Scene:
    recorder = Recorder("s", Redactor(), lambda _: None)
    cell = Cell("base", "linux", "prod", "any", "any")
    return Scene("s", cell, BaseTarget(), recorder, {}, (), "pr", lambda _: None)


def judged(scene: Scene, *expectations: str) -> set[Any]:
    return {scene.check(expectation).verdict for expectation in expectations}


def test_keys_that_nobody_can_rotate_are_not_judged(scene: Scene) -> None:
    old = secret_rotation.client_with_a_secret(scene)
    load = secret_rotation.rotate_under_load(scene, old)
    secret_rotation.roll_back_under_load(scene, load)
    secret_rotation.use_the_old_after_the_end(scene, old)
    secret_rotation.withdraw(scene)
    assert judged(scene, *(f"OPS-02.E{n}" for n in range(1, 5))) == {Verdict.NOT_RUN}


def test_a_target_without_a_runbook_is_not_judged(scene: Scene) -> None:
    sessions = recovery.ten_sessions(scene)
    recovery.end_sessions(scene, sessions)
    recovery.desktop_without_storage(scene)
    recovery.repair_storage(scene)
    recovery.redeliver(scene, recovery.lose_events(scene))
    recovery.read_log(scene)
    assert judged(scene, *(f"OPS-03.E{n}" for n in range(1, 5))) == {Verdict.NOT_RUN}
