"""The reference's realtime channel: server-sent events of its API."""

from __future__ import annotations

import time

from harness.errors import TargetError
from harness.observations import RealtimeConnection
from harness.observe import Recorder
from harness.probes.event_stream import EventStream
from harness.targets.reference_host import ReferenceHost

__all__ = ["ReferenceRealtime"]


class ReferenceRealtime:
    """Connections to one stage's API, with whatever tokens the harness holds."""

    def __init__(self, target: ReferenceHost, stage: str, recorder: Recorder) -> None:
        self._api, self._stage, self._recorder = target.addresses[stage].api, stage, recorder
        self._session = target.new_session()
        self._streams: dict[str, EventStream] = {}

    def subscribe(self, case: str, name: str, access_token: str) -> RealtimeConnection:
        began = time.monotonic()
        stream = EventStream(self._session, f"{self._api}/events", f"Bearer {access_token}")
        self._streams[name] = stream
        return self._observe(case, name, began, began)

    def provoke(self, case: str, access_token: str) -> None:
        """Write a note, of which the API tells every connection of its author."""
        headers = {"Authorization": f"Bearer {access_token}"}
        answer = self._session.post(f"{self._api}/notes", json={"text": case}, headers=headers)
        if answer.status_code != 201:
            raise TargetError(f"{self._stage}: a note was not taken: HTTP {answer.status_code} ({case})")

    def receive(self, case: str, name: str, seconds: float) -> RealtimeConnection:
        began = time.monotonic()
        self._streams[name].wait_for_message(seconds)
        return self._observe(case, name, began, began)

    def watch(self, case: str, name: str, since: float, seconds: float) -> RealtimeConnection:
        began = time.monotonic()
        self._streams[name].wait_for_end(seconds)
        return self._observe(case, name, began, since)

    def close(self) -> None:
        for stream in self._streams.values():
            stream.close()
        self._session.close()

    def _observe(self, case: str, name: str, began: float, since: float) -> RealtimeConnection:
        stream = self._streams[name]
        closed_at = stream.closed_at
        return self._recorder.record(
            RealtimeConnection(
                case=case,
                about={"stage": self._stage, "connection": name},
                url=stream.url,
                status=stream.status,
                open=closed_at is None,
                messages=stream.messages,
                closed_after=None if closed_at is None else round(closed_at - since, 3),
                seconds=round(time.monotonic() - began, 3),
                error=stream.error,
            )
        )
