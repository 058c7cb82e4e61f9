"""Phrases about a client whose keyring is locked."""

from __future__ import annotations

from pytest_bdd import when

from harness.ports import StoredClient
from steps.store_secrets import FIRST

DISMISSED, UNANSWERED = "dismissed", "never answered"


@when("the keyring is locked while the client runs, which reads, stores and clears a secret, and refreshes")
def lock_while_it_runs(client: StoredClient) -> None:
    client.native("before the lock")
    client.lock(DISMISSED)
    client.operate("while locked")
    client.press_unlock("dismissed prompt")
    client.look("while locked", "home")
    client.refresh("refresh while locked")
    client.scan_places("while locked")


@when("the keyring is unlocked, and the user tries again")
def unlock_and_try_again(client: StoredClient) -> None:
    client.unlock_elsewhere()
    client.native("after the lock")
    client.press_unlock("unlocked")
    client.native("stored again")


@when("the client is started while the keyring is locked, and nobody answers the prompt for its password")
def start_while_locked(client: StoredClient) -> None:
    client.lock(UNANSWERED)
    client.start_as("locked start", FIRST)
    client.look("locked start", "login")
    client.press_unlock("unanswered prompt")
    client.scan_places("locked start")


@when("the keyring is unlocked, the user tries again, and the API is called")
def unlock_and_use(client: StoredClient) -> None:
    client.unlock_elsewhere()
    client.native("after the locked start")
    client.press_unlock("unlocked at last")
    client.call_api("API call")
