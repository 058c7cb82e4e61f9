"""Phrases about a sign-in at rest: how it outlives restarts, what a sign-out leaves, and what lies elsewhere."""

from __future__ import annotations

import time

from pytest_bdd import given, parsers, when

from harness.ports import StoredClient
from harness.probes.stage_address import Client
from harness.scene import Scene
from steps.logout import BETWEEN, RETRY, network_failure
from steps.token import issuer

FIRST, SECOND = "first", "second"  # two accounts of the user's client
USERS = {FIRST: "existing", SECOND: "second"}


def stored_client(scene: Scene) -> StoredClient:
    """The desktop client in surroundings of its own."""
    return scene.port("stored client", lambda recorder: scene.target.stored_client(scene.stage, recorder))


@given("a desktop client with a secret store of its own", target_fixture="client")
def a_client(scene: Scene) -> StoredClient:
    client = stored_client(scene)
    client.start_as("first start", FIRST)
    return client


@given("a desktop client with a secret store of its own, and a user who signed in with it", target_fixture="client")
def a_signed_in_client(scene: Scene) -> StoredClient:
    client = stored_client(scene)
    client.start_as("first start", FIRST)
    client.sign_in("sign-in", USERS[FIRST])
    return client


@when("the client is ended and started again, and the API is called")
def end_and_start(client: StoredClient) -> None:
    client.native("before the end")
    client.stop()
    come_back(client, "after the end")


@when("the client is killed as soon as a refresh has returned, and started again")
def kill_and_start(client: StoredClient) -> None:
    client.refresh("refresh before the kill")
    client.kill()
    client.native("before the kill")
    come_back(client, "after the kill")


@when("the user logs out of the system and in again, and starts the client")
def log_in_to_system_again(client: StoredClient) -> None:
    client.native("before the system's logout")
    client.restart_system()
    come_back(client, "after the system's logout")
    client.policy("policy")


def come_back(client: StoredClient, case: str) -> None:
    """Start; look at what is stored before it is used, then use it."""
    client.start_as(case, FIRST)
    client.native(case)
    client.call_api(f"{case}: API call")


@given("a desktop client with a secret store of its own, and two accounts signed in with it", target_fixture="client")
def two_accounts(scene: Scene) -> StoredClient:
    client = stored_client(scene)
    for account in (SECOND, FIRST):
        client.start_as(f"start of the {account} account", account)
        client.sign_in(f"sign-in of the {account} account", USERS[account])
    client.native("before the sign-out")
    return client


@when(parsers.parse("the first account's session ends by {way}"))
def end_session(scene: Scene, client: StoredClient, way: str) -> None:
    if way == "a revocation and the next refresh":
        revoke_at_the_issuer(scene, client)
        client.refresh("end of the session")
    elif way == "a sign-out without a network":
        with network_failure(scene):
            client.sign_out("end of the session")
            client.native("after the sign-out")
        wait_until_revoked(client)
    else:
        client.sign_out("end of the session")
    if way != "a sign-out without a network":
        client.native("after the sign-out")
    client.scan_places("after the sign-out")


def wait_until_revoked(client: StoredClient) -> None:
    """Until nothing of the account is left, or the client should long have tried again."""
    end = time.monotonic() + RETRY
    while True:
        listing = client.native("after the network's return")
        if not any(f"/{FIRST}/" in item.name for item in listing.items) or time.monotonic() > end:
            return
        time.sleep(BETWEEN)


def revoke_at_the_issuer(scene: Scene, client: StoredClient) -> None:
    """As an administrator does, or the same user at another device."""
    at, copy = issuer(scene), client.copies("tokens")
    own = next(each for each in at.address.clients.values() if each.client_id == copy.client_id)
    at.revoke("revocation", copy.refresh_token, Client(own.client_id, own.redirect_uri, own.native))


@when("the client of the first account is started again")
def start_first_again(client: StoredClient) -> None:
    client.start_as("restart", FIRST)
    client.look("restart", "home")


@when(parsers.parse("the session is refreshed {count:d} times, and everything is searched"))
def refresh_and_search(client: StoredClient, count: int) -> None:
    for number in range(count):
        client.refresh(f"refresh {number + 1}")
    client.scan_places("after the refreshes")


@when("a sign-in fails, and everything is searched")
def fail_and_search(client: StoredClient) -> None:
    client.fail_sign_in("failed sign-in")
    client.scan_places("after the failed sign-in")


@when("the client is started again as after an update, and everything is searched")
def update_and_search(client: StoredClient) -> None:
    client.start_as("after the update", FIRST)
    client.scan_places("after the update")


@when("what the window keeps in the browser is searched")
def search_window(client: StoredClient) -> None:
    client.call_api("API call")
    client.look("window", "home")
    client.scan_window("window")


@when("the client crashes, and everything is searched")
def crash_and_search(client: StoredClient) -> None:
    client.crash("crash")
    client.scan_places("after the crash")


@when("its processes are watched while the user signs in, refreshes, and stores, reads and clears a secret")
def watch_processes(client: StoredClient) -> None:
    with client.watched("use", "sign-in, refresh, store"):
        client.sign_in("sign-in", USERS[FIRST])
        client.refresh("refresh")
        client.operate("store")
