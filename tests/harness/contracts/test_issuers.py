"""The issuer's contract, run by every issuer that there is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.errors import TargetError
from harness.observations import Observation
from harness.observe import Recorder
from harness.ports import Issuer
from harness.probes.authorization import pkce_pair
from harness.probes.clients import CLIENTS, HttpClient, new_client
from harness.probes.login import User
from harness.probes.oauth import OAuthIssuer
from harness.probes.stage_address import Client, StageAddress
from harness.redact import Redactor
from harness.targets.reference import ReferenceTarget
from tests.harness.contracts.fake_issuer import PASSWORD, FakeIssuer
from tests.harness.contracts.issuer_contract import IssuerContract


@pytest.fixture
def seen() -> list[Observation]:
    return []


@pytest.fixture(params=[1, 2], ids=CLIENTS)
def fake_port(fake: FakeIssuer, seen: list[Observation], request: pytest.FixtureRequest) -> Iterator[Issuer]:
    redactor, opened = Redactor(), list[HttpClient]()
    redactor.register(PASSWORD, "password")

    def new_one() -> HttpClient:
        opened.append(new_client(request.param))
        return opened[-1]

    clients = {"web": Client("web", fake.redirect_uri)}
    users = {"existing": User("alice", PASSWORD)}
    address = StageAddress("dev", fake.url, fake.url, f"{fake.url}/me", fake.url, clients, users)
    yield OAuthIssuer(address, new_one, Recorder("s", redactor, seen.append), lambda: {"dev": fake.jwks()})
    for client in opened:
        client.close()


class TestAFakeIssuer(IssuerContract):
    @pytest.fixture
    def issuer(self, fake_port: Issuer) -> Issuer:
        return fake_port


class TestTheReference(IssuerContract):
    @pytest.fixture(params=["dev", "prod"])
    def issuer(self, reference: ReferenceTarget, seen: list[Observation], request: pytest.FixtureRequest) -> Issuer:
        return reference.issuer(request.param, Recorder("s", reference.redactor, seen.append))


def test_an_issuer_without_metadata_is_told_each_time(fake_port: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeIssuer, "metadata", lambda self: {"issuer": self.url})
    for _ in range(2):
        with pytest.raises(TargetError, match="dev: no metadata at http://"):
            _ = fake_port.metadata


def test_an_issuer_that_redirects_for_ever_is_left(
    fake_port: Issuer, fake: FakeIssuer, seen: list[Observation]
) -> None:
    fake_port.metadata["authorization_endpoint"] = f"{fake.url}/round"
    ended = fake_port.authorize("round", fake_port.address.clients["web"], fake_port.address.users["existing"])
    assert ended.code == ""
    assert 5 < sum(one.case == "round" for one in seen) < 12


def test_a_code_verifier_is_43_characters_and_its_challenge_another_each_time() -> None:
    pairs = {pkce_pair() for _ in range(20)}
    assert {(len(verifier), len(challenge)) for verifier, challenge in pairs} == {(43, 43)}
    assert len(pairs) == len({challenge for _, challenge in pairs}) == 20
