"""How stored credentials are protected: against other users and machines, against changes, and by files' modes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.observations.base import Observation

__all__ = ["AccessAttempt", "FileMode", "FileModes", "TamperTable", "TamperTrial"]


@dataclass(frozen=True, kw_only=True)
class AccessAttempt(Observation):
    """What somebody else got of a stored canary. `who`: `second user` or `second machine`; `tried`: by what means;
    `obtained`: the means by which he got it. `able`: that the same means get what is open to all; `error` says why
    nothing could be tried."""

    kind: Literal["access-attempt"] = "access-attempt"
    who: str
    tried: tuple[str, ...]
    obtained: tuple[str, ...] = ()
    able: bool = False
    error: str = ""


@dataclass(frozen=True)
class TamperTrial:
    """A change of a vault, and what reading a value came to: `tampered` (the typed error), `exact`, `altered`, or the
    type of another error."""

    file: str
    change: str
    outcome: str


@dataclass(frozen=True, kw_only=True)
class TamperTable(Observation):
    """Changes of each region of each file of a vault, one at a time. `untouched`: reading before, between and after."""

    kind: Literal["tampering"] = "tampering"
    trials: tuple[TamperTrial, ...]
    untouched: tuple[str, ...]


@dataclass(frozen=True)
class FileMode:
    """A file or folder of a vault: its permission bits in octal, as `0600`, and whether it is this user's."""

    name: str
    is_folder: bool
    mode: str
    own: bool


@dataclass(frozen=True, kw_only=True)
class FileModes(Observation):
    """The folder of a vault and all in it. `keys` are the files that hold, or lead to, its key: relative to the vault,
    so that one beside it begins without `..`; `key_in_vault` tells that the key itself was found in the vault."""

    kind: Literal["file-modes"] = "file-modes"
    entries: tuple[FileMode, ...]
    keys: tuple[str, ...] = ()
    key_in_vault: tuple[str, ...] = ()
