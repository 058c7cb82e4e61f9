"""Phrases about how stored credentials are protected at rest."""

from __future__ import annotations

from pytest_bdd import given, when

from harness.ports import FileVault, StoredClient
from harness.scene import Scene

OTHERS = ("second user", "second machine")


def file_vault(scene: Scene) -> FileVault:
    return scene.port("file vault", lambda recorder: scene.target.file_vault(scene.stage, recorder))


@given("a vault of encrypted files, allowed where the system has no store, with a secret in it", target_fixture="vault")
def a_vault(scene: Scene) -> FileVault:
    vault = file_vault(scene)
    vault.keep("kept in the vault")
    return vault


@when("the store's entries and the vault's files are looked at")
def look_at_stores(client: StoredClient, vault: FileVault) -> None:
    client.native("stored")
    vault.modes("modes")


@when("another user and another machine try to obtain what is stored")
def others_try(client: StoredClient, vault: FileVault) -> None:
    for who in OTHERS:
        client.attempt(f"keyring: {who}", who)
        vault.attempt(f"file vault: {who}", who)


@when("each region of each file of the vault is changed, and the secret is read")
def change_vault(vault: FileVault) -> None:
    vault.tamper("tampering")
