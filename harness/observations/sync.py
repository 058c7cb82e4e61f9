"""What was seen of a server that clients sync with, and of such clients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from harness.observations.base import Observation

__all__ = ["StoredData", "SyncRequest", "SyncState", "SyncTraffic", "SyncWrites"]


LATE = 1.0  # seconds: what comes twice within them was not sent again for want of an answer


@dataclass(frozen=True, kw_only=True)
class StoredData(Observation):
    """What a stage's server has stored: the rows of each table, and one digest over what clients sync. Events that wait
    for the bus, and events that were sent, are rows too."""

    kind: Literal["stored"] = "stored"
    rows: Mapping[str, int]
    digest: str


@dataclass(frozen=True)
class SyncRequest:
    """One request on its way from a page to the token endpoint or the API. `what`: `push` or `pull` of a page to the
    web application, or of that to the API (`api call` is any other); `refresh` of a page, `token` of the web
    application to the issuer. `at`, `until`: when it came and was answered, in seconds from when the watch began, as
    the page counts them. `status` is None where no answer was given. `token`: the name or mark of the token that it
    brought, or was answered with; `spent`: the mark of the refresh token that a `token` request brought. `mutations`:
    the client and number of each mutation that it pushed; `group`, `client`: of which client group and client."""

    what: Literal["push", "pull", "api push", "api pull", "api call", "refresh", "token"]
    at: float
    until: float
    status: int | None
    token: str = ""
    spent: str = ""
    mutations: tuple[str, ...] = ()
    group: str = ""
    client: str = ""

    @property
    def was_late(self) -> bool:
        """Whether its answer was so late that a client may have given it up."""
        return self.until - self.at >= LATE


@dataclass(frozen=True, kw_only=True)
class SyncTraffic(Observation):
    """All requests of a stage's pages since the watch began, in the order in which they came."""

    kind: Literal["sync traffic"] = "sync traffic"
    requests: tuple[SyncRequest, ...] = ()

    def of(self, *what: str) -> tuple[SyncRequest, ...]:
        return tuple(request for request in self.requests if request.what in what)

    def refreshes(self) -> tuple[SyncRequest, ...]:
        """The requests to the token endpoint, but for those that ask once more for what an earlier one was not answered
        in time: the same refresh token gives the same successor."""
        kept: list[SyncRequest] = []
        for request in self.of("token"):
            before = [one for one in kept if one.spent and one.spent == request.spent]
            if not any(one.status is None or (one.was_late and request.at - one.at >= LATE) for one in before):
                kept.append(request)
        return tuple(kept)


@dataclass(frozen=True, kw_only=True)
class SyncState(Observation):
    """What a page shows of its user's notes (their texts), and what the server has of them, in the order in which they
    came to it. `state`: what it says of its session: `fresh`, `waiting`, `ended`, …; `unsaved`: changes that it has
    kept for the server; `acknowledged`: mutations of all of the user's clients that the server has acknowledged;
    `databases`: those of the page's origin in the browser, `cookies` the names of the web application's cookies;
    `seconds`: for how long it was waited for, or since the watch began, as the page counts; `waits`: for how long a
    refresh has not been answered that the page has not given up."""

    kind: Literal["sync state"] = "sync state"
    state: str
    unsaved: int
    shown: tuple[str, ...]
    stored: tuple[str, ...]
    acknowledged: int
    asks_for_login: bool
    databases: tuple[str, ...] = ()
    cookies: tuple[str, ...] = ()
    seconds: float = 0.0
    waits: float = 0.0
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class SyncWrites(Observation):
    """Notes that a user wrote on a page, and the milliseconds until each was shown there."""

    kind: Literal["sync writes"] = "sync writes"
    texts: tuple[str, ...]
    milliseconds: tuple[float, ...]
