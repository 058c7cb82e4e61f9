"""The reference's session store in processes that are killed, behind the port."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from harness.errors import NotHere, TargetError
from harness.matrix import this_os
from harness.observations import (
    KilledRotation,
    KilledRotations,
    KillPoint,
    KillTable,
    MovePoint,
    MoveTable,
    Resumption,
    Resumptions,
    StoreEvent,
    StoreHistory,
    StoreListing,
    StoreOperation,
)
from harness.observations.switching import KilledSwitch, KilledSwitches
from harness.observe import Recorder
from harness.probes.secret_service import list_entries
from harness.targets.reference_child import desktop_command
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_situations import NO_BUS, SOUND, Surroundings, prepare
from harness.targets.reference_trial import run_trial
from reference_impl.session_store.model import Entry

__all__ = ["ReferenceStoreTrials"]

STAGE, ITEM = "prod", "refresh_token"
NEEDLE = "witness-of-the-new-value-"
LONG = 60  # needles make a value of two small entries


class ReferenceStoreTrials:
    """Each trial is a process with a home of its own. Raises NotHere on a system without `fork`."""

    def __init__(self, target: ReferenceHost, recorder: Recorder) -> None:
        if this_os() == "windows":
            raise NotHere("clients cannot be forked and killed on Windows", "run this on Linux or macOS")
        self._target, self._recorder = target, recorder
        self._ends = ExitStack()
        self._killed: tuple[str, Surroundings, tuple[KilledRotation, ...]] | None = None

    def set_killed(self, case: str, in_parts: bool) -> KillTable:
        times = LONG if in_parts else 1
        old, new = "the value before ".ljust(len(NEEDLE)) * times, NEEDLE * times
        told = self._try("killed set", {"old": old, "new": new, "needle": NEEDLE, "small": in_parts})
        table = KillTable(
            case=case, mode=told["mode"], points=tuple(_point(p) for p in told["points"]),
            unsynced=tuple(told["unsynced"]), about={"parts": "yes" if in_parts else "no"},
        )  # fmt: skip
        return self._recorder.record(table)

    def set_sizes(self, case: str, sizes: Sequence[int], letters: Sequence[str], where: str) -> StoreListing:
        app, system = f"authassay-{secrets.token_hex(4)}", where == "system"
        given = {"app": app, "system": system, "sizes": list(sizes), "letters": list(letters)}
        with ExitStack() as ends:
            surroundings = ends.enter_context(self._surroundings(SOUND if system else NO_BUS))
            before = self._entries() if system else frozenset()
            told = self._try("sizes", {**given, "clear": not system}, surroundings)
            for one in told["sizes"]:
                self._record_size(case, where, one)
            kept = self._mine(app, before) if system else told["files"]
            if system:
                self._try("clear sizes", given, surroundings)
            left = self._mine(app, before) if system else told["left"]
        self._list(f"{case}: kept", where, kept)
        return self._list(case, where, left)

    def race(self, case: str, operations: int) -> StoreHistory:
        told = self._try("race", {"operations": operations})
        history = StoreHistory(
            case=case, mode=told["mode"], seconds=told["seconds"], reclaimed=told["reclaimed"],
            events=tuple(StoreEvent(**event) for event in told["events"]),
        )  # fmt: skip
        return self._recorder.record(history)

    def rotations_killed(self, case: str, stage: str, tokens: Sequence[str]) -> KilledRotations:
        surroundings = self._ends.enter_context(self._surroundings(NO_BUS))
        told = self._try("killed rotations", {"tokens": list(tokens)}, surroundings, self._client(stage, surroundings))
        points = tuple(KilledRotation(**point) for point in told["points"])
        self._killed = (stage, surroundings, points)
        return self._recorder.record(KilledRotations(case=case, mode=told["mode"], points=points))

    def resume_killed(self, case: str, every: str) -> Resumptions:
        if self._killed is None:
            raise TargetError("no client was killed that could start again")
        stage, surroundings, points = self._killed
        chosen = [number for number in range(len(points)) if number % 2 == (every == "second")]
        told = self._try("resumptions", {"points": chosen}, surroundings, self._client(stage, surroundings))
        resumed = tuple(
            Resumption(points[one["point"]].durable, one["outcome"], one["message"], one["token_requests"])
            for one in told["points"]
        )
        return self._recorder.record(Resumptions(case=case, clients=resumed))

    def switches_killed(self, case: str, of: str, to: str, tokens: Sequence[str]) -> KilledSwitches:
        at = self._target.addresses[to]
        with self._surroundings(NO_BUS) as surroundings:
            known = {"AUTH_OTHER_STAGES": json.dumps({to: {"issuer": at.issuer, "api": at.api}})}
            given = {"tokens": list(tokens), "to": to}
            told = self._try("killed switches", given, surroundings, {**self._client(of, surroundings), **known})
        points = tuple(_switch_point(one) for one in told["points"])
        return self._recorder.record(KilledSwitches(case=case, mode=told["mode"], of=of, to=to, points=points))

    def move(self, case: str, source: str, held: str, *, disturbed: bool) -> MoveTable:
        values = {name: f"witness-of-the-{name}-value-{secrets.token_hex(8)}" for name in ("old", "new")}
        told = self._try("moves", {"source": source, "store": held, "disturb": disturbed, **values})
        points = tuple(_move(point) for point in told["points"])
        table = MoveTable(
            case=case, about={"source": source, "store": held}, source=source, store=held, mode=told["mode"],
            steps=tuple(told["steps"]), undisturbed=_move(told["undisturbed"]), points=points,
        )  # fmt: skip
        return self._recorder.record(table)

    def close(self) -> None:
        self._ends.close()

    def _client(self, stage: str, surroundings: Surroundings) -> Mapping[str, str]:
        """What a desktop client is started with."""
        return desktop_command(self._target, stage, "killed", surroundings)[1]

    def _surroundings(self, situation: str) -> Any:
        return prepare(situation, self._target.machine, self._target.folder)

    def _try(
        self,
        name: str,
        given: Mapping[str, Any],
        within: Surroundings | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Mapping[str, Any]:
        """What a trial says. Raises TargetError where it says nothing."""
        with ExitStack() as ends:
            surroundings = within or ends.enter_context(self._surroundings(NO_BUS))
            return run_trial(self._target, name, given, surroundings, environment)

    def _record_size(self, case: str, where: str, one: Mapping[str, Any]) -> None:
        about = {"where": where}
        size = one["name"]
        measured = {"value": size, "sha256": one["sha256"], "length": one["length"]}
        tried = one["error"]
        refused = tried in ("ValueRefused", "TooLarge")
        outcome: Any = "done" if not tried else "refused" if refused else "error"
        written = StoreOperation(
            case=case, about=about, operation="set", stage=STAGE, account=size, item=ITEM, outcome=outcome,
            error=tried, **measured,
        )  # fmt: skip
        self._recorder.record(written)
        read = one["read"]
        found: Any = {"": "value", "NotFound": "not_found"}.get(read["error"], "error")
        kept = StoreOperation(
            case=case, about={**about, "is": "the value before" if read.get("before") else "another"}, operation="get",
            stage=STAGE, account=size, item=ITEM, outcome=found, error=read["error"],
            sha256=read.get("sha256", ""), length=read.get("length", 0),
        )  # fmt: skip
        self._recorder.record(kept)

    def _list(self, case: str, where: str, names: Sequence[str]) -> StoreListing:
        listing = StoreListing(
            case=case, about={"where": where}, stage=STAGE, account="", items=(), documented=(ITEM,), raw=tuple(names)
        )
        return self._recorder.record(listing)

    def _entries(self) -> frozenset[tuple[str, str]]:
        service = self._target.machine.service
        return list_entries(service.address) if service else frozenset()

    def _mine(self, app: str, before: frozenset[tuple[str, str]]) -> list[str]:
        mine = Entry(app, STAGE, "x", "x").service
        return sorted(username for name, username in self._entries() - before if name == mine)


def _switch_point(told: Mapping[str, Any]) -> KilledSwitch:
    return KilledSwitch(
        place=told["place"], killed=told["killed"], shown=told["shown"], held=tuple(told["held"]),
        sent=tuple(told["sent"]), error=told["error"],
    )  # fmt: skip


def _move(told: Mapping[str, Any]) -> MovePoint:
    return MovePoint(**{**told, "copies": tuple(told["copies"]), "left": tuple(told["left"])})


def _point(told: Mapping[str, Any]) -> KillPoint:
    loose = tuple(f"{name} {mode}" for name, mode in told["modes"].items() if int(mode, 8) & 0o077)
    return KillPoint(
        place=told["place"], killed=told["killed"], found=told["found"], error=told["error"],
        temporary=tuple(told["temporary"]), loose=loose, clear=tuple(told["clear"]), left=tuple(told["left"]),
        uncleared=tuple(told["uncleared"]),
    )  # fmt: skip
