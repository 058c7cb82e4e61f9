"""Where checks are registered and called. No check can break a run: what it cannot say is `unknown`."""

from __future__ import annotations

import functools
import hashlib
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from harness.checks.trials import confirmed
from harness.model import Judgement, Parameter, Symptom, Verdict
from harness.observations import Absence, Observation
from harness.observe import MissingObservation, Record

__all__ = [
    "OWN_REQUIREMENT",
    "Check",
    "Need",
    "Parameters",
    "check",
    "checks",
    "digest",
    "failed",
    "is_own_requirement",
    "judge",
    "own_requirement",
    "passed",
    "unknown",
]

Parameters = Mapping[str, Parameter]
CheckFunction = Callable[[Record, Parameters], Judgement]
Need = str | tuple[str, ...]  # a capability, or several of which any one will do

OWN_REQUIREMENT = "this catalog's own requirement (no RFC makes it)"  # a clause


@dataclass(frozen=True)
class Check:
    """The check of one expectation. `clause` is what it judges by; `needs` is what a target cannot be judged on it
    without."""

    expectation: str
    clause: str
    function: CheckFunction
    needs: tuple[Need, ...] = ()

    @functools.cached_property
    def digest(self) -> str:
        """Name and SHA-256 (16 hex digits) of the check's source and of what all checks share, so that a later version
        is told apart."""
        source = inspect.getsource(inspect.getmodule(self.function) or self.function)
        return f"{self.function.__name__} {hashlib.sha256((source + _shared()).encode()).hexdigest()[:16]}"


@functools.cache
def _shared() -> str:
    """The source of the modules by which every judgement is made."""
    modules = tuple(f"harness.checks.{name}" for name in ("common", "registry", "symptoms", "trials"))
    return "".join(inspect.getsource(importlib.import_module(name)) for name in modules)


_registered: dict[str, Check] = {}


def check(expectation: str, clause: str, *needs: Need) -> Callable[[CheckFunction], CheckFunction]:
    """Register the check of an expectation. Two checks for one expectation are a programming error."""

    def register(function: CheckFunction) -> CheckFunction:
        if expectation in _registered:
            raise ValueError(f"{expectation} has a check already: {_registered[expectation].function.__name__}")
        _registered[expectation] = Check(expectation, clause, function, needs)
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
    """What the check concludes. Never raises: no check, nothing observed, or a crash is `unknown` with the reason.

    A scenario with a second trial is judged on each of them: what failed in one only is not confirmed.
    """
    found = checks().get(expectation)
    if found is None:
        return unknown("no check judges this expectation")
    trials: dict[int, list[Observation]] = {}
    for observation in observations:
        trials.setdefault(observation.trial, []).append(observation)
    if not trials:
        return unknown("nothing was observed")
    return _as_text(confirmed([_judge_trial(found, Record(trials[trial]), parameters) for trial in sorted(trials)]))


def _judge_trial(check: Check, record: Record, parameters: Parameters) -> Judgement:
    absences = {absence.capability: absence for absence in record if isinstance(absence, Absence)}
    if wanted := [absence for need in check.needs for absence in _unmet(need, absences)]:
        declared = all(absence.declared for absence in wanted)
        return Judgement(Verdict.NOT_APPLICABLE if declared else Verdict.NOT_RUN, _told(wanted))
    try:
        return check.function(record, parameters)
    except MissingObservation as missing:
        wanted = [absences[capability] for capability in missing.for_want_of if capability in absences]
        if wanted and all(absence.declared for absence in wanted):
            return Judgement(Verdict.NOT_APPLICABLE, f"{missing}; {_told(wanted)}")
        if absences:  # one of them may be why; that it concerns this check is not known, so it excuses nothing
            return Judgement(Verdict.NOT_RUN, f"{missing}; {_told(absences.values())}")
        return unknown(str(missing))
    except Exception as error:  # noqa: BLE001 - a check that crashes has judged nothing
        return unknown(f"the check crashed: {type(error).__name__}: {error}")


def _unmet(need: Need, absences: Mapping[str, Absence]) -> list[Absence]:
    """The absences for which a need is not met; none where a capability that would do was not missed."""
    alternatives = (need,) if isinstance(need, str) else need
    found = [absences[capability] for capability in alternatives if capability in absences]
    return found if len(found) == len(alternatives) else []


def _as_text(judgement: Judgement) -> Judgement:
    """Its words without surrogates that stand alone, which a target's JSON can escape and no file can hold."""
    symptoms = tuple(replace(symptom, text=_encodable(symptom.text)) for symptom in judgement.symptoms)
    return replace(judgement, reason=_encodable(judgement.reason), symptoms=symptoms)


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _told(absences: Iterable[Absence]) -> str:
    return "; ".join(f"the target offers no {absence.capability}: {absence.reason}" for absence in absences)


def own_requirement(told: str) -> str:
    """What is wrong, where no clause of the check demands otherwise: marked, so that no RFC is named for it."""
    return f"{told} [{OWN_REQUIREMENT}]"


def is_own_requirement(told: str) -> bool:
    """Whether what is wrong is so by this catalog alone."""
    return told.endswith(f"[{OWN_REQUIREMENT}]")


def digest(expectation: str) -> str:
    """Name and digest of the check; "" where there is none."""
    found = checks().get(expectation)
    return found.digest if found else ""


def passed(reason: str) -> Judgement:
    return Judgement(Verdict.PASSED, reason)


def failed(reason: str, *shown_by: str) -> Judgement:
    """`shown_by`: the ids of the observations that show it."""
    return Judgement(Verdict.FAILED, reason, shown_by, (Symptom(reason, shown_by),))


def unknown(reason: str) -> Judgement:
    return Judgement(Verdict.UNKNOWN, reason)
