"""The reference's desktop client as far as it talks: logs, errors, telemetry, and what it is provoked to say."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.faults.launch import command
from harness.observations import LogCapture, SecretScan, StoreOperation, StoreState
from harness.observe import Recorder
from harness.probes.telemetry import TelemetrySink
from harness.scan import SecretScanner, observe_scan
from harness.secret_forms import Secret, random_part
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_provocation import provocation
from harness.targets.reference_stored import ReferenceStored

__all__ = ["ReferenceTalking", "clipped"]

CLIPPED = 8  # characters by which logs are tempted to tell a token: notes of STORE-05


class ReferenceTalking(ReferenceStored):
    """Keeps what all its processes say, in memory only."""

    def __init__(self, target: ReferenceHost, stage: str, recorder: Recorder) -> None:
        """Raises NotHere where this machine has no such store."""
        super().__init__(target, stage, recorder)
        self._errors, self._output = list[str](), list[str]()
        self._telemetry = TelemetrySink()
        self._ends.callback(self._telemetry.close)
        self._fails = False

    def log_everything(self) -> None:
        self._variables |= {"AUTH_LOG_LEVEL": "debug", **self._telemetry.variables}

    @contextmanager
    def echoing(self, status: int) -> Iterator[None]:
        with self._target.echoes[self._stage].lasting(status):
            yield

    def start_failing(self, case: str) -> StoreState:
        self._fails = True
        try:
            return self.start_as(case, self._account)
        finally:
            self._fails = False

    def hold(self, case: str, refresh_token: str) -> StoreOperation:
        value = base64.b64encode(refresh_token.encode()).decode()
        address = {"stage": self._stage, "account": self._account, "item": "refresh_token"}
        reply = self._ask(do="store", op="set", value=value, **address)
        held = StoreOperation(
            case=case,
            about=self._about,
            operation="set",
            stage=self._stage,
            account=self._account,
            item="refresh_token",
            outcome="done" if reply.get("ok") else "error",
            value="the other installation's token",
            error=str(reply.get("error", "")),
        )
        return self._recorder.record(held)

    def scan_logs(self, case: str) -> SecretScan:
        self.stop()  # all that it has said is known once it has ended
        secrets = self._minted.secrets()
        scanner = SecretScanner([*secrets, *(part for secret in secrets for part in clipped(secret))])
        places: dict[str, Path | bytes] = {
            "standard error": "\n".join(self._errors).encode(),
            "standard output": "\n".join(self._output).encode(),
            "telemetry": self._telemetry.taken,
            **self._surroundings.searched(),
        }
        return self._recorder.record(observe_scan(case, places, scanner, about=self._about))

    def errors(self, case: str) -> LogCapture:
        self.stop()  # all that it has said is known once it has ended
        told = [{"where": "reply", "text": line} for line in self._output if '"ok": false' in line]
        told += [{"where": "page", "text": page} for page in self._pages]
        told += [{"where": "crash report", "text": line} for line in self._errors if _tells_of_a_crash(line)]
        return self._recorder.record(LogCapture(case=case, about=self._about, records=tuple(told)))

    def stop(self) -> None:
        child = self._child
        super().stop()
        if child is not None:
            self._errors += child.said
            self._output += child.heard

    def _command(self) -> tuple[list[str], dict[str, str]]:
        arguments, environment = super()._command()
        if self._fails:
            faults = [*self._target.faults, provocation()]
            arguments = [*self._before, *command("reference_impl.desktop", faults, *self._surroundings.arguments)]
        return arguments, environment


def clipped(secret: Secret) -> Iterator[Secret]:
    """Beginning and end of a secret's random part, each as a secret that counts as a whole."""
    part = random_part(secret.value)
    if len(part) >= 2 * CLIPPED:
        for piece, where in ((part[:CLIPPED], f"[0:{CLIPPED}]"), (part[-CLIPPED:], f"[-{CLIPPED}:]")):
            yield Secret(piece, secret.kind, f"{secret.mark[:-2]}{where}}}}}", whole=True)


def _tells_of_a_crash(line: str) -> bool:
    """A log record of an exception, or what is no log record at all: a traceback, or the message of a start."""
    try:
        record = json.loads(line)
    except ValueError:
        return bool(line.strip())
    return not isinstance(record, dict) or "exception" in record
