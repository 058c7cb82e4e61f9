"""Phrases about requests to the API with tokens that are none of its own, or no longer."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pytest_bdd import given, when

from harness.ports import Issuer
from harness.probes.replica import Replica
from harness.scene import Scene
from steps.api_tokens import Mint, a_mint
from steps.presenting import Way
from steps.syncing import log_in_as, replica_of, sync_server

__all__ = ["Contract"]

AGO = 3600  # seconds since the expired token expired


@dataclass
class Contract:
    """A user's client, and all routes of his API that need a token."""

    scene: Scene
    mint: Mint
    replica: Replica = field(repr=False)

    @property
    def at(self) -> Issuer:
        return self.mint.presenter.at

    def ways(self, case: str) -> tuple[Way, ...]:
        """All routes of the API, push with a mutation that nobody else makes."""
        others = tuple(way for way in self.mint.presenter.ways if way.url.startswith(f"{self.at.address.api}/"))
        sync, group = self.replica.address, self.replica.group
        mutation = self.replica.create(f"note-{secrets.token_hex(8)}", case)
        push = {"clientGroupID": group, "mutations": [mutation], "pushVersion": 1, "schemaVersion": ""}
        pull = {"clientGroupID": group, "cookie": None, "pullVersion": 1, "schemaVersion": ""}
        own = ((sync.push, push), (sync.pull, pull))
        return (*others, *(Way("POST", f"{self.at.address.api}{path}", json.dumps(body)) for path, body in own))

    def ask_all(self, case: str, authorization: str | None) -> None:
        """Ask each route with this Authorization header."""
        headers = {} if authorization is None else {"Authorization": authorization}
        for number, way in enumerate(self.ways(case), 1):
            told = f"{number}: {way.method} {way.url.removeprefix(self.at.address.api)}"
            self.replica.agent.send(case, way.method, way.url, json=way.body, headers=headers, role="api", way=told)


@given("a user who syncs, and all routes of the API that need a token", target_fixture="contract")
def a_contract(scene: Scene) -> Contract:
    """Raises NotOffered where nothing is synced."""
    sync_server(scene)
    replica = replica_of(scene, log_in_as(scene, "the client's session", "existing"))
    return Contract(scene, a_mint(scene), replica)


def _revoked(contract: Contract) -> str:
    grant = log_in_as(contract.scene, "a session that is revoked", "existing")
    contract.at.revoke("the revocation", grant.refresh_token, grant.client)
    return f"Bearer {grant.access_token}"


def _signed(contract: Contract, case: str, claims: Mapping[str, object]) -> str:
    """A token with these claims, which the issuer's own key signed."""
    token = contract.mint.signed(claims)
    contract.at.observe_token(case, token, "forged_token")
    return f"Bearer {token}"


def _expired(contract: Contract) -> str:
    own = contract.mint.claims()
    return _signed(contract, "expired", {**own, "iat": own["iat"] - 2 * AGO, "exp": own["iat"] - AGO})


CASES: Mapping[str, Callable[[Contract], str | None]] = {
    "no header": lambda contract: None,
    "a scheme alone": lambda contract: "Bearer",
    "another scheme": lambda contract: "Basic x",
    "garbage": lambda contract: "Bearer garbage",
    "expired": _expired,
    "revoked": _revoked,
    "of another audience": lambda contract: _signed(
        contract, "of another audience", contract.mint.claims(aud="https://other.example")
    ),
}


@when("each route is asked with each of these, and what is stored is compared")
def ask_badly(scene: Scene, contract: Contract, datatable: list[list[str]]) -> None:
    sent = {name: CASES[name](contract) for (name,) in datatable[1:]}
    sync_server(scene).stored("before")
    for name, authorization in sent.items():
        contract.ask_all(name, authorization)
    sync_server(scene).stored("after")


@when("each route is asked with the user's own token")
def ask_well(scene: Scene, contract: Contract) -> None:
    contract.replica.made = 0  # what was refused is sent again
    contract.ask_all("valid", f"Bearer {contract.replica.token}")
    sync_server(scene).stored("afterwards")
