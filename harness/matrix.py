"""The cells of a run: which points of the matrix each scenario is exercised in."""

from __future__ import annotations

import itertools
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.errors import UsageError, nearest
from harness.model import ANY, STAGES, Cell

__all__ = ["AXES", "Dimensions", "cells_of", "parse_selection", "selected", "this_os"]

NONE = "none"  # an axis of which the target has nothing
VALUES = {
    "os": ("linux", "macos", "windows"),
    "stage": (*STAGES, "all"),
    "browser": ("chromium", "firefox", "webkit"),
    "store": ("secret-service", "keychain", "credential-locker", "memory"),
}
AXES = tuple(VALUES)


def this_os() -> str:
    """`linux`, `macos` or `windows`."""
    return {"Darwin": "macos"}.get(platform.system(), platform.system().lower())


@dataclass(frozen=True)
class Dimensions:
    """The values that a target's axes can take on this machine's operating system."""

    target: str
    os: str
    stages: Sequence[str]
    browsers: Sequence[str]
    stores: Sequence[str]
    further_browsers: Sequence[str] = ()  # whose cells are run only where a selection asks for them

    def asked_for(self, selection: Mapping[str, str]) -> Dimensions:
        """The same, with the further browser that the selection names in the place of the others."""
        browser = selection.get("browser", "")
        return replace(self, browsers=(browser,)) if browser in self.further_browsers else self

    def unasked(self, selection: Mapping[str, str]) -> tuple[str, ...]:
        """The cells that are left out because nobody asked for them, as one asks for them."""
        return () if "browser" in selection else tuple(f"browser={browser}" for browser in self.further_browsers)


def cells_of(axes: Mapping[str, str], dimensions: Dimensions) -> tuple[Cell, ...]:
    """The cells of a scenario: an axis tagged `each` takes every value, one with a value that one, else `any`."""

    def values(axis: str, all_values: Sequence[str]) -> Sequence[str]:
        tagged = axes.get(axis, ANY)
        # A target that has none still has the cell: what is not there is `not_run`, and says so.
        return (tuple(all_values) or (NONE,)) if tagged == "each" else (tagged,)

    points = itertools.product(
        values("stage", dimensions.stages), values("browser", dimensions.browsers), values("store", dimensions.stores)
    )
    target = axes.get("target", dimensions.target)
    return tuple(Cell(target, dimensions.os, *point) for point in points)


def parse_selection(text: str) -> dict[str, str]:
    """`os=linux,stage=prod` as a mapping. Raises UsageError for an unknown axis or value, or a part without one."""
    selection: dict[str, str] = {}
    for part in filter(None, text.split(",")):
        axis, _, value = part.partition("=")
        if axis not in AXES:
            raise UsageError(f"--cell: unknown axis {axis!r} in {part!r} ({nearest(axis, AXES)})")
        if not value:
            raise UsageError(f"--cell: {axis!r} has no value; write {axis}=VALUE")
        if value not in VALUES[axis]:
            raise UsageError(f"--cell: unknown {axis} {value!r} ({nearest(value, VALUES[axis])})")
        selection[axis] = value
    return selection


def selected(cells: Iterable[Cell], selection: Mapping[str, str]) -> tuple[Cell, ...]:
    """The cells on which a selection leaves its scenario: an axis that does not matter to the scenario always fits."""
    return tuple(
        cell for cell in cells if all(getattr(cell, axis) in (value, ANY, "all") for axis, value in selection.items())
    )
