from __future__ import annotations

import subprocess
import tomllib
import typing
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from harness.catalog import load_catalog
from harness.errors import NotHere, NotOffered, TargetError
from harness.machine.node import find_node
from harness.machine.npm import OPENAUTH
from harness.machine.session import PrivateSession
from harness.model import STAGES
from harness.observations import Observation
from harness.observe import Recorder
from harness.ports import Issuer
from harness.probes.login import User
from harness.probes.stage_address import Client
from harness.redact import Redactor
from harness.targets.description import Capability
from harness.targets.openauth import ACCESS, VARIANTS, OpenAuthTarget
from harness.targets.openauth_process import OpenAuthProcess
from tests.harness.contracts.issuer_contract import IssuerContract

EVIL = {"redirect_uri": "https://evil.example/cb"}

try:
    OPENAUTH.find()
    version = subprocess.run([find_node(), "--version"], capture_output=True, text=True, check=True).stdout
    ABSENT = "" if int(version[1:].split(".")[0]) >= 22 else f"OpenAuth needs Node 22 or later; this is {version}"
except NotHere as error:
    ABSENT = str(error)

needs_openauth = pytest.mark.skipif(bool(ABSENT), reason=ABSENT)


@pytest.fixture(scope="module")
def machine() -> Iterator[PrivateSession]:
    with PrivateSession.start(secret_service=False) as session:
        yield session


@pytest.fixture(scope="module")
def targets(machine: PrivateSession) -> Iterator[dict[str, OpenAuthTarget]]:
    opened = {variant: OpenAuthTarget.start(variant, machine, Redactor()) for variant in VARIANTS}
    yield opened
    for target in opened.values():
        target.close()


@pytest.fixture(params=VARIANTS)
def target(targets: dict[str, OpenAuthTarget], request: pytest.FixtureRequest) -> OpenAuthTarget:
    return targets[request.param]


def issuer_at(target: OpenAuthTarget, stage: str) -> Issuer:
    return target.issuer(stage, Recorder("test", target.redactor, lambda observation: None))


def existing(at: Issuer) -> User:
    return at.address.users["existing"]


@needs_openauth
class TestTheIssuer(IssuerContract):
    @pytest.fixture
    def seen(self) -> list[Observation]:
        return []

    @pytest.fixture
    def issuer(self, targets: dict[str, OpenAuthTarget], seen: list[Observation]) -> Issuer:
        hardened = targets["openauth-hardened"]
        return hardened.issuer("staging", Recorder("contract", hardened.redactor, seen.append))

    def test_a_revocation_is_answered(self, issuer: Issuer, client: Client, user: User) -> None:
        with pytest.raises(NotOffered, match="nothing that revokes or logs out") as absence:
            issuer.revoke("revoke", "a token", client)
        assert absence.value.declared


@needs_openauth
def test_each_client_logs_in_at_each_stage(target: OpenAuthTarget) -> None:
    for stage in STAGES:
        at = issuer_at(target, stage)
        for client in at.address.clients.values():
            grant = at.log_in("login", client, existing(at))
            assert at.call_api("call", grant.access_token).json() == {"email": existing(at).name}
            assert grant.answer.json()["expires_in"] == pytest.approx(ACCESS[target.name], abs=2)


@needs_openauth
def test_each_stage_has_a_signing_key_of_its_own(target: OpenAuthTarget) -> None:
    keys = {str(jwks["keys"]) for jwks in target.published_keys().values()}

    assert len(keys) == len(STAGES)


@needs_openauth
def test_who_declines_is_sent_back_with_openauths_own_error(target: OpenAuthTarget) -> None:
    at = issuer_at(target, "dev")
    ended = at.authorize("declined", at.address.clients["web"], existing(at), deny=True)

    assert ended.parameters["error"] == "access_denied"


@needs_openauth
def test_time_passes_at_the_stage_that_is_told_so_and_at_no_other(target: OpenAuthTarget) -> None:
    at = {stage: issuer_at(target, stage) for stage in STAGES}
    grants = {stage: one.log_in("login", one.address.clients["web"], existing(one)) for stage, one in at.items()}
    clock = target.clock()
    before = clock.now("dev")
    clock.advance("dev", 31 * 86400)

    assert clock.now("dev") - before >= 31 * 86400
    assert {stage: at[stage].call_api("call", grants[stage].access_token).status for stage in STAGES} == {
        "dev": 401,
        "staging": 200,
        "prod": 200,
    }


@needs_openauth
def test_the_variants_differ_in_their_options(targets: dict[str, OpenAuthTarget]) -> None:
    at = {variant: issuer_at(target, "prod") for variant, target in targets.items()}
    ends = {
        variant: one.authorize("evil", one.address.clients["web"], None, EVIL).answer for variant, one in at.items()
    }

    assert {variant: answer.status for variant, answer in ends.items()} == {"openauth": 302, "openauth-hardened": 400}
    assert ends["openauth"].location.startswith("https://evil.example/cb?error=unauthorized_client")


@needs_openauth
def test_after_its_end_no_process_is_left(machine: PrivateSession) -> None:
    target = OpenAuthTarget.start("openauth", machine, Redactor())
    target.close()
    target.close()

    with pytest.raises(TargetError, match=r"OpenAuth \(dev\) has ended"):
        target.clock().advance("dev", 1)


@needs_openauth
def test_a_server_that_does_not_start_gives_its_reason_in_one_line(machine: PrivateSession, tmp_path: Path) -> None:
    process = OpenAuthProcess.start("dev", machine, tmp_path)
    process.tell({"variant": "openauth", "users": {}, "clients": {}, "issuerHost": "auth.dev.localhost"})

    with pytest.raises(TargetError, match=r"OpenAuth \(dev\) has ended: TypeError: [^\n]*'key'[^\n]*\Z"):
        process.hear()
    process.stop()


def test_every_remedy_names_an_expectation_and_every_absence_a_capability() -> None:
    told = tomllib.loads(files("harness.targets").joinpath("openauth.toml").read_text("utf-8"))
    catalog = load_catalog()
    known = {expectation.id for control in catalog.controls.values() for expectation in control.expectations}

    assert {*told["remedies"], *told["remedies_when_hardened"]} <= known
    assert set(told["absent"]) <= set(typing.get_args(Capability))
