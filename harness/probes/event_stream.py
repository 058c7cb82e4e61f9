"""One connection to a realtime channel of server-sent events (HTML §9.2), listened to beside the caller."""

from __future__ import annotations

import threading
import time

import requests

from harness.probes.unanswered import why_unanswered

__all__ = ["EventStream"]

TIMEOUT = (5.0, 30.0)  # seconds to connect, and between two bytes
LONGEST_LINE = 65_536  # characters that are kept of one line


class EventStream:
    """`status` is what the request was answered, None where no answer came; `error` then says why."""

    def __init__(self, session: requests.Session, url: str, authorization: str) -> None:
        """Connect, and listen if a stream of events is answered. No error is raised."""
        self.url, self.error = url, ""
        self.status: int | None = None
        self._messages, self._closed_at, self._unheard = 0, time.monotonic(), 0
        self._changed = threading.Condition()
        self._listens = False
        headers = {"Authorization": authorization, "Accept": "text/event-stream"}
        try:
            self._answer = session.get(url, headers=headers, stream=True, timeout=TIMEOUT, allow_redirects=False)
        except (requests.RequestException, OSError) as error:
            self.error = why_unanswered(error, self.url)
            return
        self.status = self._answer.status_code
        kind = self._answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if self.status == 200 and kind == "text/event-stream":
            self._listens = True
            threading.Thread(target=self._listen, name="event-stream", daemon=True).start()
        else:
            self._answer.close()

    @property
    def open(self) -> bool:
        return self._listens

    @property
    def messages(self) -> int:
        """How many came so far; heartbeats, which are comments, do not count."""
        return self._messages

    @property
    def closed_at(self) -> float | None:
        """When the server ended the stream, in monotonic seconds; None while it is open."""
        return None if self._listens else self._closed_at

    def wait_for_message(self, seconds: float) -> None:
        """Until a message comes that was not waited for yet, or the stream ends."""
        with self._changed:
            self._changed.wait_for(lambda: self._unheard > 0 or not self._listens, seconds)
            self._unheard = 0

    def wait_for_end(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._listens, seconds)

    def close(self) -> None:
        """End it from this side."""
        if self._listens:
            self._answer.close()

    def _listen(self) -> None:
        has_data = False
        try:
            for line in self._answer.iter_lines(chunk_size=1):
                has_data = has_data or line[:LONGEST_LINE].startswith(b"data:")
                if not line and has_data:
                    has_data = False
                    self._hear()
        except (requests.RequestException, OSError, ValueError, AttributeError) as error:
            self.error = why_unanswered(error, self.url)  # cut off, by the server or by `close`
        with self._changed:
            self._listens, self._closed_at = False, time.monotonic()
            self._changed.notify_all()

    def _hear(self) -> None:
        with self._changed:
            self._messages += 1
            self._unheard += 1
            self._changed.notify_all()
