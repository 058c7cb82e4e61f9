"""The recorder that redacts observations and keeps them, and the record that a check reads.

A recorder gives each observation its id (`<scenario>#<n>`), passes every string of it through the redactor, and hands
it to its sink; only what comes back from `record` may reach a check.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar, cast

from harness.observations import Absence, HttpExchange, Observation, from_json, to_json

__all__ = ["MissingObservation", "Record", "Recorder", "Redacts"]

T = TypeVar("T", bound=Observation)


class MissingObservation(LookupError):
    """A check asked for what no probe recorded: its verdict is `unknown`. Where it is lacking for want of capabilities
    that the target has none of, `for_want_of` names them: the verdict is `not_run`, or `not_applicable` where that is
    declared."""

    def __init__(self, told: str, *for_want_of: str) -> None:
        super().__init__(told)
        self.for_want_of = for_want_of


class Record(Sequence[Observation]):
    """The observations that one finding rests on. Asking for what is not there raises MissingObservation."""

    def __init__(self, observations: Iterable[Observation]) -> None:
        self._all = tuple(observations)

    def __len__(self) -> int:
        return len(self._all)

    def __getitem__(self, index: Any) -> Any:
        return self._all[index]

    def __iter__(self) -> Iterator[Observation]:
        return iter(self._all)

    def of(self, type: type[T], *cases: str, **about: str) -> tuple[T, ...]:
        """All of a type, with one of these cases (any, where none is named) and these `about` entries; at least
        one for every case named."""
        found = tuple(
            o
            for o in self._all
            if isinstance(o, type)
            and (not cases or o.case in cases)
            and all(o.about.get(key) == value for key, value in about.items())
        )
        absent = [case for case in cases if case not in {o.case for o in found}]
        if absent or not found:
            what = ", ".join(repr(case) for case in absent) or "any"
            raise MissingObservation(f"no {type.__name__} observation of {what}")
        return found

    def lacks(self, capability: str) -> bool:
        """Whether the target lacks a capability that a step would have used."""
        return any(isinstance(o, Absence) and o.capability == capability for o in self._all)

    def one(self, type: type[T], case: str, **about: str) -> T:
        """The last of this type and case."""
        return self.of(type, case, **about)[-1]


class Redacts(Protocol):
    """What the recorder and the probes need of a redactor."""

    def text(self, text: str) -> str: ...

    def register(self, value: str | bytes, kind: str) -> str: ...

    def register_from_request(self, url: str, headers: Mapping[str, str], body: str) -> object: ...

    def register_from_response(self, headers: Iterable[tuple[str, str]], body: str) -> object: ...


class Recorder:
    """Redacts observations, gives them ids, keeps those of the scenario and hands them to `sink`."""

    def __init__(self, scenario: str, redactor: Redacts, sink: Callable[[Observation], None]) -> None:
        self.scenario = scenario
        self.redactor = redactor
        self.trial = 1
        self.skipped: dict[str, float] = {}  # seconds by which the scenario has set a stage's clock forward
        self._sink = sink
        self._kept: list[Observation] = []
        self._lock = threading.Lock()  # taps record from the threads of servers
        self._started = time.monotonic()
        self._agents = 0

    def record(self, observation: T) -> T:
        """The observation as a check may see it: redacted, and with its id."""
        data = _redact(to_json(observation), self.redactor)
        data["kind"], data["trial"] = observation.kind, self.trial
        if isinstance(observation, HttpExchange):
            data["skipped"] = self._skipped(observation.about.get("stage", ""))
        with self._lock:
            kept = from_json({**data, "id": f"{self.scenario}#{len(self._kept) + 1}"})
            self._kept.append(kept)
            self._sink(kept)
        return cast("T", kept)

    def _skipped(self, stage: str) -> float:
        """Of an exchange that names no stage, the most that any stage's clock was set forward."""
        return self.skipped.get(stage, 0.0) if stage else max(self.skipped.values(), default=0.0)

    @property
    def seen(self) -> Record:
        return Record(self._kept)

    @property
    def elapsed(self) -> float:
        """Seconds since the scenario began."""
        return round(time.monotonic() - self._started, 3)

    def next_agent(self) -> str:
        """The number of a user agent of the scenario, by which its exchanges are told from those of others."""
        with self._lock:
            self._agents += 1
            return str(self._agents)


def _redact(value: Any, redactor: Redacts) -> Any:
    if isinstance(value, str):
        return redactor.text(value)
    if isinstance(value, Mapping):
        return {redactor.text(str(key)): _redact(item, redactor) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redact(item, redactor) for item in value]
    return value
