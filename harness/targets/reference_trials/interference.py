"""Steps of a move that are interfered with: those of the store, and those by which its source is wiped.

Which steps there are is found, not listed: an undisturbed move notes them, and each is interfered with once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.targets.reference_trials.places import with_back_end
from reference_impl.parts import Parts
from reference_impl.session_store.errors import BackEndUnavailable
from reference_impl.session_store.model import Entry

__all__ = ["READ", "WRITE", "Plan", "interfered", "wiping"]

WRITE, READ, DELETE = "write to the store", "read from the store", "delete from the store"
WIPES = ("replace", "unlink", "rmdir")  # what of `os` changes a source


class Plan:
    """Notes the steps, and interferes with the one of number `at`, counted from 1, or with every one named `each`."""

    def __init__(self, at: int = 0, how: str = "failed", each: str = "") -> None:
        self.steps: list[str] = []
        self.how = how
        self.met = False
        self._at, self._each, self._on = at, each, False

    @contextmanager
    def during(self) -> Iterator[None]:
        """Nothing outside is a step of the move."""
        self._on = True
        try:
            yield
        finally:
            self._on = False

    def meets(self, step: str) -> bool:
        if not self._on:
            return False
        self.steps.append(step)
        met = len(self.steps) == self._at or step == self._each
        self.met = self.met or met
        return met


def interfered(parts: Parts, plan: Plan, name: str) -> Parts:
    """The parts, with a back end of this name whose steps are the plan's."""
    return with_back_end(parts, lambda real: _interfere(real, plan) if real.name == name else real)


def _interfere(real: Any, plan: Plan) -> Any:
    write, read, delete = real.write, real.read, real.delete

    def fail(step: str) -> bool:
        """Whether what is written or read is to be altered. Raises BackEndUnavailable where the step is to fail."""
        met = plan.meets(step)
        if met and plan.how == "failed":
            raise BackEndUnavailable(f"the trial lets it fail: {step}")
        return met

    def put(entry: Entry, stored: str) -> None:
        write(entry, _altered(stored) if fail(WRITE) else stored)

    def get(entry: Entry) -> str:
        altered = fail(READ)
        stored: str = read(entry)
        return _altered(stored) if altered else stored

    def remove(entry: Entry) -> None:
        fail(DELETE)
        delete(entry)

    real.write, real.read, real.delete = put, get, remove
    return real


def _altered(stored: str) -> str:
    return stored[:-1] + ("x" if stored[-1] != "x" else "y")


@contextmanager
def wiping(plan: Plan, store: Path) -> Iterator[None]:
    """Within, each change of a file outside the store's folder is a step; one that is to fail meets a disk that is
    read-only."""
    real = {name: getattr(os, name) for name in WIPES}

    def stand_in(name: str, change: Callable[..., None]) -> Callable[..., None]:
        def changing(path: Any, *more: Any, **named: Any) -> None:
            if store not in Path(os.fspath(path)).parents and plan.meets(f"{name} at the source"):
                raise OSError(30, "read-only", str(path))
            change(path, *more, **named)

        return changing

    for name, change in real.items():
        setattr(os, name, stand_in(name, change))
    try:
        yield
    finally:
        for name, change in real.items():
            setattr(os, name, change)
