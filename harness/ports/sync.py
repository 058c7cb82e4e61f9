"""What a target's operators, and accidents, do to a server that clients sync with; and a page that syncs."""

from __future__ import annotations

from typing import Protocol

from harness.observations import PageView, StoredData, SyncState, SyncTraffic, SyncWrites

__all__ = ["SyncPage", "SyncServer"]


class SyncServer(Protocol):
    """Behind the push and pull of one stage's API. Tokens are access tokens of users."""

    def stored(self, case: str) -> StoredData:
        """What the server has stored, once what goes on beside requests has come to rest."""

    def fails_before_acknowledging(self) -> None:
        """The next mutation has its effect, and then the server's process fails before it is acknowledged."""

    def fails_in_a_mutation(self) -> None:
        """The next mutation meets an error of the server's storage."""

    def forget_notes(self) -> None:
        """Begin without any user's notes."""

    def new_workspace(self, token: str) -> str:
        """The name of a workspace that this user has made, and whose only member he is."""

    def set_member(self, workspace: str, token: str, member_token: str, active: bool) -> None:
        """Let a member of a workspace take in another user, or end his membership."""

    def close(self) -> None: ...


class SyncPage(Protocol):
    """A user's browser at the web client, with a page that syncs his notes; and the network between all of them. `tab`
    names one of its tabs, which is opened when it is first named."""

    def log_in(self, case: str, user: str) -> SyncState:
        """Sign `user` in (`first` or `second`); returns when his notes are there."""

    def log_in_blocked(self, case: str, user: str) -> SyncState:
        """The same where the page cannot show notes yet."""

    def write(self, case: str, texts: tuple[str, ...], tab: str = "") -> SyncWrites: ...

    def settle(self, case: str, seconds: float, tab: str = "") -> SyncState:
        """Wait until nothing is unsaved, or the page asks for a login, at most so long as the page counts."""

    def look(self, case: str, tab: str = "") -> SyncState:
        """The page as it is; `seconds` counts from when the watch began."""

    def call(self, tab: str = "") -> None:
        """Let the page's script ask the API for something else, without waiting for the answer."""

    def expire(self) -> None:
        """Let time pass at the servers until the access token that is held is refused."""

    def travel(self, seconds: float) -> None:
        """Let time pass, at the servers and in the browser."""

    def skew(self, seconds: float) -> None:
        """Set the browser's clock so much ahead of the servers'; behind, where it is negative."""

    def hide(self, tab: str) -> None:
        """Let a tab be in the background, as its scripts see it."""

    def offline(self, is_offline: bool) -> None: ...

    def token_endpoint(self, *behaviours: str) -> None:
        """How the next refreshes are answered, one each; the last of them from then on. None: as always. `500`, `429`
        (to be tried again in 30 s), `invalid_grant`, `reset`, `portal` (a page, as a captive portal's), `late`,
        `pass`."""

    def refresh_hangs(self, hangs: bool) -> None:
        """Whether the web application never answers a page that asks for a refresh, as a process that was stopped."""

    def loses_answers(self, number: int) -> None:
        """The next pushes are applied, and their answers lost."""

    def end_session(self) -> None:
        """Let an administrator end the session at the issuer."""

    def watch(self) -> None:
        """Forget the traffic so far."""

    def traffic(self, case: str) -> SyncTraffic: ...

    def keep(self) -> None:
        """Wait until what was written last is in the browser's own storage, as long as a slow machine may take."""

    def reload(self, tab: str = "") -> None:
        """Returns when the notes are there, or the page says why they are not."""

    def restart(self) -> None:
        """Kill the browser and start it again with the same profile."""

    def close_tab(self, tab: str) -> None: ...

    def log_out(self, case: str, answer: str = "") -> PageView:
        """Press the button. `answer`: what is pressed where the page asks: `stay` or `lose`."""

    def hold_open(self, tab: str) -> None:
        """Let a tab hold the databases open that it does not close when it is asked to."""

    def close(self) -> None: ...
