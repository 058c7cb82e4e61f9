"""Carries the outbox's messages to the bus, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from reference_impl.events.outbox import Outbox
from reference_impl.events.publisher import MAX_BATCH, Publisher, PublishReport

FIRST_PAUSE = 0.2  # seconds after a bus that took nothing; doubled each time
LONGEST_WAIT = 2.0  # seconds between two looks while nothing is added here: another process may add something
LONGEST_PAUSE = 5.0  # so that an event is delivered soon after an outage ends

_log = logging.getLogger(__name__)


class Relay:
    """Publishes what is pending at its start, which a killed process may have left, and then whatever is added."""

    def __init__(
        self,
        outbox: Outbox,
        publisher: Publisher,
        stopping: threading.Event | None = None,
        collect: Callable[[], None] = lambda: None,
    ) -> None:
        """``stopping`` may be shared with the publisher's sleep, so that a stop interrupts its backoff.

        ``collect`` is called before each look at the outbox: it adds events that only the passing of time makes due.
        """
        self._outbox = outbox
        self._publisher = publisher
        self._stopping = stopping or threading.Event()
        self._collect = collect
        self._thread = threading.Thread(target=self._run, name="outbox relay", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the call that is under way; what is pending stays in the outbox for the next start."""
        self._stopping.set()
        self._outbox.wake()
        if self._thread.ident is not None:
            self._thread.join(timeout=10)

    def publish_pending(self) -> PublishReport:
        """Send one batch of what may be sent, oldest first, and record what became of it."""
        self._collect()
        batch = self._outbox.next_batch(MAX_BATCH)
        report = self._publisher.publish(batch) if batch else PublishReport()
        if report.published or report.dead:
            self._outbox.settle(report.published, report.dead)
        return report

    def publish_all(self) -> PublishReport:
        """Send batch after batch, in the caller's thread, until nothing is pending or the bus does not take a batch."""
        whole = PublishReport()
        while True:
            report = self.publish_pending()
            whole += report
            if report.deferred or not (report.published or report.dead):
                return whole

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            seen = self._outbox.version()
            report = self._publish_safely()
            if report is None or report.deferred:
                self._stopping.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            elif report.published or report.dead:
                pause = FIRST_PAUSE
            else:
                self._outbox.wait_for_change(seen, LONGEST_WAIT)

    def _publish_safely(self) -> PublishReport | None:
        """Publish one batch; None after a fault of publisher or database, which is logged: the batch is kept."""
        try:
            report = self.publish_pending()
        except Exception:  # noqa: BLE001  # were the thread to die, every later event would wait for a restart
            _log.exception("the outbox could not be published; its messages are kept")
            return None
        if report.deferred:
            _log.error("the bus did not take %d messages; they are kept", len(report.deferred))
        return report
