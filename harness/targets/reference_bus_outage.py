"""A bus that the reference's stages cannot reach: their own client of EventBridge meets it below boto3's retries."""

from __future__ import annotations

import threading
from typing import Any

from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from harness.errors import TargetError, nearest
from harness.observe import Recorder
from harness.probes.played_bus import answer_of
from harness.probes.scripted_bus import HOOK
from harness.targets.reference_host import ReferenceHost

__all__ = ["ReferenceBusOutage"]

ERRORS = {"503": (503, "ServiceUnavailable"), "throttling": (400, "ThrottlingException")}
KINDS = ("refused", "hanging", *ERRORS)
HANGS = 4.0  # seconds, less than the client's own limit


class ReferenceBusOutage:
    """One outage at a time and stage."""

    def __init__(self, target: ReferenceHost, recorder: Recorder) -> None:
        self._target = target
        self._kinds: dict[str, str] = {}
        self._over = threading.Event()

    def begin(self, stage: str, kind: str) -> None:
        """From now on the stage's client is answered so."""
        if kind not in KINDS:
            raise TargetError(f"the reference knows no outage {kind!r} ({nearest(kind, KINDS)})")
        self._over.clear()
        self._kinds[stage] = kind
        self._hooks(stage).register(HOOK, self._answer_as(kind), unique_id=f"outage-{stage}")

    def end(self, stage: str) -> None:
        """The bus is back; whatever hangs is let go."""
        if self._kinds.pop(stage, None):
            self._hooks(stage).unregister(HOOK, unique_id=f"outage-{stage}")
        self._over.set()

    def close(self) -> None:
        """End every outage."""
        for stage in list(self._kinds):
            self.end(stage)

    # `Any`: hooks of botocore, whose own types leave open what they are called with and return.
    def _hooks(self, stage: str) -> Any:
        return self._target.reference.stages[stage].app.events_client.meta.events

    def _answer_as(self, kind: str) -> Any:
        def answer(request: Any, **_: Any) -> Any:
            if kind == "refused":
                raise EndpointConnectionError(endpoint_url=request.url)
            if kind == "hanging":
                self._over.wait(HANGS)
                raise ReadTimeoutError(endpoint_url=request.url)
            status, code = ERRORS[kind]
            return answer_of(request.url, status, {"__type": code, "message": "an outage"})

        return answer
