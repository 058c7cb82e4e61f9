"""Events of an archive, read by a consumer that is new, after the key that signed them was rotated and has ended."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from moto import mock_aws

from reference_impl.api.issuer_keys import IssuerKeys, KeysUnavailable, fetch_in_process
from reference_impl.aws import AwsAccess
from reference_impl.config import load_config
from reference_impl.database import Database
from reference_impl.events import SUBSCRIBER_SCHEMA, Consumer, EventSigner, EventVerifier, Subscriber
from reference_impl.events.authenticity import PATH
from reference_impl.events.occurrences import LoginCompleted, Session
from reference_impl.events.schema import Properties, rfc3339
from reference_impl.issuer.dynamo_table import create_table
from reference_impl.provision import StageUrls, provision
from reference_impl.rotation import Plan, Rotation, RotationPolicy
from reference_impl.rotation.policy import DAY, RELOAD, SIGNING
from reference_impl.stage import StageApp, build_stage

AWS = AwsAccess(access_key_id="testing", secret_access_key="testing")


class Hands:
    """A clock whose hands the test moves."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def now(self) -> float:
        return self.time


@dataclass
class Bench:
    """A stage, its operator, and a thief who keeps each signing key that he sees."""

    stage: StageApp
    operator: Rotation
    clock: Hands
    folder: Path

    def log_in(self) -> dict[str, Any]:
        """The event of a login, as the archive keeps it."""
        session = Session(str(uuid.uuid4()), "s" * 24, "web", str(uuid.uuid4()))
        self.stage.store.change(lambda state: self.stage.issuer.events.record(state, LoginCompleted(session, False)))
        return self._envelope(json.loads(self.stage.outbox.pending()[-1].detail))

    def forge(self, key: dict[str, str], recorded_at: float, of: dict[str, Any]) -> dict[str, Any]:
        """An event like this one, by a stolen key, that says it was recorded then."""
        told: Properties = {**of["detail"]["properties"], "event_id": str(uuid.uuid4())}
        told = {**told, "occurred_at": rfc3339(recorded_at), "recorded_at": rfc3339(recorded_at)}
        return self._envelope({"metadata": dict(EventSigner.of_key(key)(told)), "properties": told})

    def new_subscriber(self) -> Subscriber:
        config, database = self.stage.config, Database(self.folder / f"{uuid.uuid4()}.sqlite", SUBSCRIBER_SCHEMA)
        keys = IssuerKeys(lambda: fetch_in_process(self.stage.issuer.app, config.issuer, PATH), self.clock)
        return Subscriber(database, Consumer("dev", f"{config.app}.dev", config.issuer, EventVerifier(keys)))

    def steal(self) -> dict[str, str]:
        """The private key that signs now."""
        ring = self.stage.issuer.keys
        return dict(json.loads(next(each.value for each in ring.published() if each.name == ring.kid)))

    def retire(self) -> Plan:
        """Rotate the signing key, and wait until the one before has ended."""
        plan = self.operator.rotate(SIGNING)
        self.clock.time = max(plan.ending.values())
        return plan

    def kids(self, path: str) -> set[object]:
        answer = self.stage.issuer.app.test_client().get(path, base_url=self.stage.config.issuer)
        assert answer.status_code == 200
        keys: list[dict[str, object]] = answer.get_json()["keys"]
        assert all("d" not in key for key in keys)
        return {key["kid"] for key in keys}

    def _envelope(self, detail: dict[str, Any]) -> dict[str, Any]:
        source = f"{self.stage.config.app}.dev"
        return {"id": str(uuid.uuid4()), "source": source, "detail-type": "auth.login", "detail": detail}


