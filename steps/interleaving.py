"""Phrases about a user who goes on writing, whatever happens to his page."""

from __future__ import annotations

from pytest_bdd import given, when

from harness.probes.interleaving import Player, interleaving, read_moves
from harness.scene import Scene
from steps.sync_page import Writer, a_writer
from steps.syncing import sync_server

__all__ = ["FAILING"]

LENGTH = 14  # moves that a seed stands for
FAILING = "the storage failed"


@given("a user at the page of his notes, in a browser that keeps them", target_fixture="writer")
def user_with_profile(scene: Scene) -> Writer:
    return a_writer(scene, on_disk=True)


@when("these things happen while he writes, in this order or in one that a seed says, and then all is well again")
def play(writer: Writer, datatable: list[list[str]]) -> None:
    player = Player(writer.page, writer.prefix)
    for (words,) in datatable[1:]:
        seed = words.removeprefix("seed ")
        player.play(words, interleaving(int(seed), LENGTH) if seed.isdigit() else read_moves(words))
    writer.number = player.number


@when("the server's storage fails while it applies what he wrote")
def storage_fails(scene: Scene, writer: Writer) -> None:
    writer.settle(f"{FAILING}: before")
    writer.page.watch()
    sync_server(scene).fails_in_a_mutation()
    writer.write(f"{FAILING}: written by client 1", 2)
    writer.settle(f"{FAILING}: after")
    writer.page.traffic(f"{FAILING}: the traffic")
    writer.page.look(f"{FAILING}: in the end")
