"""Where checks are registered and called. No check can break a run: what it cannot say is `unknown`."""

from __future__ import annotations

import functools
import hashlib
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from harness.model import Judgement, Parameter, Verdict
from harness.observations import Observation
from harness.observe import MissingObservation, Record

__all__ = ["Check", "Parameters", "check", "checks", "digest", "failed", "judge", "passed", "unknown"]

Parameters = Mapping[str, Parameter]
CheckFunction = Callable[[Record, Parameters], Judgement]


@dataclass(frozen=True)
class Check:
    """The check of one expectation. `clause` is what it judges by."""

    expectation: str
    clause: str
    function: CheckFunction

    @functools.cached_property
    def digest(self) -> str:
        """Name and SHA-256 (16 hex digits) of the check's source, so that a later version is told apart."""
        source = inspect.getsource(inspect.getmodule(self.function) or self.function)
        return f"{self.function.__name__} {hashlib.sha256(source.encode()).hexdigest()[:16]}"


_registered: dict[str, Check] = {}


def check(expectation: str, clause: str) -> Callable[[CheckFunction], CheckFunction]:
    """Register the check of an expectation. Two checks for one expectation are a programming error."""

    def register(function: CheckFunction) -> CheckFunction:
        if expectation in _registered:
            raise ValueError(f"{expectation} has a check already: {_registered[expectation].function.__name__}")
        _registered[expectation] = Check(expectation, clause, function)
        return function

    return register


@functools.cache
def _load() -> None:
    package = importlib.import_module("harness.checks")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"harness.checks.{module.name}")


def checks() -> Mapping[str, Check]:
    """All checks by the expectation they judge."""
    _load()
    return _registered


def judge(expectation: str, observations: Iterable[Observation], parameters: Parameters) -> Judgement:
    """What the check concludes. Never raises: no check, nothing observed, or a crash is `unknown` with the reason."""
    found = checks().get(expectation)
    if found is None:
        return unknown("no check judges this expectation")
    record = Record(observations)
    if not record:
        return unknown("nothing was observed")
    try:
        return found.function(record, parameters)
    except MissingObservation as missing:
        return unknown(str(missing))
    except Exception as error:  # noqa: BLE001 - a check that crashes has judged nothing
        return unknown(f"the check crashed: {type(error).__name__}: {error}")


def digest(expectation: str) -> str:
    """Name and digest of the check; "" where there is none."""
    found = checks().get(expectation)
    return found.digest if found else ""


def passed(reason: str) -> Judgement:
    return Judgement(Verdict.PASSED, reason)


def failed(reason: str) -> Judgement:
    return Judgement(Verdict.FAILED, reason)


def unknown(reason: str) -> Judgement:
    return Judgement(Verdict.UNKNOWN, reason)