@pytest.fixture(params=["file", "table"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """With its state in the stage's file, and in DynamoDB."""
    with mock_aws():
        urls = StageUrls.on_loopback("dev", 8443)
        made = provision("dev", urls, tmp_path / "dev.sqlite", AWS, users=("alice",), scrypt_cost=2)
        config, clock, clients = load_config(made.environ), Hands(), AWS.clients()
        if request.param == "table":
            create_table(clients.dynamodb(), "issuer-state")
            config = replace(config, state_table="issuer-state")
        stage = build_stage(config, clock=clock)
        policy = RotationPolicy.of(config.lifetimes)
        yield Bench(stage, Rotation(clients.ssm(), config.app, "dev", policy, clock), clock, tmp_path)
        stage.stop()


def test_a_replay_is_believed_by_a_new_consumer_as_long_as_events_are_archived(bench: Bench) -> None:
    event = bench.log_in()
    bench.retire()
    bench.clock.time += 90 * DAY - 1
    assert [subscriber.receive(event) for subscriber in [bench.new_subscriber()] * 2] == [True, False]


def test_events_on_both_sides_of_a_rotation_are_believed(bench: Bench) -> None:
    before, plan = bench.log_in(), bench.operator.rotate(SIGNING)
    bench.clock.time = plan.used_from - 1
    last = bench.log_in()
    bench.clock.time = plan.used_from
    events = [before, last, bench.log_in()]
    assert [bench.new_subscriber().receive(event) for event in events] == [True] * 3
    bench.clock.time = max(plan.ending.values()) + 30 * DAY
    bench.retire()
    assert [bench.new_subscriber().receive(event) for event in events] == [True] * 3


def test_a_stolen_key_that_has_ended_tells_nothing_new(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    event, stolen = bench.log_in(), bench.steal()
    plan = bench.retire()
    for moment in (plan.ending[stolen["kid"]], bench.clock.time + DAY):
        assert not bench.new_subscriber().receive(bench.forge(stolen, moment, event))
    assert caplog.text.count("the issuer did not sign it") == 2


def test_nothing_is_believed_that_a_withdrawn_key_signed(bench: Bench) -> None:
    bench.retire()
    event = bench.log_in()
    bench.operator.withdraw(SIGNING)
    bench.clock.time += RELOAD
    assert not bench.new_subscriber().receive(event)
    bench.clock.time += 30 * DAY
    bench.retire()
    assert not bench.new_subscriber().receive(event)


def test_an_ended_key_that_is_withdrawn_takes_its_events_with_it(bench: Bench) -> None:
    event, stolen = bench.log_in(), bench.steal()
    bench.retire()
    assert bench.new_subscriber().receive(event)
    bench.operator.withdraw(f"event-key/{stolen['kid']}")
    bench.clock.time += RELOAD
    assert not bench.new_subscriber().receive(event)


def test_no_token_is_good_for_longer_because_events_are(bench: Bench) -> None:
    stolen = bench.steal()
    plan = bench.operator.rotate(SIGNING)
    end = plan.ending[stolen["kid"]]
    for moment, published in ((end - 1, True), (end, False), (end + DAY, False)):
        bench.clock.time = moment
        assert (stolen["kid"] in bench.kids("/.well-known/jwks.json")) is published
        assert stolen["kid"] in bench.kids(PATH)
    token = _token(bench, stolen)
    assert bench.stage.issuer.keys.read(token) is None
    api = bench.stage.apps[bench.stage.config.host(bench.stage.config.api_url)].test_client()
    answer = api.get("/me", headers={"Authorization": f"Bearer {token}"}, base_url=bench.stage.config.api_url)
    assert answer.status_code == 401
    assert "its key is not known here" in answer.headers["WWW-Authenticate"] + answer.text
    assert bench.stage.issuer.keys.read(_token(bench, bench.steal())) is not None, "it is the key that is refused"


def test_while_the_keys_cannot_be_read_an_event_is_neither_believed_nor_refused(bench: Bench) -> None:
    event = bench.log_in()
    bench.stage._ssm.get_parameter = None  # type: ignore[method-assign,assignment]
    with pytest.raises(KeysUnavailable, match="503"):
        bench.new_subscriber().receive(event)


def _token(bench: Bench, key: dict[str, str]) -> str:
    """A fresh access token, by this key."""
    config, now = bench.stage.config, int(bench.clock.time)
    claims = {"iss": config.issuer, "aud": config.audience, "sub": "s" * 24, "client_id": "web", "jti": "j", "sid": "s"}
    header = {"alg": "ES256", "typ": "at+jwt", "kid": key["kid"]}
    return jwt.encode(header, {**claims, "iat": now, "exp": now + 600}, ECKey.import_key({**key}), algorithms=["ES256"])
