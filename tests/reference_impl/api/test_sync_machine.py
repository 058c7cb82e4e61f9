"""Push as a state machine: whatever is replayed, reordered, cut or crashed, each mutation has its effect once."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from reference_impl.api import notes
from reference_impl.api.sync import clients
from reference_impl.api.sync.clients import Clients
from reference_impl.api.sync.messages import Mutation, PullRequest, PushRequest
from reference_impl.api.sync.mutators import MUTATORS, Call
from reference_impl.api.sync.puller import Puller
from reference_impl.api.sync.pusher import ClientStateNotFound, OutOfOrder, Pusher
from reference_impl.api.workspaces import Space
from reference_impl.clock import SystemClock
from reference_impl.database import Database

GROUP, SPACE, CLIENTS = "group", Space("subject"), ("one", "two")


class Crash(Exception):
    """The process dies here."""


class Pushes(RuleBasedStateMachine):
    """Two clients of one group, each with notes of its own, and the network between them and the server."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.database = Database(Path(self.folder.name) / "sync.sqlite", notes.SCHEMA, clients.SCHEMA)
        self.queues: dict[str, list[Mutation]] = {client: [] for client in CLIENTS}
        self.crash_in = 0  # mutators that are still called before one crashes; 0: none does
        crashing = {name: self._crashing(mutator) for name, mutator in MUTATORS.items()}
        self.pusher = Pusher(self.database, SystemClock(), Clients(), crashing)
        self.puller = Puller(self.database, Clients())
        self.pulled: dict[str, str] = {}
        self.cookie: int | None = None

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()

    def _crashing(self, mutator: Callable[[Call], None]) -> Callable[[Call], None]:
        def call(given: Call) -> None:
            mutator(given)
            self.crash_in -= 1
            if self.crash_in == 0:
                raise Crash

        return call

    @rule(client=st.sampled_from(CLIENTS), name=st.sampled_from([*MUTATORS, "unknown"]), note=st.integers(0, 2))
    def mutate(self, client: str, name: str, note: int) -> None:
        queue = self.queues[client]
        number = len(queue) + 1
        queue.append(Mutation(client, number, name, {"id": f"{client}-{note}", "text": f"text {number}"}))

    @rule(data=st.data(), crash=st.integers(0, 3))
    def push(self, data: st.DataObject, crash: int) -> None:
        """Send any of what was ever made, in any order, as a network of retries may bring it."""
        made = [mutation for queue in self.queues.values() for mutation in queue]
        if not made:
            return
        sent = data.draw(st.lists(st.sampled_from(made), max_size=6) | st.just(made))
        self.crash_in = crash
        with suppress(Crash, OutOfOrder, ClientStateNotFound):
            self.pusher.push(PushRequest(GROUP, tuple(sent)), SPACE)
        self.crash_in = 0

    @rule()
    def pull(self) -> None:
        answer = self.puller.pull(PullRequest(GROUP, self.cookie), SPACE)
        for operation in answer.patch:
            if operation["op"] == "clear":
                self.pulled = {}
            else:
                value = operation["value"]
                assert isinstance(value, dict)
                self.pulled[value["id"]] = value["text"]
        self.cookie = answer.cookie
        assert self.pulled == self._expected()

    @invariant()
    def every_mutation_up_to_the_acknowledged_one_has_its_effect_once_and_in_order(self) -> None:
        stored = {note["id"]: note["text"] for note in notes.Notes(self.database).of(SPACE.owner)}
        assert stored == self._expected()

    def _expected(self) -> dict[str, str]:
        expected: dict[str, str] = {}
        with self.database.reading() as connection:
            for client, queue in self.queues.items():
                for mutation in queue[: Clients().last_mutation_id(connection, client, GROUP)]:
                    _model(expected, mutation)
        return expected


def _model(kept: dict[str, str], mutation: Mutation) -> None:
    """What a mutation does to a client's notes."""
    assert isinstance(mutation.arguments, dict)
    note, text = mutation.arguments["id"], mutation.arguments["text"]
    if (mutation.name == "createNote" and note not in kept) or (mutation.name == "updateNote" and note in kept):
        kept[note] = text
    elif mutation.name == "appendToNote" and note in kept:
        kept[note] += text
    elif mutation.name == "deleteNote":
        kept.pop(note, None)


TestPushes = Pushes.TestCase
TestPushes.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
