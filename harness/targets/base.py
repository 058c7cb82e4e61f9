"""What every target has: ports that it does not offer answer so, and say why."""

from __future__ import annotations

from collections.abc import Sequence

from harness.model import STAGES
from harness.observe import Recorder
from harness.ports import (
    Admin,
    Bus,
    Clock,
    DesktopClient,
    Issuer,
    Process,
    Publisher,
    Rehearsal,
    StoreClient,
    WebClient,
    absent,
)

__all__ = ["BaseTarget"]


class BaseTarget:
    """A target that offers nothing yet. Subclasses override what they offer."""

    name = "base"
    version = ""
    stages: Sequence[str] = STAGES
    browsers: Sequence[str] = ()
    stores: Sequence[str] = ()

    def _absent(self, capability: str) -> str:
        return f"{self.name} describes no {capability}"

    def issuer(self, stage: str, recorder: Recorder) -> Issuer:
        return absent(Issuer, "issuer", self._absent("issuer"))

    def clock(self) -> Clock:
        return absent(Clock, "clock", self._absent("test clock"))

    def bus(self, recorder: Recorder) -> Bus:
        return absent(Bus, "bus", self._absent("bus"))

    def publisher(self, recorder: Recorder) -> Publisher:
        return absent(Publisher, "bus", self._absent("publisher"))

    def process(self, recorder: Recorder) -> Process:
        return absent(Process, "process", self._absent("process"))

    def admin(self) -> Admin:
        return absent(Admin, "admin", self._absent("administration"))

    def store(self, store: str, recorder: Recorder) -> StoreClient:
        return absent(StoreClient, "store", self._absent("store"))

    def desktop(self, stage: str, recorder: Recorder, situation: str = "") -> DesktopClient:
        return absent(DesktopClient, "desktop", self._absent("desktop client"))

    def web(self, stage: str, browser: str, recorder: Recorder) -> WebClient:
        return absent(WebClient, "web", self._absent("web client"))

    def rehearsal(self, recorder: Recorder) -> Rehearsal:
        return absent(Rehearsal, "rehearsal", self._absent("run of its own"))

    def wait_for_revocation(self, stage: str, bound: float) -> None:
        """Nothing to wait for."""

    def close(self) -> None:
        """Nothing to close."""
