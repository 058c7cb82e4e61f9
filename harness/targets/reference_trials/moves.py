"""A sign-in is moved to the system's store, while a step of the move fails, or the client is killed at it; then the
client is started again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from harness.targets.reference_trials.disk import disk
from harness.targets.reference_trials.interference import READ, WRITE, Plan, interfered, wiping
from harness.targets.reference_trials.move_places import MEMORY, SYSTEM, Places
from harness.targets.reference_trials.tracing import changes_of, in_a_fork, kill_at
from reference_impl.parts import Parts
from reference_impl.session_store import SessionStore

__all__ = ["moves"]

Told = dict[str, Any]


def moves(environ: Mapping[str, str], parts: Parts, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """`source`: from where; `store`: what the system's store holds before; `disturb`: whether steps are interfered with
    and clients killed; `old` and `new` are the values."""
    places = Places(environ, given["source"], given["old"], given["new"])
    with disk():
        places.furnish("nothing" if places.source == MEMORY else given["store"])
        trial = Trial(places, parts, given["store"])
        told = in_a_fork(lambda: trial.move(Plan(), "undisturbed"))
        plans = _plans(told["steps"]) if given["disturb"] else []
        points = [trial.interfere(*plan) for plan in plans]
        if given["disturb"] and places.source != MEMORY:
            points += trial.kill()
    steps, mode = told.pop("steps"), told.pop("mode")
    return {"steps": steps, "mode": mode, "undisturbed": told, "points": points}


def _plans(steps: list[str]) -> list[tuple[str, Callable[[], Plan]]]:
    """For each step one in which it fails; altered values where it writes or reads; and a store that takes nothing."""
    found = [(f"{number}. {step}", _plan(number, "failed")) for number, step in enumerate(steps, 1)]
    found += [
        (f"{number}. {step}", _plan(number, "altered")) for number, step in enumerate(steps, 1) if step in (WRITE, READ)
    ]
    return [*found, (f"every {WRITE}", lambda: Plan(each=WRITE))]


def _plan(number: int, how: str) -> Callable[[], Plan]:
    return lambda: Plan(number, how)


class Trial:
    """`held`: what the system's store holds before the move."""

    def __init__(self, places: Places, parts: Parts, held: str) -> None:
        self._places, self._parts, self._held = places, parts, held

    def interfere(self, place: str, plan: Callable[[], Plan]) -> Told:
        """The move with this plan, from the start."""
        self._places.folder.put_back()
        told: Told | None = in_a_fork(lambda: self.move(plan(), place))
        if told is None:  # the client has crashed
            return {"place": place, "ended": "failed", "read": "error", "copies": self._places.copies(), **self._next()}
        del told["steps"], told["mode"]
        return told

    def move(self, plan: Plan, place: str) -> Told:
        """The move, in this process; the start after it in another. From memory, that start is another look."""
        places = self._places
        running, change = self._begin(interfered(self._parts, plan, SYSTEM))
        with wiping(plan, places.system), plan.during():
            opened = change()
        store = running or cast("SessionStore", opened)
        read, copies = places.read(store), places.copies()
        if places.source == MEMORY:
            copies += [MEMORY] if store.status().mode == "memory-only" and read == "newest" else []
            store.recover()
            after = self._seen(store)
        else:
            after = self._next()
        ended = "undisturbed" if place == "undisturbed" else plan.how if plan.met else "missed"
        done = {"place": place, "ended": ended, "read": read, "copies": copies, **after}
        return {**done, "steps": plan.steps, "mode": store.status().mode}

    def kill(self) -> list[Told]:
        """The move once for each line before which the folder is another than before, killed there."""
        folder, points = self._places.folder, []
        folder.put_back()

        def work() -> None:
            self._places.open(self._parts)

        for number, line in in_a_fork(lambda: changes_of(work, folder.state)):
            folder.put_back()
            ended = "killed" if kill_at(number, work) else "missed"
            copies = self._places.copies()
            points.append({"place": line, "ended": ended, "read": None, "copies": copies, **self._next()})
        return points

    def _begin(self, parts: Parts) -> tuple[SessionStore | None, Callable[[], object]]:
        """A store to begin with, if any, and the work that moves."""
        if self._places.source != MEMORY:
            return None, lambda: self._places.open(parts)
        store = self._places.in_memory(parts, self._held)
        return store, store.recover

    def _next(self) -> Told:
        """What the next start finds; one that crashes reads nothing."""
        seen: Told | None = in_a_fork(lambda: self._seen(self._places.open(self._parts)))
        places = self._places
        return seen or {"resumed": "error", "stored": places.stored(), "left": places.left(), "warning": ""}

    def _seen(self, store: SessionStore) -> Told:
        places, status = self._places, store.status()
        return {
            "resumed": places.read(store),
            "stored": places.stored(),
            "left": places.left(),
            "warning": status.warning.consequence if status.warning else "",
        }
