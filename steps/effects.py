"""What several phrases do while time passes: wait on the target's clock, and watch until something takes effect."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from harness.ports import Clock, Issuer
from harness.probes.noted_clock import NotedClock
from harness.probes.stage_address import Route
from harness.scene import Scene
from steps.token import issuer

BETWEEN = 2.0  # seconds between two looks


def clock_of(scene: Scene) -> Clock:
    """The target's clock; what it is set forward by is noted."""
    return scene.port("clock", lambda recorder: NotedClock(scene.target.clock(), recorder, scene.target.stages))


def use_until_refused(scene: Scene, case: str, access: str, began: float, about: Mapping[str, str]) -> None:
    """Call the API with a token that was revoked at `began` (monotonic seconds), again and again until it is refused or
    the bound is over. The last exchange of `case` tells how it ended, and by `waited` whether that is the end. What
    else the API serves is asked once it refused, as `elsewhere`, so many routes as the last exchange tells."""
    at, bound, patience = issuer(scene), scene.parameter("revoke_bound"), scene.target.patience
    routes = (*(Route("GET", path) for path in at.address.api_data), *at.address.api_routes)
    while True:
        after = time.monotonic() - began
        waited = "in full" if patience is None or after >= bound else "in part"
        told = {**about, "after": f"{after:.3f}", "waited": waited, "elsewhere": str(len(routes))}
        answer = at.call_api(case, access, **told)
        if answer.status != 200 or waited == "in full" or (patience is not None and after >= patience):
            break
        time.sleep(min(BETWEEN, max(bound - after, 0.05)))
    if answer.status != 200:
        for route in routes:
            ask_elsewhere(at, f"{case}: elsewhere", route, access, about)


def ask_elsewhere(at: Issuer, case: str, route: Route, access: str, about: Mapping[str, str]) -> None:
    """Call another route of the API with the token."""
    told: dict[str, Any] = {"role": "api", **about}
    headers = {"Authorization": f"Bearer {access}"}
    at.new_agent().send(case, route.method, f"{at.address.api}{route.path}", json=route.body, headers=headers, **told)
