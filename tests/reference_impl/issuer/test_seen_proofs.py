"""What both memories of used proofs have in common: a proof works once, at whatever server of the stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reference_impl.database import Database
from reference_impl.issuer.dynamo_proofs import SeenInTable
from reference_impl.rfc9449 import SCHEMA, SeenInDatabase, SeenProofs
from tests.reference_impl.issuer.dynamo import dynamo_table

NOW, LATER = 1_800_000_000.0, 1_800_000_120.0
Servers = tuple[SeenProofs, SeenProofs]


@pytest.fixture(params=["SQLite", "DynamoDB"])
def servers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Servers]:
    """Two servers of one stage."""
    if request.param == "DynamoDB":
        with dynamo_table() as table:
            yield SeenInTable(table), SeenInTable(table)
        return
    files = Database(tmp_path / "stage.sqlite", SCHEMA), Database(tmp_path / "stage.sqlite", SCHEMA)
    yield SeenInDatabase(files[0]), SeenInDatabase(files[1])
    for file in files:
        file.close()


def test_a_proof_that_one_server_took_is_taken_by_no_other(servers: Servers) -> None:
    assert servers[0].first_time("key", "jti", NOW, LATER)
    assert not servers[1].first_time("key", "jti", NOW + 1, LATER + 1)
    assert not servers[0].first_time("key", "jti", NOW + 1, LATER + 1)


def test_proofs_are_told_apart_by_key_and_identifier(servers: Servers) -> None:
    assert servers[0].first_time("key", "jti", NOW, LATER)
    assert servers[1].first_time("another", "jti", NOW, LATER)
    assert servers[1].first_time("key", "another \ud800", NOW, LATER)


def test_a_proof_is_forgotten_when_it_is_too_old_to_be_taken(servers: Servers) -> None:
    assert servers[0].first_time("key", "jti", NOW, LATER)
    assert servers[1].first_time("key", "jti", LATER, LATER + 120)


def test_of_many_at_once_one_is_the_first(servers: Servers) -> None:
    with ThreadPoolExecutor(8) as pool:
        took = pool.map(lambda nth: servers[nth % 2].first_time("key", "jti", NOW, LATER), range(16))
        assert Counter(took) == {True: 1, False: 15}
