"""Phrases about sign-ins that are moved to the secure store."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_bdd import given, when

from harness.ports import Copies, StoredClient, StoreTrials
from harness.probes.authorization import Grant
from harness.scene import Scene
from steps.effects import clock_of
from steps.store_secrets import FIRST, USERS, stored_client
from steps.token import issuer, session_with

DISTURBED, UNDISTURBED = "an older value", ("nothing", "a newer value")
UNMOVED, MOVED, LAST = "before the move", "moved", "given last"
LEGACY, IMPORTED = "the earlier version's sign-in", "the token that lay in plain text"
WITHIN = 15.0  # seconds for a client to ask for another token by itself: slow machines are no finding


@when("a sign-in is moved from these places to a better store, while each step fails, and while clients are killed")
def move(scene: Scene, tried: StoreTrials, datatable: list[list[str]]) -> None:
    places = [place for (place,) in datatable[1:]]
    for place in places[:1] if scene.depth == "glance" else places:
        tried.move(MOVED, place, DISTURBED, disturbed=True)
        for held in UNDISTURBED:
            tried.move(MOVED, place, held, disturbed=False)


@dataclass(frozen=True)
class Earlier:
    """A client of which an earlier version left a sign-in."""

    client: StoredClient
    grant: Grant


@given(
    "a desktop client with a secret store of its own, and what an earlier version left of a sign-in in plain text",
    target_fixture="earlier",
)
def an_earlier_version(scene: Scene) -> Earlier:
    client = stored_client(scene)
    native = next(each for each in issuer(scene).address.clients.values() if each.native)
    older = session_with(scene, "an older sign-in", native)
    grant = session_with(scene, LEGACY, native)
    client.leave_profile(FIRST, grant.refresh_token, older.refresh_token)
    client.scan_places(UNMOVED)
    return Earlier(client, grant)


@when("the client is started, and does nothing else than it does by itself")
def start_after_the_update(earlier: Earlier) -> None:
    earlier.client.start_and_listen(MOVED, FIRST, WITHIN)
    look(earlier.client)


@when("somebody tries the token that lay in plain text")
def try_the_imported_token(scene: Scene, earlier: Earlier) -> None:
    """After the grace in which the issuer would repeat an answer that was lost."""
    clock_of(scene).advance(scene.stage, scene.parameter("reuse_grace") + 2)
    issuer(scene).refresh(IMPORTED, earlier.grant.refresh_token, earlier.grant.client)


@given("a desktop client whose secret store is away, and a user who signed in with it", target_fixture="client")
def a_client_without_its_store(scene: Scene) -> StoredClient:
    client = stored_client(scene)
    client.end_system()
    client.start_as("first start", FIRST)
    client.sign_in(UNMOVED, USERS[FIRST])
    client.look(UNMOVED, "settings")
    return client


@when("the secret store comes back, and the client looks for it")
def store_comes_back(client: StoredClient) -> None:
    client.begin_system()
    client.look_again(MOVED)
    client.look(MOVED, "settings")
    look(client)


def look(client: StoredClient) -> Copies:
    """At the store, and at all else."""
    client.native(MOVED)
    client.scan_places(MOVED)
    return client.copies(LAST)
