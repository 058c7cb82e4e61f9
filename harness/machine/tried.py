"""What was tried of a target before a run, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Tried", "not_tried", "well", "wrong"]


@dataclass(frozen=True)
class Tried:
    """One thing that was tried; `mend` is what to do where it is wrong."""

    what: str
    state: Literal["well", "wrong", "not tried"]
    detail: str
    mend: str = ""


def well(what: str, detail: str) -> Tried:
    return Tried(what, "well", detail)


def wrong(what: str, detail: str, mend: str) -> Tried:
    return Tried(what, "wrong", detail, mend)


def not_tried(what: str, detail: str) -> Tried:
    return Tried(what, "not tried", detail)
