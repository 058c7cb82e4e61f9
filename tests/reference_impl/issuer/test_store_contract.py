"""What every store of the issuer's state does: one suite over SQLite and DynamoDB."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from reference_impl.clock import SystemClock
from reference_impl.database import Database
from reference_impl.events.outbox import DeadLetter, Outbox
from reference_impl.events.schema import AuthEvent, EventType, Reason
from reference_impl.issuer.dynamo_outbox import DynamoOutbox
from reference_impl.issuer.dynamo_state import DynamoStore
from reference_impl.issuer.sqlite_state import SqliteStore
from reference_impl.issuer.state import (
    AccountRecord,
    CodeRecord,
    GrantRecord,
    IssuerState,
    IssuerStore,
    LoginRecord,
    TokenRecord,
)
from reference_impl.stage import SCHEMAS
from tests.reference_impl.issuer.dynamo import dynamo_table

T = TypeVar("T")

NOW = 1_800_000_000.0
ACCOUNT = AccountRecord("sub-1", "upstream", "alice", "Alice", NOW)
LOGIN = LoginRecord("login-1", "browser", NOW, "web", "https://app/cb", "st", "challenge", "corr", "api", None, "jkt")
CODE = CodeRecord(
    "code-1", "web", "https://app/cb", "challenge", "sub-1", True, "corr", "api", None, NOW, dpop_jkt="jkt"
)
GRANT = GrantRecord("grant-1", "sub-1", "web", "corr", "api", NOW, NOW)


class Kept:
    """A store with its outbox."""

    def __init__(self, store: IssuerStore, outbox: Outbox) -> None:
        self.store, self.outbox = store, outbox


@pytest.fixture(params=["sqlite", "dynamodb"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    clock = SystemClock()
    if request.param == "sqlite":
        database = Database(tmp_path / "state.sqlite", *SCHEMAS)
        yield Kept(SqliteStore(database), Outbox(database, clock))
        database.close()
        return
    with dynamo_table() as table:
        store = DynamoStore(table)
        yield Kept(store, DynamoOutbox(store, clock))


@pytest.fixture
def store(kept: Kept) -> IssuerStore:
    return kept.store


def begin_family(state: IssuerState) -> None:
    state.keep_account(ACCOUNT)
    state.add_grant(GRANT)
    state.add_token(TokenRecord("t0", "grant-1", 0))


def event(key: str | None = None, session: str = "") -> AuthEvent:
    """An event of this session, or of one of its own."""
    return AuthEvent(
        EventType.LOGIN,
        str(uuid.uuid4()),
        NOW,
        "dev",
        "https://auth.dev.localhost",
        "web",
        Reason.KNOWN_ACCOUNT,
        subject="s" * 24,
        session_ref=session.rjust(24, "0") if session else uuid.uuid4().hex[:24],
        correlation_id="flow-0001",
        dedup_key=key,
    )


def begin_with_code(state: IssuerState) -> None:
    begin_family(state)
    state.add_code(CODE)


def test_an_identity_has_one_account_with_the_pseudonym_that_it_was_made_with(store: IssuerStore) -> None:
    assert store.change(lambda state: state.keep_account(ACCOUNT)) == (ACCOUNT, True)
    later = replace(ACCOUNT, subject="sub-2", name="Alice B")
    assert store.change(lambda state: state.keep_account(later)) == (ACCOUNT, False)
    assert store.read(lambda state: state.account("sub-1")) == ACCOUNT
    assert store.read(lambda state: state.account("sub-2")) is None
    assert store.read(lambda state: state.account_of("upstream", "alice")) == ACCOUNT
    assert store.read(lambda state: state.account_of("another", "alice")) is None


def test_the_same_subject_of_another_provider_is_another_identity(store: IssuerStore) -> None:
    store.change(lambda state: state.keep_account(ACCOUNT))
    other = replace(ACCOUNT, subject="sub-2", provider="another")
    assert store.change(lambda state: state.keep_account(other)) == (other, True)


def test_an_account_is_disabled_and_enabled(store: IssuerStore) -> None:
    store.change(lambda state: state.keep_account(ACCOUNT))
    assert store.change(lambda state: state.set_disabled("sub-1", True))
    assert store.read(lambda state: state.account("sub-1")) == replace(ACCOUNT, disabled=True)
    assert store.change(lambda state: state.set_disabled("sub-1", False))
    assert not store.change(lambda state: state.set_disabled("nobody", True))


def test_a_login_is_found_until_it_is_ended_once(store: IssuerStore) -> None:
    store.change(lambda state: state.add_login(LOGIN))
    assert store.read(lambda state: state.login("login-1")) == LOGIN
    assert store.read(lambda state: state.login("login-2")) is None
    assert store.change(lambda state: state.end_login("login-1"))
    assert not store.change(lambda state: state.end_login("login-1"))
    assert store.read(lambda state: state.login("login-1")) is None


def test_a_code_is_taken_once_and_remembered(store: IssuerStore) -> None:
    store.change(begin_with_code)
    taken = replace(CODE, used_at=NOW + 1)
    assert store.change(lambda state: state.take_code("code-1", NOW + 1)) == taken
    assert store.change(lambda state: state.take_code("code-1", NOW + 2)) is None
    assert store.change(lambda state: state.take_code("code-2", NOW + 2)) is None
    store.change(lambda state: state.bind_code("code-1", "grant-1"))
    assert store.read(lambda state: state.code("code-1")) == replace(taken, session_id="grant-1")


def test_of_many_takers_at_once_one_gets_the_code(store: IssuerStore) -> None:
    store.change(begin_with_code)
    assert len([taken for taken in at_once(store, lambda state: state.take_code("code-1", NOW)) if taken]) == 1


def test_a_rotation_is_compare_and_set(store: IssuerStore) -> None:
    store.change(begin_family)
    assert store.change(lambda state: state.rotate("grant-1", 0, "t1", NOW + 5))
    assert not store.change(lambda state: state.rotate("grant-1", 0, "t1-again", NOW + 6))
    assert not store.change(lambda state: state.rotate("grant-1", 7, "t8", NOW + 6))
    assert not store.change(lambda state: state.rotate("grant-2", 0, "t1", NOW + 6))
    assert store.read(lambda state: state.token("t0")) == TokenRecord("t0", "grant-1", 0, NOW + 5)
    assert store.read(lambda state: state.token("t1")) == TokenRecord("t1", "grant-1", 1)
    assert store.read(lambda state: state.token_of("grant-1", 1)) == TokenRecord("t1", "grant-1", 1)
    assert store.read(lambda state: state.token("t1-again")) is None
    assert store.read(lambda state: state.grant("grant-1")) == replace(GRANT, refreshed_at=NOW + 5)


def test_of_many_rotations_at_once_one_succeeds_and_the_family_is_one_line(store: IssuerStore) -> None:
    store.change(begin_family)
    numbers = iter(range(1000))
    done = at_once(store, lambda state: state.rotate("grant-1", 0, f"t1-{next(numbers)}", NOW))
    assert done.count(True) == 1
    assert store.read(lambda state: state.token_of("grant-1", 2)) is None


def test_a_grant_ends_once_and_keeps_its_reason(store: IssuerStore) -> None:
    store.change(begin_family)
    ended = replace(GRANT, ended_at=NOW + 1, end_reason="revoked")
    assert store.change(lambda state: state.end_grant("grant-1", "revoked", NOW + 1)) == ended
    assert store.change(lambda state: state.end_grant("grant-1", "user", NOW + 2)) is None
    assert store.change(lambda state: state.end_grant("grant-2", "user", NOW + 2)) is None
    assert store.read(lambda state: state.grant("grant-1")) == ended


def test_a_grant_is_bound_to_a_key(store: IssuerStore) -> None:
    store.change(begin_family)
    store.change(lambda state: state.bind_grant("grant-1", "thumb"))
    assert store.read(lambda state: state.grant("grant-1")) == replace(GRANT, thumbprint="thumb")


def erase(store: IssuerStore) -> list[GrantRecord]:
    """Erase the account of the tests, in as many transactions as it takes; return the grants that went on."""
    ended: list[GrantRecord] = []
    while True:
        step = store.change(lambda state: state.erase_account("sub-1"))
        ended += step.ended
        if step.whole:
            return ended
        assert store.read(lambda state: state.unerased()) == ["sub-1"]
        assert store.read(lambda state: state.account("sub-1")) is None


def test_an_erased_account_takes_its_grants_tokens_and_codes_with_it(store: IssuerStore) -> None:
    store.change(begin_with_code)
    assert erase(store) == [GRANT]
    assert store.read(lambda state: state.unerased()) == []
    assert store.read(lambda state: state.account("sub-1")) is None
    assert store.read(lambda state: state.grant("grant-1")) is None
    assert store.read(lambda state: state.code("code-1")) is None
    again = replace(ACCOUNT, subject="sub-2")
    assert store.change(lambda state: state.keep_account(again)) == (again, True)


def test_a_family_of_any_size_ends_by_one_mark(store: IssuerStore) -> None:
    store.change(begin_family)
    for first in range(1, 121, 40):
        store.change(lambda state, first=first: add_generations(state, range(first, first + 40)))  # type: ignore[misc]
    assert store.change(lambda state: state.end_grant("grant-1", "revoked", NOW)) is not None
    for name in ("t0", "t120"):
        token = store.read(lambda state, name=name: state.token(name))  # type: ignore[misc]
        grant = store.read(lambda state: state.grant("grant-1"))
        assert token is not None
        assert grant is not None
        assert grant.ended_at == NOW


def add_generations(state: IssuerState, generations: range) -> None:
    for generation in generations:
        state.add_token(TokenRecord(f"t{generation}", "grant-1", generation))


def test_an_account_with_more_sessions_than_a_transaction_takes_is_erased_with_an_event_for_each(kept: Kept) -> None:
    """As the token endpoint does it: each step reports the grants that it ended, in its own transaction."""
    sessions = [f"grant-{number}" for number in range(120)]
    kept.store.change(lambda state: state.keep_account(ACCOUNT))
    for first in range(0, 120, 30):
        kept.store.change(lambda state, first=first: add_grants(state, sessions[first : first + 30]))  # type: ignore[misc]

    def step(state: IssuerState) -> bool:
        erased = state.erase_account("sub-1")
        for grant in erased.ended:
            kept.outbox.add(state, event(grant.session_id, grant.session_id))
        return erased.whole

    while not kept.store.change(step):
        pass
    assert len(kept.outbox.pending()) == 120
    assert [kept.store.read(lambda state, s=s: state.grant(s)) for s in sessions] == [None] * 120  # type: ignore[misc]


def add_grants(state: IssuerState, sessions: list[str]) -> None:
    for session in sessions:
        state.add_grant(replace(GRANT, session_id=session))


def test_more_dead_letters_than_a_transaction_takes_come_back(kept: Kept) -> None:
    for _ in range(6):
        kept.store.change(lambda state: [kept.outbox.add(state, event()) for _ in range(18)])
    messages = kept.outbox.pending()
    for first in range(0, 108, 18):
        kept.outbox.settle([], [DeadLetter(message, "TooLarge", 1) for message in messages[first : first + 18]])
    assert kept.outbox.redeliver() == 108
    assert kept.outbox.pending() == messages


def test_a_correlation_is_taken_once(store: IssuerStore) -> None:
    assert store.change(lambda state: state.take_correlation("c", NOW))
    assert not store.change(lambda state: state.take_correlation("c", NOW + 1))


def test_malformed_tokens_are_counted_until_they_are_reported(store: IssuerStore) -> None:
    for _ in range(3):
        store.change(lambda state: state.count_malformed("web"))
    assert store.read(lambda state: state.overdue_malformed(NOW)) == [("web", 3)]
    store.change(lambda state: state.report_malformed("web", NOW))
    assert store.read(lambda state: state.overdue_malformed(NOW + 60)) == []
    store.change(lambda state: state.count_malformed("web"))
    assert store.read(lambda state: state.overdue_malformed(NOW - 1)) == []
    assert store.read(lambda state: state.overdue_malformed(NOW)) == [("web", 1)]


def test_what_a_transaction_changed_it_sees_itself(store: IssuerStore) -> None:
    def work(state: IssuerState) -> TokenRecord | None:
        begin_family(state)
        state.rotate("grant-1", 0, "t1", NOW)
        return state.token("t1")

    assert store.change(work) == TokenRecord("t1", "grant-1", 1)


def test_what_an_exception_interrupts_leaves_nothing(kept: Kept) -> None:
    def work(state: IssuerState) -> None:
        begin_family(state)
        kept.outbox.add(state, event())
        raise LookupError("in the middle")

    with pytest.raises(LookupError, match="in the middle"):
        kept.store.change(work)
    assert kept.store.read(lambda state: state.token("t0")) is None
    assert kept.outbox.pending() == ()


def test_listeners_hear_commits_and_nothing_else(store: IssuerStore) -> None:
    heard: list[int] = []
    store.after_commit(lambda: heard.append(1))
    store.change(begin_family)
    with pytest.raises(ZeroDivisionError):
        store.change(lambda state: 1 // 0)
    store.read(lambda state: state.grant("grant-1"))
    assert heard == [1]


def test_an_event_is_stored_with_the_change_that_it_reports_and_once_for_its_key(kept: Kept) -> None:
    first, same, other = event("key"), event("key"), event()
    kept.store.change(begin_family)
    assert kept.store.change(lambda state: kept.outbox.add(state, first))
    assert not kept.store.change(lambda state: kept.outbox.add(state, same))
    assert kept.store.change(lambda state: kept.outbox.add(state, other))
    assert [message.event_id for message in kept.outbox.pending()] == [first.event_id, other.event_id]
    assert [message.event_id for message in kept.outbox.pending(1)] == [first.event_id]


def test_of_each_session_the_oldest_event_is_next(kept: Kept) -> None:
    events = [event(None, session) for session in ("a", "a", "b", "a", "c")]
    kept.store.change(lambda state: [kept.outbox.add(state, one) for one in events])
    first, second, third = (events[number].event_id for number in (0, 2, 4))
    assert [message.event_id for message in kept.outbox.next_batch(10)] == [first, second, third]
    assert [message.event_id for message in kept.outbox.next_batch(2)] == [first, second]
    kept.outbox.settle([first], [])
    assert kept.outbox.next_batch(1)[0].event_id == events[1].event_id


def test_what_is_settled_leaves_and_dead_letters_come_back_in_their_place(kept: Kept) -> None:
    events = [event() for _ in range(3)]
    kept.store.change(lambda state: [kept.outbox.add(state, one) for one in events])
    messages = kept.outbox.pending()
    kept.outbox.settle([messages[1].event_id], [DeadLetter(messages[0], "TooLarge", 4)])
    assert kept.outbox.pending() == messages[2:]
    assert kept.outbox.dead_letters() == (DeadLetter(messages[0], "TooLarge", 4),)
    assert kept.outbox.redeliver() == 1
    assert kept.outbox.pending() == (messages[0], messages[2])
    assert kept.outbox.dead_letters() == ()


def test_a_full_outbox_counts_what_it_does_not_store(kept: Kept) -> None:
    kept.outbox.limit = 2
    stored = [kept.store.change(lambda state: kept.outbox.add(state, event())) for _ in range(4)]
    assert stored == [True, True, False, False]
    assert kept.outbox.overflow() == {"auth.login": 2}


def test_events_of_transactions_at_once_have_one_order(kept: Kept) -> None:
    done = at_once(kept.store, lambda state: kept.outbox.add(state, event(None, "one-session")), threads=6)
    assert done == [True] * 6
    assert len(kept.outbox.pending()) == 6


def at_once(store: IssuerStore, work: Callable[[IssuerState], T], threads: int = 8) -> list[T]:
    barrier = threading.Barrier(threads)

    def begin(_: int) -> T:
        barrier.wait()
        return store.change(work)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(begin, range(threads)))


def test_what_is_told_once_committed_is_told_of_commits_only(store: IssuerStore) -> None:
    told: list[str] = []

    def fail(state: IssuerState) -> None:
        state.once_committed(lambda: told.append("rolled back"))
        raise LookupError

    with pytest.raises(LookupError):
        store.change(fail)
    store.change(lambda state: state.once_committed(lambda: told.append("committed")))
    assert told == ["committed"]
