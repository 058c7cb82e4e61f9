"""What the reference documents of itself: its lifetimes, as its configuration states and justifies them."""

from __future__ import annotations

from dataclasses import dataclass

from harness.observations import DocumentedLifetime, LifetimeTable
from harness.observe import Recorder
from harness.targets.reference_host import ReferenceHost
from reference_impl.web.sessions import LIMITS as WEB_LIMITS

__all__ = ["ReferenceDocumentation"]

NAMES = {
    "access_token": "access",
    "refresh_idle": "refresh_idle",
    "refresh_absolute": "refresh_absolute",
    "reuse_grace": "reuse_grace",
}


@dataclass(frozen=True)
class ReferenceDocumentation:
    """Reads `reference_impl.config.Lifetimes` of the running stage."""

    target: ReferenceHost
    recorder: Recorder

    def lifetimes(self, case: str, stage: str) -> LifetimeTable:
        own = self.target.reference.stages[stage].config.lifetimes
        limits = {
            name: DocumentedLifetime(float(getattr(own, theirs)), own.LIMITS[theirs].reason)
            for name, theirs in NAMES.items()
        }
        for name, (seconds, reason) in WEB_LIMITS.items():
            limits[f"web_{name}"] = DocumentedLifetime(seconds, reason)
        return self.recorder.record(
            LifetimeTable(
                case=case,
                about={"stage": stage},
                stage=stage,
                source="reference_impl.config.Lifetimes, reference_impl.web.sessions",
                limits=limits,
                assurance=own.ASSURANCE,
            )
        )
