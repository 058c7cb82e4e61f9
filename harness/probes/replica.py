"""A client group that syncs as Replicache does (replicache 15.3.0), each request made by hand."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.probes.http import Answer, HttpProbe
from harness.probes.stage_address import SyncAddress

__all__ = ["Mutation", "Replica"]

Mutation = Mapping[str, object]


@dataclass
class Replica:
    """One client of a group, with a bearer token of its user. `about` goes into each of its observations; `workspace`:
    whose notes it syncs, None for its user's own."""

    agent: HttpProbe = field(repr=False)
    api: str
    address: SyncAddress
    token: str = field(repr=False)
    group: str = field(default_factory=lambda: f"group-{secrets.token_hex(8)}")
    client: str = field(default_factory=lambda: f"client-{secrets.token_hex(8)}")
    workspace: str | None = None
    about: Mapping[str, str] = field(default_factory=dict)
    made: int = 0  # mutations so far

    def create(self, note: str, text: str) -> Mutation:
        """Its next mutation: a note with this id."""
        return self._next(self.address.create, {"id": note, "text": text})

    def append(self, note: str, text: str) -> Mutation:
        """Its next mutation: more text at the end of a note, each time that it is applied."""
        return self._next(self.address.append, {"id": note, "text": text})

    def skip(self) -> None:
        """Make a mutation that is never sent."""
        self.made += 1

    def push(self, case: str, mutations: Sequence[Mutation], **about: str) -> Answer:
        body = {"profileID": "p", "clientGroupID": self.group, "mutations": list(mutations), "pushVersion": 1}
        return self._post(case, self.address.push, {**body, "schemaVersion": ""}, about)

    def pull(self, case: str, **about: str) -> Answer:
        """Everything, as a client asks for that has nothing yet."""
        body = {"profileID": "p", "clientGroupID": self.group, "cookie": None, "pullVersion": 1, "schemaVersion": ""}
        return self._post(case, self.address.pull, body, about)

    def _next(self, name: str, arguments: Mapping[str, str]) -> Mutation:
        self.made += 1
        return {"clientID": self.client, "id": self.made, "name": name, "args": arguments, "timestamp": 0}

    def _post(self, case: str, path: str, body: Mapping[str, object], about: Mapping[str, str]) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}"}
        if self.workspace is not None:
            headers[self.address.workspace_header] = self.workspace
        told: dict[str, Any] = {"role": "sync", "way": path, **self.about, **about}
        return self.agent.send(case, "POST", f"{self.api}{path}", json=json.dumps(body), headers=headers, **told)
