"""How a fault is written and found.

    @fault("F-TOKEN-01-a", "TOKEN-01.E1", Part.AUTHORIZATION_ENDPOINT)
    def pkce_only_when_the_client_sends_a_challenge(real: AuthorizationPolicy) -> AuthorizationPolicy:
        return LenientPolicy(real)

The function takes the real part and returns the defective one. `stages` confines it to some stages.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import Mistake, Mistakes, UsageError, nearest
from harness.faults.parts import SERVES
from harness.model import STAGES

__all__ = ["Fault", "check_faults", "fault", "load_faults", "load_named"]

Replacement = Callable[[Any], Any]  # each part has a type of its own


@dataclass(frozen=True)
class Fault:
    """A seeded defect: `expectation` must catch it; `part` is what it replaces, in these stages."""

    id: str
    expectation: str
    part: str
    replacement: Replacement
    stages: tuple[str, ...]
    defect: str
    source: str

    @property
    def control(self) -> str:
        """The control of the expectation."""
        return self.expectation.rpartition(".")[0]

    @property
    def controls(self) -> tuple[str, ...]:
        """Patterns of the controls that the part serves, always with the control of the expectation."""
        return tuple(dict.fromkeys([self.control, *SERVES.get(self.part, ())]))


_registered: dict[str, Fault] = {}


def fault(
    id: str, expectation: str, part: str, *, stages: Iterable[str] = STAGES
) -> Callable[[Replacement], Replacement]:
    """Register a fault. Raises UsageError where the id is taken, or part or stage are unknown."""
    concerned = tuple(stages)

    def register(replacement: Replacement) -> Replacement:
        where = replacement.__code__.co_filename
        place = f"{where}:{replacement.__code__.co_firstlineno}"
        earlier = _registered.get(id)
        loaded_again = earlier and (earlier.source, earlier.replacement.__code__) == (where, replacement.__code__)
        if earlier and not loaded_again:
            raise UsageError(f"{place}: fault {id} exists already in {earlier.source}; give it another id")
        if str(part) not in SERVES:
            raise UsageError(f"{place}: fault {id} replaces {str(part)!r} ({nearest(str(part), SERVES)})")
        for stage in concerned:
            if stage not in STAGES:
                raise UsageError(f"{place}: fault {id} is for the stage {stage!r} ({nearest(stage, STAGES)})")
        words = replacement.__doc__ or replacement.__name__.replace("_", " ")
        _registered[id] = Fault(id, expectation, str(part), replacement, concerned, words.strip(), where)
        return replacement

    return register


def load_faults(extra: Path | None = None) -> Mapping[str, Fault]:
    """All faults by id: those of this package, or only those of the file `extra`. Raises UsageError."""
    package = importlib.import_module("harness.faults")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"harness.faults.{module.name}")
    if extra is not None:
        return _load_file(extra)  # after the others, so that an id that is taken is told
    folder = str(Path(package.__path__[0]))
    return {id: found for id, found in sorted(_registered.items()) if found.source.startswith(folder)}


def fault_arguments(faults: Iterable[Fault]) -> list[str]:
    """`--fault ID …` and `--from FILE …`, by which a child process is told of these faults."""
    faults = list(faults)
    files = sorted({fault.source for fault in faults if Path(fault.source).parent != Path(__file__).parent})
    return [*(w for f in faults for w in ("--fault", f.id)), *(w for file in files for w in ("--from", file))]


def load_named(ids: Iterable[str]) -> Mapping[str, Fault]:
    """Those of these faults that are of this package. Only the modules that name them are imported: a child process
    starts sooner than it could import all."""
    wanted = frozenset(ids)
    for path in sorted(Path(__file__).parent.glob("*.py")):
        source = path.read_text(encoding="utf-8")
        if any(f'@fault("{id}"' in source for id in wanted):
            importlib.import_module(f"harness.faults.{path.stem}")
    return {id: _registered[id] for id in sorted(wanted.intersection(_registered))}


def _load_file(path: Path) -> Mapping[str, Fault]:
    spec = importlib.util.spec_from_file_location(f"faults_from_{path.stem}", path) if path.is_file() else None
    if spec is None or spec.loader is None:
        raise UsageError(f"--from {path}: no such Python file; give a file with @fault functions")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for it
    try:
        spec.loader.exec_module(module)
    except UsageError:
        raise
    except Exception as error:  # the file is a person's: whatever is wrong with it is told as such
        raise UsageError(f"--from {path}: {type(error).__name__}: {error}") from error
    found = {id: f for id, f in _registered.items() if Path(f.source).resolve() == path.resolve()}
    if not found:
        raise UsageError(f"--from {path}: no @fault function in it; see harness/faults/ for examples")
    return found


def check_faults(faults: Mapping[str, Fault], expectations: Iterable[str]) -> None:
    """Raises Mistakes for every fault whose expectation the catalog does not know."""
    known = set(expectations)
    mistakes = [
        Mistake(
            Path(f.source),
            f.replacement.__code__.co_firstlineno,
            f"{f.id}: no expectation {f.expectation!r}",
            nearest(f.expectation, known),
        )
        for f in faults.values()
        if f.expectation not in known
    ]
    if mistakes:
        raise Mistakes(mistakes)
