"""What several phrases do while time passes: wait on the target's clock, and watch until something takes effect."""

from __future__ import annotations

import time
from collections.abc import Mapping

from harness.ports import Clock
from harness.probes.noted_clock import NotedClock
from harness.scene import Scene
from steps.token import issuer

BETWEEN = 2.0  # seconds between two looks


def clock_of(scene: Scene) -> Clock:
    """The target's clock; what it is set forward by is noted."""
    return scene.port("clock", lambda recorder: NotedClock(scene.target.clock(), recorder))


def use_until_refused(scene: Scene, case: str, access: str, began: float, about: Mapping[str, str]) -> None:
    """Call the API with a token that was revoked at `began` (monotonic seconds), again and again until it is refused or
    the bound is over. The last exchange of `case` tells how it ended, and by `waited` whether that is the end."""
    bound, patience = scene.parameter("revoke_bound"), scene.target.patience
    while True:
        after = time.monotonic() - began
        waited = "in full" if patience is None or after >= bound else "in part"
        told = {**about, "after": f"{after:.3f}", "waited": waited}
        answer = issuer(scene).call_api(case, access, **told)
        if answer.status != 200 or waited == "in full" or (patience is not None and after >= patience):
            return
        time.sleep(min(BETWEEN, max(bound - after, 0.05)))
