"""The kill matrix: each fault against the scenarios of the controls that its part serves, or of its own expectation."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from queue import SimpleQueue
from typing import Any

from harness.errors import NotHere, TargetError
from harness.faults.registry import Fault
from harness.model import Finding, Verdict

__all__ = ["Kill", "KillMatrix", "kill_matrix", "verdict_of"]

CRASHED = ("the scenario crashed: ", "the check crashed: ")  # how such reasons begin


@dataclass(frozen=True)
class Kill:
    """What became of one fault: killed, misdirected, survived, crashed or not_run. `failed` are all expectations that
    failed. `crashed`: the trial broke off by itself, so that nothing is known of the check."""

    id: str
    expectation: str
    failed: tuple[str, ...]
    verdict: str
    reason: str
    defect: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class KillMatrix:
    """All faults tried, and the expectations that failed on the clean target."""

    faults: tuple[Kill, ...]
    false_alarms: tuple[str, ...]
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether no fault survived or was misdirected, and nothing failed on the clean target."""
        return not self.false_alarms and all(kill.verdict in ("killed", "not_run") for kill in self.faults)

    def to_json(self) -> dict[str, Any]:
        return {
            "faults": [asdict(kill) for kill in self.faults],
            "false_alarms": list(self.false_alarms),
            "seconds": self.seconds,
        }


Judge = Callable[[Fault | None, tuple[str, ...]], Iterable[Finding]]


def verdict_of(fault: Fault, findings: Iterable[Finding]) -> tuple[str, tuple[str, ...], str]:
    """(verdict, expectations that failed, reason). `unknown` never kills."""
    found = list(findings)
    failed = tuple(sorted({f.expectation for f in found if f.verdict is Verdict.FAILED}))
    own = [f for f in found if f.expectation == fault.expectation]
    if fault.expectation in failed:
        return "killed", failed, next(f.reason for f in own if f.verdict is Verdict.FAILED)
    if crash := next((f.reason for f in own if f.verdict is Verdict.UNKNOWN and f.reason.startswith(CRASHED)), ""):
        return "crashed", failed, crash
    if failed:
        return "misdirected", failed, f"{fault.expectation} did not fail, but others did"
    if own and all(f.verdict is Verdict.NOT_RUN for f in own):
        return "not_run", (), own[0].reason
    said = "; ".join(sorted({f"{f.verdict}: {f.reason}" for f in own})) or "it was not judged"
    return "survived", (), f"{fault.expectation} did not fail ({said})"


def kill_matrix(
    faults: Mapping[str, Fault],
    judges: Sequence[Judge],
    tell: Callable[[Kill], None],
    clean: tuple[str, ...],
    against: Callable[[Fault], tuple[str, ...]] = lambda fault: fault.controls,
) -> KillMatrix:
    """Try every fault, as many at once as there are judges. A judge gives the findings with a fault in place (None: the
    clean target); `clean` are the controls that the clean target is judged on, for false alarms. `against`: controls,
    or an expectation, whose scenarios a fault is tried against."""
    started = time.monotonic()
    idle: SimpleQueue[Judge] = SimpleQueue()
    for judge in judges:
        idle.put(judge)

    def with_a_judge(fault: Fault | None, controls: tuple[str, ...]) -> list[Finding]:
        judge = idle.get()
        try:
            return list(judge(fault, controls))
        finally:
            idle.put(judge)

    def try_one(fault: Fault) -> Kill:
        begun = time.monotonic()
        try:
            verdict, failed, reason = verdict_of(fault, with_a_judge(fault, against(fault)))
        except NotHere as absent:
            verdict, failed, reason = "not_run", (), str(absent)
        except TargetError as error:
            verdict, failed, reason = "crashed", (), f"nothing could be judged: {error}"
        kill = Kill(
            fault.id, fault.expectation, failed, verdict, reason, fault.defect, round(time.monotonic() - begun, 1)
        )
        tell(kill)
        return kill

    with ThreadPoolExecutor(len(judges)) as pool:
        alarms = pool.submit(with_a_judge, None, clean) if clean else None
        kills = tuple(pool.map(try_one, faults.values()))
        failed = {f.expectation for f in alarms.result() if f.verdict is Verdict.FAILED} if alarms else set()
    return KillMatrix(kills, tuple(sorted(failed)), round(time.monotonic() - started, 1))
