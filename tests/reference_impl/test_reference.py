"""The reference as it is served: three stages side by side, and one as a process of its own."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer

from harness.time_limit import TimeLimit
from reference_impl.api import Principal
from reference_impl.app import Reference
from reference_impl.aws import AwsAccess
from reference_impl.config import STAGES
from reference_impl.loopback import LoopbackHost, loopback_session
from reference_impl.parts import Part, Parts
from reference_impl.provision import Provisioned, StageUrls, provision


@pytest.fixture(scope="module")
def aws_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def reference(aws_endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reference]:
    reference = Reference.start(tmp_path_factory.mktemp("reference"), aws_endpoint)
    yield reference
    reference.stop()


@pytest.fixture
def http(reference: Reference) -> Iterator[requests.Session]:
    with loopback_session(reference.ca_file) as session:
        yield session


def login(http: requests.Session, issuer: str, web_url: str, password: str) -> dict[str, Any]:
    """Go through the login page as a browser does; return the tokens."""
    verifier = secrets.token_urlsafe(32)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    redirect = f"{web_url}/callback"
    asked = {
        "client_id": "web", "redirect_uri": redirect, "response_type": "code", "state": "s",
        "code_challenge": challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    page = http.get(f"{issuer}/authorize", params=asked)
    hidden = re.search(r'name="transaction" value="([^"]+)"', page.text)
    assert hidden, page.text
    form = {"transaction": hidden[1], "username": "alice", "password": password, "action": "sign-in"}
    answer = http.post(f"{issuer}/login", data=form, allow_redirects=False)
    code = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))["code"]
    redemption = {
        "grant_type": "authorization_code", "code": code, "client_id": "web", "redirect_uri": redirect,
        "code_verifier": verifier,
    }  # fmt: skip
    return dict(http.post(f"{issuer}/token", data=redemption).json())


def queue_of(endpoint: str, bus: str) -> Any:
    """Subscribe an SQS queue to everything on the bus; return a function that drains it."""
    session = boto3.Session("x", "x", region_name="eu-west-1")
    sqs, events = session.client("sqs", endpoint_url=endpoint), session.client("events", endpoint_url=endpoint)
    url = sqs.create_queue(QueueName=f"q-{secrets.token_hex(4)}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name=f"r-{secrets.token_hex(4)}", EventBusName=bus, EventPattern='{"source": [{"prefix": ""}]}')
    rule = events.list_rules(EventBusName=bus)["Rules"][-1]["Name"]
    events.put_targets(Rule=rule, EventBusName=bus, Targets=[{"Id": "q", "Arn": arn}])

    def drain() -> list[dict[str, Any]]:
        found = []
        while batch := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in batch:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        sqs.close()
        events.close()
        return found

    return drain


def test_a_login_at_each_stage_is_known_to_that_stage_alone(reference: Reference, http: requests.Session) -> None:
    tokens = {
        name: login(http, stage.issuer_url, stage.web_url, stage.passwords["alice"])
        for name, stage in reference.stages.items()
    }
    assert list(tokens) == list(STAGES)
    for name in STAGES:
        for other, stage in reference.stages.items():
            headers = {"Authorization": f"Bearer {tokens[name]['access_token']}"}
            answer = http.get(f"{stage.api_url}/me", headers=headers)
            assert answer.status_code == (200 if name == other else 401)
            if name != other:
                form = {"grant_type": "refresh_token", "client_id": "web"}
                form["refresh_token"] = tokens[name]["refresh_token"]
                assert http.post(f"{stage.issuer_url}/token", data=form).json() == {"error": "invalid_grant"}
    subjects = {
        json.loads(base64.urlsafe_b64decode(token["access_token"].split(".")[1] + "=="))["sub"]
        for token in tokens.values()
    }
    assert len(subjects) == 3


def test_an_event_reaches_a_subscriber_in_ssts_form(
    reference: Reference, http: requests.Session, aws_endpoint: str
) -> None:
    stage = reference.stages["staging"]
    drain = queue_of(aws_endpoint, stage.config.bus)
    login(http, stage.issuer_url, stage.web_url, stage.passwords["alice"])
    assert stage.app.outbox.wait_until_drained(20)
    (event,) = drain()
    assert (event["source"], event["detail-type"]) == ("authassay.staging", "auth.login")
    assert list(event["detail"]) == ["metadata", "properties"]
    assert event["detail"]["properties"]["stage"] == "staging"


def test_issuers_and_keys_of_the_stages_differ(reference: Reference, http: requests.Session) -> None:
    kids = set()
    for stage in reference.stages.values():
        metadata = http.get(f"{stage.issuer_url}/.well-known/oauth-authorization-server").json()
        assert metadata["issuer"] == stage.issuer_url
        (key,) = http.get(metadata["jwks_uri"]).json()["keys"]
        kids.add(key["kid"])
    assert len(kids) == 3


def test_a_part_can_be_replaced_at_one_stage_alone(aws_endpoint: str, tmp_path: Path) -> None:
    def boast(real: Any) -> Any:
        return lambda config: {**real(config), "boast": True}

    reference = Reference.start(tmp_path, aws_endpoint, {"dev": Parts({Part.METADATA: (boast,)})}, app="other")
    try:
        found = {name: stage.app.issuer.metadata.get("boast") for name, stage in reference.stages.items()}
    finally:
        reference.stop()
    assert found == {"dev": True, "staging": None, "prod": None}


def test_start_and_stop_leave_nothing(aws_endpoint: str, tmp_path: Path) -> None:
    threads = threading.active_count()
    Reference.start(tmp_path, aws_endpoint, app="quick").stop()
    assert threading.active_count() <= threads


class Served:
    """One stage as a process of its own."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "reference_impl"],
            env={**os.environ, **environ},
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def ready(self) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, self.process.stderr and self.process.stderr.read()
        return dict(json.loads(line))


