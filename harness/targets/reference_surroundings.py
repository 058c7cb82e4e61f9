"""What operators see of the reference: the logs of its process, and who asks its issuers for keys."""

from __future__ import annotations

import logging
import time

from harness.observations import LogCapture, Visits
from harness.observe import Recorder
from harness.targets.reference_host import ReferenceHost
from reference_impl.access_log import LOGGER as ACCESS_LOGGER

__all__ = ["ReferenceSurroundings"]

OWN = "the harness itself"
FORMATTER = logging.Formatter("%(message)s")


class _Kept(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.records: list[dict[str, str]] = []
        self.requests: list[dict[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == ACCESS_LOGGER:
            self.requests.append({"line": FORMATTER.format(record)[:4000]})
            return
        self.records.append(
            {"logger": record.name, "level": record.levelname, "message": FORMATTER.format(record)[:4000]}
        )


class ReferenceSurroundings:
    """All stages are in this process, so they share their logs. Watches from its making to `close`."""

    def __init__(self, target: ReferenceHost, recorder: Recorder) -> None:
        self._target, self._recorder = target, recorder
        self._kept = _Kept()
        self._began = time.monotonic()
        logging.getLogger().addHandler(self._kept)
        logging.getLogger(ACCESS_LOGGER).setLevel(logging.INFO)

    def watch(self, stage: str) -> None:
        self._began = time.monotonic()
        self._kept.records.clear()
        self._kept.requests.clear()
        self._target.key_requests[stage].forget()

    def key_requests(self, case: str, stage: str) -> Visits:
        """The harness asks for the keys too, to show that it is noticed."""
        seconds = round(time.monotonic() - self._began, 3)
        address = self._target.addresses[stage]
        with self._target.new_session() as session:
            session.get(f"{address.issuer}/.well-known/jwks.json", headers={"User-Agent": OWN})
        visits = self._target.key_requests[stage].visits()
        return self._recorder.record(
            Visits(
                case=case,
                about={"stage": stage},
                place="the issuer's key set",
                visits=tuple(visit for visit in visits if visit != OWN),
                noticed=OWN in visits,
                seconds=seconds,
            )
        )

    def logs(self, case: str, stage: str) -> LogCapture:
        records = tuple(self._kept.records)
        return self._recorder.record(LogCapture(case=case, about={"stage": stage}, records=records))

    def access_log(self, case: str, stage: str) -> LogCapture:
        records = tuple(self._kept.requests)
        return self._recorder.record(LogCapture(case=case, about={"stage": stage}, records=records))

    def close(self) -> None:
        logging.getLogger(ACCESS_LOGGER).setLevel(logging.NOTSET)
        logging.getLogger().removeHandler(self._kept)
