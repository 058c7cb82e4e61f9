"""Faults by which what a user wrote is lost or left over, or acknowledged without effect."""

from __future__ import annotations

import sqlite3

from harness.faults.registry import fault
from harness.faults.sync_page import Assets, altered
from reference_impl.api.sync.messages import Mutation
from reference_impl.api.sync.pusher import Pusher
from reference_impl.parts import Part


@fault("F-SYNC-04-a", "SYNC-04.E1", Part.ASSETS)
def each_token_has_a_database_of_its_own(real: Assets) -> Assets:
    return altered(real, "sync.js", ("name: subject,", "name: `${subject} ${session.handle}`,"))


@fault("F-SYNC-04-b", "SYNC-04.E3", Part.PUSHER)
def an_error_of_the_storage_is_swallowed_and_the_mutation_acknowledged(real: Pusher) -> Pusher:
    class Careless(Pusher):
        def _mutate(self, connection: sqlite3.Connection, mutation: Mutation, owner: str) -> None:
            try:
                super()._mutate(connection, mutation, owner)
            except sqlite3.Error:
                connection.execute("RELEASE mutation")

    return Careless(**vars(real))


@fault("F-SYNC-04-x1", "SYNC-04.E2", Part.ASSETS)
def after_a_refresh_that_failed_it_rests_for_five_minutes(real: Assets) -> Assets:
    rests = (
        ("const FIRST_WAIT = 2_000;", "const FIRST_WAIT = 300_000;"),
        ("const LONGEST_WAIT = 60_000;", "const LONGEST_WAIT = 300_000;"),
    )
    return altered(real, "auth.js", *rests)
