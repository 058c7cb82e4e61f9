"""A desktop client whose surroundings the harness holds: its keyring, its processes, the files around it."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from typing import Protocol

from harness.observations import (
    AccessAttempt,
    CrashRecord,
    HttpExchange,
    LogCapture,
    NativeListing,
    PersistencePolicy,
    SecretScan,
    StoreOperation,
    StoreState,
)
from harness.ports.clients import DesktopClient

__all__ = ["StoredClient"]


class StoredClient(DesktopClient, Protocol):
    """A desktop client with a secret store of its own, which other programs can read, lock, and start again."""

    def start_as(self, case: str, account: str) -> StoreState:
        """Start, or start again, the client of this account of the user's."""

    def sign_in(self, case: str, user: str) -> StoreState:
        """Sign in at the issuer's page, from the window; what the browser is handed is recorded under `case`."""

    def fail_sign_in(self, case: str) -> StoreState:
        """Go through a sign-in up to an answer that the client must refuse: one that names another issuer."""

    def sign_out(self, case: str) -> HttpExchange:
        """Sign out in the window; the page that the user is shown then."""

    def log_everything(self) -> None:
        """From the next start on, log as much as it can, and report to telemetry that the harness takes."""

    def echoing(self, status: int) -> AbstractContextManager[None]:
        """While it lasts, the token endpoint refuses with this status, and an answer that repeats the request."""

    def start_failing(self, case: str) -> StoreState:
        """Start the client so that its use of a token ends in an error that nobody foresaw, with the token in it."""

    def hold(self, case: str, refresh_token: str) -> StoreOperation:
        """Put a refresh token into the client's store, as if it had been given it."""

    def scan_logs(self, case: str) -> SecretScan:
        """Search all that its processes wrote to their standard streams, its files, and its telemetry."""

    def errors(self, case: str) -> LogCapture:
        """What it told of errors: replies, pages, records of crashes. One record each, with `where` and `text`."""

    def kill(self) -> None:
        """End the client at once, as SIGKILL does."""

    def crash(self, case: str) -> CrashRecord:
        """End the client as a fault of its own does (SIGSEGV), where dumps of unlimited size may be written."""

    def native(self, case: str) -> NativeListing:
        """What the system's store holds of this client, as another program reads it."""

    def restart_system(self) -> None:
        """End the user's session of the system, with its secret store, and begin another."""

    def end_system(self) -> None:
        """End the user's session of the system, with its secret store."""

    def begin_system(self) -> None:
        """Begin another one; the client goes on."""

    def leave_profile(self, account: str, refresh_token: str, overwritten: str) -> None:
        """Leave what an earlier version of the client would have: a token in the local storage of its window, as plain
        text, and another one that this had taken the place of."""

    def start_and_listen(self, case: str, account: str, within: float) -> StoreState:
        """Start the client, and wait until it has got tokens by itself, for so many seconds at most. What it asked
        for is recorded under `case`, and then its state."""

    def look_again(self, case: str) -> StoreState:
        """Let the client look for a better store at once, as it does by itself from time to time."""

    def lock(self, prompt: str) -> None:
        """Lock the store. Whoever is asked for its password from now on: `dismissed` or `never answered`."""

    def unlock_elsewhere(self) -> None:
        """Unlock the store as the user does who gives the password to the system."""

    def press_unlock(self, case: str) -> StoreState:
        """Ask for the unlocking in the window; how the window answered meanwhile is recorded under `case`."""

    def operate(self, case: str) -> Collection[StoreOperation]:
        """Get, set and clear an item of the client's account, in its process. What is set is a witness."""

    def attempt(self, case: str, who: str) -> AccessAttempt:
        """Try to obtain what is stored as the `second user` of the machine, or on a `second machine`."""

    def policy(self, case: str) -> PersistencePolicy: ...

    def watched(self, case: str, during: str) -> AbstractContextManager[None]:
        """While it lasts, arguments and environment of all the client's processes are looked at; then searched."""

    def scan_places(self, case: str) -> SecretScan:
        """Search everything that the client could write to, and what appeared in places open to all since its start."""

    def scan_window(self, case: str) -> SecretScan:
        """Search the storages that the window's page script and its browser keep."""
