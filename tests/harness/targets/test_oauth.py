"""An issuer that is only described is a target like any other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import pytest
import trustme

from harness.errors import NotOffered
from harness.machine.session import PrivateSession
from harness.observations import DocumentedLifetime, Observation
from harness.observe import Recorder
from harness.ports import Issuer
from harness.probes.browser import public_key_hash
from harness.probes.login import User
from harness.probes.stage_address import Client
from harness.redact import Redactor
from harness.targets.description import Description, Limits, StageDescription
from harness.targets.discovery import try_metadata
from harness.targets.oauth import OAuthTarget
from harness.targets.reference import ReferenceTarget
from tests.harness.contracts.fake_issuer import PASSWORD, FakeIssuer
from tests.harness.contracts.issuer_contract import IssuerContract

Describe = Callable[..., Description]


@pytest.fixture
def seen() -> list[Observation]:
    return []


@pytest.fixture
def describe(fake: FakeIssuer) -> Describe:
    def description(**changed: object) -> Description:
        clients = {"web": Client("web", fake.redirect_uri)}
        users = {"existing": User("alice", PASSWORD)}
        stage = StageDescription(fake.url, clients, users, protected=f"{fake.url}/me")
        return Description("fake", "1", {"dev": stage}, **changed)  # type: ignore[arg-type]

    return description


@pytest.fixture
def target(describe: Describe) -> Iterator[OAuthTarget]:
    opened = _open(describe())
    yield opened
    opened.close()


def _open(description: Description) -> OAuthTarget:
    return OAuthTarget(description, cast("PrivateSession", None), Redactor())


def _recorder(target: OAuthTarget, seen: list[Observation]) -> Recorder:
    return Recorder("s", target.redactor, seen.append)


class TestADescribedIssuer(IssuerContract):
    @pytest.fixture(params=[1, 2])
    def issuer(self, target: OAuthTarget, seen: list[Observation], request: pytest.FixtureRequest) -> Issuer:
        recorder = _recorder(target, seen)
        recorder.trial = request.param
        return target.issuer("dev", recorder)


def test_what_its_description_declares_absent_is_not_applicable_and_the_rest_is_not_described(
    describe: Describe, seen: list[Observation]
) -> None:
    target = _open(describe(absent={"bus": "it publishes nothing", "revocation_endpoint": "version 1 has none"}))
    with pytest.raises(NotOffered) as declared:
        target.bus(_recorder(target, seen)).open_window("dev")
    with pytest.raises(NotOffered) as left_out:
        target.admin().disable_account("dev", "alice")
    assert (declared.value.declared, declared.value.reason) == (True, "it publishes nothing")
    assert (left_out.value.declared, left_out.value.reason) == (False, "fake describes no administration")


def test_its_clock_waits_and_waits_no_longer_than_its_description_allows(describe: Describe) -> None:
    clock = _open(describe(limits=Limits(max_wait=0.01))).clock()
    began = clock.now("dev")
    clock.advance("dev", 0.01)
    assert 0.01 <= clock.now("dev") - began < 5
    with pytest.raises(NotOffered, match=r"90 s would have to be waited, and its description allows 0\.01 s"):
        clock.advance("dev", 90)


def test_documented_lifetimes_are_those_of_its_description(describe: Describe, seen: list[Observation]) -> None:
    target = _open(describe(lifetimes={"access_token": DocumentedLifetime(900, "short")}, assurance="AAL1"))
    table = target.documentation(_recorder(target, seen)).lifetimes("documented", "dev")
    assert (table.limits["access_token"].seconds, table.assurance, table.source) == (
        900,
        "AAL1",
        "what its operators say in [lifetimes] of its description",
    )
    with pytest.raises(NotOffered):
        _open(describe()).documentation(_recorder(target, seen)).lifetimes("documented", "dev")


@pytest.mark.parametrize("issuer", ["its own", "another"])
def test_what_the_first_document_lacks_is_taken_from_the_openid_document_of_the_same_issuer(
    target: OAuthTarget, fake: FakeIssuer, seen: list[Observation], issuer: str
) -> None:
    named = fake.url if issuer == "its own" else "https://other.example"
    fake.openid = {"issuer": named, "token_endpoint": "x", "userinfo_endpoint": f"{fake.url}/me"}
    at = target.issuer("dev", _recorder(target, seen))
    assert at.metadata["token_endpoint"] == f"{fake.url}/token"
    assert at.metadata.get("userinfo_endpoint", "") == (f"{fake.url}/me" if issuer == "its own" else "")
    assert [one.case for one in seen] == ["discovery", "discovery: elsewhere"]


def test_metadata_are_found_at_the_other_well_known_place(
    target: OAuthTarget, fake: FakeIssuer, seen: list[Observation]
) -> None:
    fake.well_known = "/.well-known/openid-configuration"
    at = target.issuer("dev", _recorder(target, seen))
    assert at.discover("metadata").json()["issuer"] == fake.url
    assert [(one.case, getattr(one, "status", 0)) for one in seen] == [("metadata: elsewhere", 404), ("metadata", 200)]
    at.discover("again")
    assert [one.case for one in seen[2:]] == ["again"]


IN_CLEAR = "http://127.0.0.1:1"  # nobody listens there


@pytest.fixture
def https_issuer(fake: FakeIssuer, seen: list[Observation]) -> Iterator[Issuer]:
    """An issuer whose identifier is https, and whose token endpoint is not."""
    fake.claims |= {"issuer": "https://127.0.0.1", "token_endpoint": f"{IN_CLEAR}/token"}
    discovery = f"{fake.url}{fake.well_known}"
    users, clients = {"existing": User("alice", PASSWORD)}, {"web": Client("web", fake.redirect_uri, secret="s" * 20)}
    stage = StageDescription("https://127.0.0.1", clients, users, discovery=discovery)
    target = _open(Description("fake", "1", {"dev": stage}))
    yield target.issuer("dev", _recorder(target, seen))
    target.close()


def test_metadata_of_an_https_issuer_lead_no_credential_into_the_clear(https_issuer: Issuer) -> None:
    client = https_issuer.address.clients["web"]
    answer = https_issuer.refresh("a refresh", "a refresh token", client)
    assert answer.error == f"not sent: {IN_CLEAR} is not encrypted, and the issuer is https"
    assert https_issuer.address.plain_origins is not None
    assert not https_issuer.in_clear().refresh("a refresh", "another", client).error.startswith("not sent")


def test_it_is_told_before_a_run_which_addresses_of_the_metadata_are_in_the_clear(https_issuer: Issuer) -> None:
    told = {tried.what: tried for tried in try_metadata(https_issuer)}["encryption"]
    assert told.state == "wrong"
    assert told.detail.endswith(f"lead into the clear: token_endpoint {IN_CLEAR}/token")
    assert "revocation_endpoint" not in told.detail  # on the origin that the description itself names


def test_of_an_issuer_without_encryption_nothing_is_told(target: OAuthTarget, seen: list[Observation]) -> None:
    at = target.issuer("dev", _recorder(target, seen))
    assert at.address.plain_origins is None
    assert "encryption" not in {tried.what for tried in try_metadata(at)}


def test_a_browser_trusts_the_key_of_a_server_whose_authority_is_described_and_of_no_other(
    reference: ReferenceTarget, tmp_path: Path
) -> None:
    at = urlsplit(reference.addresses["dev"].issuer)
    host, port = at.hostname or "", at.port or 443
    stranger = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(stranger))
    assert public_key_hash(host, port, reference.reference.ca_file) == reference.reference.spki_hash
    assert public_key_hash(host, port, stranger) == ""
