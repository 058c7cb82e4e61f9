"""The outbox of the DynamoDB store: an event is an item of the same TransactWriteItems as the change that it reports.

One item, the head, counts the positions, so that the order of the events is the order of their commits; transactions
that report something meet there, and of two at once one is done again. Refreshes report nothing and never meet.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from functools import partial

from reference_impl.clock import Clock
from reference_impl.events.outbox import LIMIT, DeadLetter, Message, Outbox, Signs
from reference_impl.events.schema import AuthEvent
from reference_impl.issuer.dynamo_state import KEPT, DynamoStore, unit_of
from reference_impl.issuer.dynamo_table import Unit, Value, joined
from reference_impl.issuer.state import IssuerState

PENDING, DEAD, OVERFLOW = "outbox-pending", "outbox-dead", "outbox-overflow"
HEAD = "outbox-head"
REDELIVERED_AT_ONCE = 40  # letters: two items each, and one transaction takes 100


class DynamoOutbox(Outbox):
    """The same outbox, kept elsewhere."""

    def __init__(self, store: DynamoStore, clock: Clock, sign: Signs = lambda _: {}, limit: int = LIMIT) -> None:
        self._store, self._clock, self._sign, self.limit = store, clock, sign, limit
        self._changed = threading.Condition()
        self._version = 0
        store.after_commit(self.wake)

    def add(self, state: IssuerState, event: AuthEvent) -> bool:
        unit = unit_of(state)
        now = self._clock.now()
        if event.dedup_key is not None and unit.get(joined("outbox-key", event.dedup_key)) is not None:
            return False
        head = unit.get(HEAD) or {"position": 0, "pending": 0}
        if head["pending"] >= self.limit:
            count = (unit.get(OVERFLOW, event.type) or {"count": 0})["count"] + 1
            unit.put({"count": count}, None, OVERFLOW, event.type)
            return False
        seq = _next_seq(unit, event.session_ref, now) if event.session_ref is not None else None
        message = Message(event.event_id, event.type, self.render(event, seq, now))
        if event.dedup_key is not None:
            unit.add({}, now + KEPT, joined("outbox-key", event.dedup_key))
        unit.put({"position": head["position"] + 1, "pending": head["pending"] + 1}, None, HEAD)
        item = {**asdict(message), "session_ref": event.session_ref}
        unit.add(item, None, PENDING, f"{head['position'] + 1:020d}")
        return True

    def pending(self, limit: int = -1) -> tuple[Message, ...]:
        found = self._store.table.read(lambda unit: [_message(value) for _, value in unit.query(PENDING)])
        return tuple(found if limit < 0 else found[:limit])

    def next_batch(self, limit: int) -> tuple[Message, ...]:
        return self._store.table.read(lambda unit: tuple(_of_different_sessions(unit, limit)))

    def dead_letters(self) -> tuple[DeadLetter, ...]:
        def read(unit: Unit) -> list[Value]:
            return sorted((value for _, value in unit.query(DEAD)), key=lambda value: float(value["died_at"]))

        letters = self._store.table.read(read)
        return tuple(DeadLetter(_message(value), value["code"], value["attempts"]) for value in letters)

    def overflow(self) -> Mapping[str, int]:
        return self._store.table.read(lambda unit: {sk: value["count"] for sk, value in unit.query(OVERFLOW)})

    def settle(self, published: Iterable[str], dead: Iterable[DeadLetter]) -> None:
        letters = {letter.message.event_id: letter for letter in dead}
        wanted = {*published, *letters}
        self._store.table.change(lambda unit: self._settle(unit, wanted, letters))
        self.wake()

    def redeliver(self) -> int:
        letters = self._store.table.read(lambda unit: [sk for sk, _ in unit.query(DEAD)])
        count = sum(
            self._store.table.change(partial(_redeliver, keys=letters[first : first + REDELIVERED_AT_ONCE]))
            for first in range(0, len(letters), REDELIVERED_AT_ONCE)
        )
        self.wake()
        return count

    def _settle(self, unit: Unit, wanted: set[str], letters: Mapping[str, DeadLetter]) -> None:
        found = [(sk, value) for sk, value in _until_found(unit, wanted)]
        for sk, value in found:
            unit.delete(PENDING, sk)
            letter = letters.get(value["event_id"])
            if letter is not None:
                died = {"code": letter.code, "attempts": letter.attempts, "died_at": self._clock.now()}
                unit.put({**value, **died}, None, DEAD, sk)
        head = unit.get(HEAD)
        if head is not None and found:
            unit.put({**head, "pending": head["pending"] - len(found)}, None, HEAD)


def _next_seq(unit: Unit, session_ref: str, now: float) -> int:
    """Count the events of a session."""
    key = joined("outbox-session", session_ref)
    seq = int((unit.get(key) or {"seq": 0})["seq"]) + 1
    unit.put({"seq": seq}, now + KEPT, key)
    return seq


def _of_different_sessions(unit: Unit, limit: int) -> Iterator[Message]:
    """The oldest pending event of each session, at most ``limit``."""
    sessions: set[str] = set()
    given = 0
    for _, value in unit.query(PENDING):
        session = value["session_ref"]
        if given == limit:
            return
        if session is None or session not in sessions:
            given += 1
            yield _message(value)
        sessions.add(session)


def _until_found(unit: Unit, wanted: set[str]) -> Iterator[tuple[str, Value]]:
    left = set(wanted)
    for sk, value in unit.query(PENDING):
        if value["event_id"] in left:
            left.remove(value["event_id"])
            yield sk, value
        if not left:
            return


def _redeliver(unit: Unit, keys: list[str]) -> int:
    letters = [(sk, value) for sk in keys if (value := unit.get(DEAD, sk)) is not None]
    for sk, value in letters:
        unit.delete(DEAD, sk)
        kept = {name: value[name] for name in ("event_id", "type", "detail", "session_ref")}
        unit.put(kept, None, PENDING, sk)
    head = unit.get(HEAD)
    if head is not None and letters:
        unit.put({**head, "pending": head["pending"] + len(letters)}, None, HEAD)
    return len(letters)


def _message(value: Value) -> Message:
    return Message(value["event_id"], value["type"], value["detail"])
