"""Phrases about what a client and a server log, report and tell."""

from __future__ import annotations

import secrets

from pytest_bdd import given, when

from harness.ports import Process, StoredClient
from harness.scene import Scene
from steps.store_secrets import FIRST, USERS, stored_client

REFUSALS = (400, 500)


@given("a desktop client that logs all it can, and a user who signed in with it", target_fixture="client")
def a_talking_client(scene: Scene) -> StoredClient:
    client = stored_client(scene)
    client.log_everything()
    client.start_as("first start", FIRST)
    client.sign_in("sign-in", USERS[FIRST])
    return client


@when("it refreshes, also while the issuer refuses with 400 and 500 and repeats the request in its answer")
def refresh_in_vain(client: StoredClient) -> None:
    client.refresh("refresh")
    for status in REFUSALS:
        with client.echoing(status):
            client.refresh(f"refresh refused with {status}")


@when("an answer to a sign-in is malformed")
def malformed_answer(client: StoredClient) -> None:
    client.fail_sign_in("failed sign-in")


@when("another installation is given the same token, and both are started")
def start_both(scene: Scene, client: StoredClient) -> None:
    token = client.copies("tokens").refresh_token
    client.start_as("first installation", FIRST)
    client.logs("first installation")
    other = scene.port(
        "stored client", lambda recorder: scene.target.stored_client(scene.stage, recorder), "another installation"
    )
    other.log_everything()
    other.start_as("another installation: first start", FIRST)
    other.hold("another installation", token)
    other.start_as("another installation", FIRST)
    other.logs("another installation")
    other.stop()


@when("the use of a token ends in an error that nobody foresaw, with the token in it")
def unforeseen_error(client: StoredClient) -> None:
    client.start_failing("failing start")
    client.refresh("unforeseen error")
    client.sign_out("unforeseen error at the sign-out")
    client.stop()
    client.errors("errors")
    client.scan_logs("logs")


@given("the server as a process of its own", target_fixture="server")
def a_server(scene: Scene) -> Process:
    return scene.port("process", lambda recorder: scene.target.process(recorder))


@when("a user logs in, refreshes, is refused and logs out, and what the server wrote is searched")
def use_server(scene: Scene, server: Process) -> None:
    at = server.serve(scene.stage)
    client = next(each for each in at.address.clients.values() if each.native)
    grant = at.log_in("login", client, at.address.users["existing"])
    renewed = at.refresh("refresh", grant.refresh_token, client)
    newest = str(renewed.json().get("refresh_token", ""))
    at.call_api("use", grant.access_token)
    at.refresh("refused refresh", secrets.token_urlsafe(32), client)
    at.revoke("logout", newest, client)
    at.refresh("refresh after the logout", newest, client)
    server.scan_output("logs")
