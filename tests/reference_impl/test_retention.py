"""What a stage forgets: by age, and with an account."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reference_impl.api.workspaces import Space, Workspaces
from reference_impl.aws import AwsAccess
from reference_impl.clock import ShiftedClock
from reference_impl.config import Lifetimes
from reference_impl.database import Database
from reference_impl.issuer.state import TokenRecord
from reference_impl.retention import DAY, EVERY, RETENTION, Sweep
from reference_impl.stage import StageApp, build_stage, finish_erasures
from tests.reference_impl.conftest import Frozen, make_config
from tests.reference_impl.issuer.dynamo import TABLE, dynamo_table
from tests.reference_impl.issuer.test_over_dynamodb import ACCESS
from tests.reference_impl.issuer.test_store_contract import ACCOUNT, CODE, GRANT, LOGIN, NOW, event

ME, OTHER = "m" * 24, "o" * 24
AGED = ("logins", "codes", "grants", "refresh_tokens", "correlation_ids", "outbox", "dpop_proofs")


class At:
    """A clock that stands."""

    def __init__(self, time: float) -> None:
        self.time = time

    def now(self) -> float:
        return self.time


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock(Frozen())


@pytest.fixture(params=["sqlite", "dynamodb"])
def stage(request: pytest.FixtureRequest, tmp_path: Path, clock: ShiftedClock) -> Iterator[StageApp]:
    with dynamo_table():
        config = replace(make_config(tmp_path, Lifetimes()), aws=AwsAccess(**ACCESS))
        stage = build_stage(replace(config, state_table=TABLE if request.param == "dynamodb" else ""), clock=clock)
        yield stage
        stage.stop()


def filled(stage: StageApp) -> None:
    """One row of each kind, of now."""

    def fill(state: Any) -> None:
        state.keep_account(replace(ACCOUNT, subject=ME))
        state.add_login(LOGIN)
        state.add_code(replace(CODE, subject=ME))
        state.add_grant(replace(GRANT, subject=ME, correlation_id="flow-0001"))
        state.add_token(TokenRecord("t0", "grant-1", 0))
        state.take_correlation("flow", NOW)
        stage.outbox.add(state, event())

    stage.store.change(fill)
    stage.outbox.settle([message.event_id for message in stage.outbox.pending()], [])
    with stage.database.transaction() as connection:
        connection.execute("INSERT INTO dpop_proofs VALUES ('proof', ?)", (NOW + 60,))


def rows(database: Database, *tables: str) -> dict[str, int]:
    with database.reading() as connection:
        return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}


@pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
def test_each_kind_is_kept_as_long_as_it_is_said_and_no_longer(stage: StageApp) -> None:
    filled(stage)
    for kind in RETENTION:
        ends = NOW + kind.kept + (60 if kind.table == "dpop_proofs" else 0)
        assert Sweep(stage.database, At(ends)).sweep(kind) == 0
        assert Sweep(stage.database, At(ends + 1)).sweep(kind) == 1, kind.table
    assert not any(rows(stage.database, *AGED).values())
    assert rows(stage.database, "accounts") == {"accounts": 1}
    assert all(kind.reason for kind in RETENTION)


@pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
def test_the_relay_sweeps_once_an_hour_and_what_fails_keeps_no_event_back(
    stage: StageApp, clock: ShiftedClock, caplog: pytest.LogCaptureFixture
) -> None:
    filled(stage)
    clock.advance(61 * DAY)
    stage._relay._collect()
    assert not any(rows(stage.database, *AGED).values())
    filled_again = rows(stage.database, "accounts")
    asked: list[float] = []

    def fails() -> None:
        asked.append(clock.now())
        raise OSError("the store is away")

    sweep = Sweep(stage.database, clock, fails)
    with caplog.at_level(logging.ERROR):
        sweep()
        sweep()
        clock.advance(EVERY)
        sweep()
    assert len(asked) == 2
    assert "tried again" in caplog.text
    assert rows(stage.database, "accounts") == filled_again


def written(stage: StageApp) -> Workspaces:
    """Notes and sync rows of two users: each his own, a workspace of the first alone, one of both."""
    workspaces = Workspaces(stage.database)
    alone, shared = workspaces.create(ME), workspaces.create(ME)
    workspaces.set_member(shared, ME, OTHER, active=True)
    with stage.database.transaction() as connection:
        for owner in (ME, OTHER, alone, shared):
            connection.execute("INSERT INTO notes VALUES (?, ?, 'text', 0)", (f"note of {owner}", owner))
        for number, space in enumerate(
            [Space(ME), Space(OTHER), Space(ME, alone), Space(ME, shared), Space(OTHER, shared)]
        ):
            group = (f"group-{number}", space.subject, space.owner)
            connection.execute("INSERT INTO sync_groups VALUES (?, ?, ?)", group)
            connection.execute("INSERT INTO sync_clients VALUES (?, ?, 1, 1)", (f"client-{number}", group[0]))
    return workspaces


def expect_only_the_others_data(stage: StageApp) -> None:
    with stage.database.reading() as connection:
        owners = {row[0] for row in connection.execute("SELECT subject FROM notes")}
        assert len(owners) == 2
        assert OTHER in owners
        versions = {row[0] for row in connection.execute("SELECT subject FROM sync_versions")}
        assert versions == owners
        assert {row[0] for row in connection.execute("SELECT subject FROM workspace_members")} == {OTHER}
        groups = {row[0] for row in connection.execute("SELECT client_group_id FROM sync_groups")}
        assert groups == {"group-1", "group-4"}
        assert rows(stage.database, "sync_clients") == {"sync_clients": 2}


def test_an_erased_account_takes_its_notes_and_sync_rows_with_it(stage: StageApp) -> None:
    filled(stage)
    written(stage)
    stage.erase_account(ME)
    expect_only_the_others_data(stage)
    assert stage.store.read(lambda state: state.account(ME)) is None
    assert len(stage.outbox.pending()) == 1
    with pytest.raises(LookupError):
        stage.erase_account(ME)


@pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
def test_in_one_file_an_erasure_is_done_as_a_whole_or_not_at_all(
    stage: StageApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(stage)
    written(stage)
    before = rows(stage.database, "notes", "sync_groups", "accounts", "grants")

    def fails(*arguments: object) -> None:
        raise OSError("in the middle")

    monkeypatch.setattr(type(stage.outbox), "add", fails)
    with pytest.raises(OSError, match="in the middle"):
        stage.erase_account(ME)
    assert rows(stage.database, "notes", "sync_groups", "accounts", "grants") == before


@pytest.mark.parametrize("stage", ["dynamodb"], indirect=True)
def test_what_a_crash_leaves_of_an_erasure_is_erased_by_the_next_sweep(stage: StageApp) -> None:
    filled(stage)
    written(stage)
    assert not stage.store.change(lambda state: stage.issuer.endpoint.erase(state, ME))
    assert not stage.store.read(lambda state: stage.issuer.tokens.is_active(state, "grant-1"))
    finish_erasures(stage.issuer, stage.store, stage.database)
    expect_only_the_others_data(stage)
    assert stage.store.read(lambda state: (state.grant("grant-1"), state.unerased())) == (None, [])
    assert len(stage.outbox.pending()) == 1
