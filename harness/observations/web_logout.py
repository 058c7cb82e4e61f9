"""What was seen of a browser with several tabs, in which a user signs out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.observations.base import Observation

__all__ = ["RevocationState", "TabRequest", "TabRequests", "TabView", "UserNotes"]


@dataclass(frozen=True, kw_only=True)
class TabView(Observation):
    """A tab as it was at the end of a look: the path of its address, whether it offers to sign in and not to sign out
    (`signed_out`), and which of the user's data its document holds (`shows`: `name`, `note`). `restored`: a page came
    out of the browser's cache of pages meanwhile; what its first picture showed counts in `shows`. `seconds`: how long
    it was looked at, until it was signed out or time was up; `at`: since the button was pressed."""

    kind: Literal["tab"] = "tab"
    path: str
    signed_out: bool
    shows: tuple[str, ...] = ()
    restored: bool = False
    seconds: float = 0.0
    at: float = 0.0
    text: str = ""


@dataclass(frozen=True)
class TabRequest:
    """A request that a tab sent to the web client, so many seconds after the button was pressed. `credentials`: the
    `cookie` of a session, a `header`."""

    tab: str
    method: str
    path: str
    at: float
    credentials: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TabRequests(Observation):
    """All requests of all tabs since the button was pressed."""

    kind: Literal["tab requests"] = "tab requests"
    requests: tuple[TabRequest, ...] = ()


@dataclass(frozen=True, kw_only=True)
class UserNotes(Observation):
    """The texts that the server has stored for a user."""

    kind: Literal["user notes"] = "user notes"
    texts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RevocationState(Observation):
    """Whether the issuer has confirmed a revocation since the button was pressed, and after how many seconds it was
    looked at."""

    kind: Literal["revocation"] = "revocation"
    confirmed: bool
    at: float
