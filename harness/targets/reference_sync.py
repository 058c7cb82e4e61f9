"""The server behind the reference's push and pull: its database, read beside it, and an accident in the midst of it."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from typing import Any

from harness.errors import TargetError
from harness.observations import StoredData
from harness.observe import Recorder
from harness.targets.reference_host import ReferenceHost

__all__ = ["ReferenceSyncServer"]

SYNCED = ("notes", "sync_clients", "sync_groups", "sync_versions", "workspace_members")
REST = 0.2  # seconds in which nothing may have changed
AT_MOST = 5.0


class ReferenceSyncServer:
    """One stage's."""

    def __init__(self, target: ReferenceHost, stage: str, recorder: Recorder) -> None:
        self._target, self._stage, self._recorder = target, stage, recorder
        self._api = target.addresses[stage].api
        self._http = target.new_session()

    def stored(self, case: str) -> StoredData:
        """The relay may be at work still on what happened before."""
        deadline = time.monotonic() + AT_MOST
        before = self._read()
        while True:
            time.sleep(REST)
            now = self._read()
            if now == before or time.monotonic() > deadline:
                break
            before = now
        rows, digest = now
        about = {"stage": self._stage}
        return self._recorder.record(StoredData(case=case, about=about, rows=rows, digest=digest))

    def fails_before_acknowledging(self) -> None:
        self._target.switches[self._stage].acknowledging_fails.set()

    def fails_in_a_mutation(self) -> None:
        self._target.switches[self._stage].mutating_fails.set()

    def forget_notes(self) -> None:
        with sqlite3.connect(self._target.reference.stages[self._stage].app.database.path) as connection:
            connection.execute("DELETE FROM notes")
        connection.close()

    def new_workspace(self, token: str) -> str:
        return str(self._ask("POST", "/workspaces", token)["id"])

    def set_member(self, workspace: str, token: str, member_token: str, active: bool) -> None:
        subject = self._ask("GET", "/me", member_token)["sub"]
        body = {"workspace": workspace, "subject": subject, "active": active}
        self._ask("POST", "/workspaces/members", token, body)

    def close(self) -> None:
        self._http.close()

    def _ask(self, method: str, path: str, token: str, body: object = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"}
        answer = self._http.request(method, f"{self._api}{path}", json=body, headers=headers)
        if not answer.ok:
            raise TargetError(f"{self._stage}: {method} {path}: HTTP {answer.status_code}")
        told: dict[str, Any] = answer.json()
        return told

    def _read(self) -> tuple[dict[str, int], str]:
        """The rows of each table, and the digest of what is synced."""
        file = self._target.reference.stages[self._stage].app.database.path
        with sqlite3.connect(file) as connection:
            tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            rows = {name: int(connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]) for name in tables}
            synced = [(name, sorted(connection.execute(f"SELECT * FROM {name}"))) for name in SYNCED]
        connection.close()
        return rows, hashlib.sha256(repr(synced).encode()).hexdigest()
