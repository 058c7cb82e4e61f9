"""Phrases about clients as they are packed, and who tries to lead them elsewhere."""

from __future__ import annotations

from pytest_bdd import given, when

from harness.ports.builds import PackedClients
from harness.scene import Scene


@given("the clients of production as they are packed", target_fixture="packed")
def packed_clients(scene: Scene) -> PackedClients:
    return scene.port("packed clients", lambda recorder: scene.target.packed(recorder))


@when("they are started by somebody who wants them to use an issuer of his own, and a login is begun")
def attack(packed: PackedClients) -> None:
    packed.attack_desktop("an attacked login")
    packed.attack_web("an attacked login")


@when("the selector of an internal build is tried with its own stages, with others, and with addresses")
def try_selector(packed: PackedClients) -> None:
    packed.select("the selector")