@pytest.fixture(scope="module")
def served(
    aws_endpoint: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, str], Provisioned, LoopbackHost]:
    """The environment of a prod stage that is ready to start on a free port."""
    folder = tmp_path_factory.mktemp("served")
    host = LoopbackHost(folder)
    listener = host.listen()
    listener.close()
    aws = AwsAccess(aws_endpoint, access_key_id="x", secret_access_key="x")
    urls = StageUrls.on_loopback("prod", listener.port)
    made = provision("prod", urls, folder / "prod.sqlite", aws, app="served", ca_file=host.ca_file, scrypt_cost=2)
    environ = {**made.environ, "AUTH_LISTEN": f"127.0.0.1:{listener.port}", "AUTH_TLS_CERT": str(host.cert_file)}
    return environ, made, host


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM that a process could answer")
def test_a_served_stage_says_when_it_is_ready_and_stops_at_sigterm(served: Any) -> None:
    environ, _, host = served
    with Served(environ) as stage, loopback_session(host.ca_file) as http:
        ready = stage.ready()
        assert ready == {"ready": True, "stage": "prod", "issuer": ready["issuer"]}
        assert http.get(f"{ready['issuer']}/.well-known/oauth-authorization-server").json()["issuer"] == ready["issuer"]
        stage.process.terminate()
        assert stage.process.wait(20) == 0


def test_an_event_of_a_process_that_was_killed_is_published_by_the_next(served: Any, aws_endpoint: str) -> None:
    environ, made, host = served
    drain = queue_of(aws_endpoint, "served-prod-bus")
    web_url = json.loads(environ["SST_RESOURCE_Web"])["url"]
    deaf = {**environ, "AWS_ENDPOINT_URL_EVENTBRIDGE": "http://127.0.0.1:9"}
    with Served(deaf) as stage, loopback_session(host.ca_file) as http:
        login(http, stage.ready()["issuer"], web_url, made.passwords["alice"])
        stage.process.kill()
        stage.process.wait(20)
    assert drain() == []
    with Served(environ) as stage:
        stage.ready()
        deadline = time.monotonic() + 20
        found: list[Any] = []
        while not found and time.monotonic() < deadline:
            found = drain()
    assert [event["detail-type"] for event in found] == ["auth.login"]


@pytest.mark.parametrize("stage", [None, "", "prd", "PROD", "prod ", "production-test"])
def test_a_bad_stage_ends_the_start_at_once_with_a_clear_message(served: Any, stage: str | None) -> None:
    environ = {name: value for name, value in served[0].items() if name != "AUTH_STAGE"}
    if stage is not None:
        environ["AUTH_STAGE"] = stage
    with Served(environ) as started:
        output, errors = started.process.communicate(timeout=30)
    assert started.process.returncode == 2
    assert output == ""
    assert f'"{stage or ""}"' in errors
    assert "dev, staging, prod" in errors
    assert "Traceback" not in errors


def test_other_faults_of_a_start_are_told_together_without_a_trace(served: Any) -> None:
    environ = {**served[0], "AUTH_LISTEN": "0.0.0.0:1", "AUTH_TLS_CERT": "nowhere", "SST_RESOURCE_Bus": "{}"}
    with Served(environ) as started:
        _, errors = started.process.communicate(timeout=30)
    assert started.process.returncode == 2
    assert '"0.0.0.0:1"' in errors
    assert "AUTH_TLS_CERT" in errors
    assert "SST_RESOURCE_Bus" in errors
    assert "Traceback" not in errors


def test_a_port_that_is_taken_is_told_without_a_trace(served: Any) -> None:
    environ, _, host = served
    listener = host.listen(int(environ["AUTH_LISTEN"].rsplit(":", 1)[1]))
    with Served(environ) as started:
        _, errors = started.process.communicate(timeout=30)
    listener.close()
    assert started.process.returncode == 2
    assert "did not start" in errors
    assert "Traceback" not in errors


def test_a_realtime_connection_under_way_does_not_hold_up_the_end_of_its_stage(
    aws_endpoint: str, tmp_path: Path
) -> None:
    reference = Reference.start(tmp_path, aws_endpoint, stages=["dev"])
    stage = reference.stages["dev"].app
    realtime = stage.apps[f"api.{stage.config.stage}.localhost"].extensions["realtime"]
    realtime.recheck = 60
    realtime._guard = AnyCaller()
    with loopback_session(reference.ca_file) as http:
        answer = http.get(f"{stage.config.api_url}/events", stream=True)
        lines = answer.iter_lines(chunk_size=1)
        assert next(lines) == b": open"
        with TimeLimit(30):
            reference.stop()
        assert [line for line in lines if line] == []


class AnyCaller:
    """A guard that lets everybody in, as the same user."""

    def admit(self, authorization: str | None, proof: object = None) -> Principal:
        return Principal("somebody", "web", "a-session")

    def admit_again(self, authorization: str | None) -> Principal:
        return self.admit(authorization)
