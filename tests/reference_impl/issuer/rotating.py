"""A client of the token store as a process of its own, for tests that kill it or run many at once.

    python -m tests.reference_impl.issuer.rotating DATABASE LEDGER rotate    until it is killed
    python -m tests.reference_impl.issuer.rotating DATABASE LEDGER once GO   when the file GO is there

It keeps its refresh token as a client must: what it holds is in the ledger before it is used. A line `token T` is the
token held, `successor T` what was answered. The key and lifetimes are the parent's; the clock stands still, so that a
retry after a kill comes within the reuse grace.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from reference_impl.config import Lifetimes
from reference_impl.database import Database
from reference_impl.issuer.refresh_keys import RefreshKeys
from reference_impl.issuer.sqlite_state import SCHEMA, SqliteStore
from reference_impl.issuer.state import AccountRecord, IssuerState
from reference_impl.issuer.tokens import Rotation, TokenStore

NOW = 1_800_000_000.0
KEY = b"k" * 32


def open_store(path: Path) -> SqliteStore:
    return SqliteStore(Database(path, SCHEMA))


def token_store() -> TokenStore:
    return TokenStore(RefreshKeys.of(KEY), Lifetimes())


def begin(store: SqliteStore) -> str:
    """A family; its first refresh token."""

    def work(state: IssuerState) -> str:
        state.keep_account(AccountRecord("sub", "upstream", "alice", "Alice", NOW))
        return token_store().open_grant(state, "sub", "web", "corr", "api", NOW)[1]

    return store.change(work)


def rotate(store: SqliteStore, token: str) -> Rotation:
    """Exchange a token. Raises RefreshRefused."""
    return store.change(lambda state: token_store().rotate(state, token, "web", NOW))


def held(ledger: Path) -> str:
    """The newest token of a ledger; a line that a kill has cut is none."""
    lines = [line for line in ledger.read_text().split("\n")[:-1] if line.startswith(("token ", "successor "))]
    return lines[-1].partition(" ")[2]


def note(ledger: Path, line: str) -> None:
    with ledger.open("a") as file:
        file.write(f"\n{line}\n")  # a line that a kill has cut ends here
        file.flush()
        os.fsync(file.fileno())


def main(database: str, ledger_name: str, how: str, go: str = "") -> None:
    store, ledger = open_store(Path(database)), Path(ledger_name)
    print("ready", flush=True)
    if how == "once":
        token = held(ledger)
        while not Path(go).exists():
            time.sleep(0.001)
        print(rotate(store, token).refresh_token, flush=True)
        return
    while True:
        note(ledger, f"successor {rotate(store, held(ledger)).refresh_token}")


if __name__ == "__main__":
    main(*sys.argv[1:])
