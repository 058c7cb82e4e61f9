"""What clients did when their user went to another stage, and when they were killed on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.observations.base import Observation

__all__ = ["KilledSwitch", "KilledSwitches", "StageSwitch"]


@dataclass(frozen=True, kw_only=True)
class StageSwitch(Observation):
    """A switch in the settings, from the stage `of` to the stage `to`. `asked`: the page that came first has a button
    to confirm it; `held`: the client was still signed in at the old stage then. `stage`, `signed_in` and `offers_login`
    are what it told and showed once it was confirmed, at `ended` seconds since the scenario began, when it had set the
    clock forward by `skipped` seconds."""

    kind: Literal["stage-switch"] = "stage-switch"
    of: str
    to: str
    asked: bool
    held: bool
    stage: str
    signed_in: bool | None
    offers_login: bool
    ended: float
    skipped: float = 0.0
    error: str = ""


@dataclass(frozen=True)
class KilledSwitch:
    """A client that was killed while it switched, and what its next start did. `shown`: the stage that it was at.
    `held`: the stages whose sign-in it held, in memory or in its store; what is only still to be revoked is none.
    `sent`: what it sent when it called the API, each as `stage of the credential > stage of the host`."""

    place: str
    killed: bool
    shown: str
    held: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class KilledSwitches(Observation):
    """The same switch, once for each step at which a client was killed. `mode` is its store's."""

    kind: Literal["killed-switches"] = "killed-switches"
    mode: str
    of: str
    to: str
    points: tuple[KilledSwitch, ...]
