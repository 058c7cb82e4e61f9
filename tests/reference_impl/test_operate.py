"""The operator's commands, on a stage whose AWS is moto's."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from reference_impl.aws import AwsAccess
from reference_impl.clock import SystemClock
from reference_impl.config import load_config
from reference_impl.entitlements import Entitlements
from reference_impl.events.outbox import DeadLetter
from reference_impl.issuer.identity import PROVIDER, Identity
from reference_impl.operate import __main__ as operate
from reference_impl.provision import StageUrls, provision
from reference_impl.rotation import GenerationsUnknown, Rotation, RotationPolicy
from reference_impl.secret_parameters import parameter_name
from reference_impl.stage import StageApp, build_stage

AWS = AwsAccess(access_key_id="testing", secret_access_key="testing")


@pytest.fixture
def environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    with mock_aws():
        urls = StageUrls.on_loopback("dev", 8443)
        made = provision("dev", urls, tmp_path / "dev.sqlite", AWS, users=("alice", "bob"), scrypt_cost=2)
        yield {**made.environ, "AUTH_OPERATIONS_LOG": str(tmp_path / "operations.jsonl")}


@pytest.fixture
def stage(environ: dict[str, str]) -> Iterator[StageApp]:
    """The stage's server, without its relay."""
    stage = build_stage(load_config(environ))
    yield stage
    stage.stop()


def test_a_server_does_not_start_where_it_cannot_tell_which_keys_are_good(environ: dict[str, str]) -> None:
    config = load_config(environ)
    broken = parameter_name(config.app, config.stage, "generations")
    ssm = AWS.clients().ssm()
    ssm.put_parameter(Name=broken, Value="{", Type="SecureString", Overwrite=True)
    with pytest.raises(GenerationsUnknown, match="auth/generations"):
        build_stage(config)
    ssm.delete_parameter(Name=broken)
    build_stage(config).stop()


def test_a_server_that_starts_after_a_rotation_knows_the_key_before_it_is_asked(environ: dict[str, str]) -> None:
    config = load_config(environ)
    before = config.signing_key["kid"]
    Rotation(AWS.clients().ssm(), config.app, config.stage, RotationPolicy.of(config.lifetimes), SystemClock()).rotate(
        "signing-key"
    )
    started = build_stage(load_config(environ))
    started._ssm.get_parameter = None  # type: ignore[method-assign,assignment]  # nobody looks again
    assert started.issuer.keys.kid == before
    assert before in [each.name for each in started.issuer.keys.published()]
    started.stop()


def open_session(stage: StageApp, user: str, client: str = "web") -> str:
    now = SystemClock().now()

    def work(state: Any) -> str:
        account = stage.issuer.accounts.resolve(state, Identity(PROVIDER, f"upstream|{user}", user), now)
        return stage.issuer.tokens.open_grant(state, account.subject, client, str(uuid.uuid4()), "api", now)[
            0
        ].session_id

    return stage.store.change(work)


def test_a_user_is_made_internal_and_no_more(environ: dict[str, str], stage: StageApp) -> None:
    open_session(stage, "alice")
    with stage.database.reading() as connection:
        (subject,) = connection.execute("SELECT subject FROM accounts").fetchone()
    entitlements = Entitlements(stage.database)
    assert not entitlements.is_internal(subject)
    assert run(environ, "grant-internal", "alice") == 0
    assert run(environ, "grant-internal", subject) == 0
    assert entitlements.is_internal(subject)
    assert run(environ, "withdraw-internal", "alice") == 0
    assert not entitlements.is_internal(subject)
    assert run(environ, "grant-internal", "nobody") == 1
    assert {line["action"] for line in log_of(environ) if "action" in line} == {"grant-internal", "withdraw-internal"}


def live(stage: StageApp, *sessions: str) -> list[bool]:
    return stage.store.read(lambda state: [stage.issuer.tokens.is_active(state, session) for session in sessions])


def log_of(environ: dict[str, str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(environ["AUTH_OPERATIONS_LOG"]).read_text().splitlines()]


def run(environ: dict[str, str], *arguments: str) -> int:
    return operate.main(environ, arguments=(*arguments, "--operator", "olga"))


def test_the_sessions_of_one_user_end_and_each_has_its_event(environ: dict[str, str], stage: StageApp) -> None:
    hers, his = [open_session(stage, "alice", client) for client in ("web", "desktop")], open_session(stage, "bob")
    assert run(environ, "revoke-sessions", "--user", "alice") == 0
    assert live(stage, *hers, his) == [False, False, True]
    assert [message.type for message in stage.outbox.pending()] == ["auth.logout", "auth.logout"]


def test_a_user_can_be_named_by_the_subject_of_an_event(environ: dict[str, str], stage: StageApp) -> None:
    session = open_session(stage, "alice")
    subject = stage.store.read(lambda state: state.grant(session)).subject  # type: ignore[union-attr]
    assert run(environ, "revoke-sessions", "--user", subject) == 0
    assert live(stage, session) == [False]


def test_everybody_means_everybody_of_the_stage(
    environ: dict[str, str], stage: StageApp, capsys: pytest.CaptureFixture[str]
) -> None:
    sessions = [open_session(stage, user) for user in ("alice", "bob", "bob")]
    assert run(environ, "revoke-sessions", "--everybody") == 0
    assert json.loads(capsys.readouterr().out) == {"did": "revoke-sessions", "sessions": 3, "accounts": 2}
    assert live(stage, *sessions) == [False] * 3


def test_a_user_whom_nobody_knows_is_told_and_nothing_ends(
    environ: dict[str, str], stage: StageApp, capsys: pytest.CaptureFixture[str]
) -> None:
    session = open_session(stage, "alice")
    assert run(environ, "revoke-sessions", "--user", "alcie") == 1
    assert "nobody of dev is called so" in capsys.readouterr().err
    assert live(stage, session) == [True]
    assert log_of(environ)[1]["outcome"] == "not done"


def test_the_log_tells_who_did_what_when_and_how_it_ended(environ: dict[str, str], stage: StageApp) -> None:
    run(environ, "revoke-sessions", "--everybody")
    begun, ended = log_of(environ)
    assert (begun["operator"], begun["action"], begun["values"]["everybody"]) == ("olga", "revoke-sessions", True)
    assert (ended["id"], ended["outcome"], ended["told"]) == (begun["id"], "done", {"sessions": 0, "accounts": 0})
    assert 0 <= ended["at"] - begun["at"] < 60


def test_nothing_is_done_that_cannot_be_logged(
    environ: dict[str, str], stage: StageApp, capsys: pytest.CaptureFixture[str]
) -> None:
    session = open_session(stage, "alice")
    assert run({**environ, "AUTH_OPERATIONS_LOG": ""}, "revoke-sessions", "--everybody") == 2
    assert "AUTH_OPERATIONS_LOG is not set" in capsys.readouterr().err
    with pytest.raises(OSError, match="Is a directory"):
        run({**environ, "AUTH_OPERATIONS_LOG": environ["AUTH_DATABASE"][:-11]}, "revoke-sessions", "--everybody")
    assert live(stage, session) == [True]


def test_a_configuration_that_is_wrong_is_told_and_logged(environ: dict[str, str]) -> None:
    assert run({**environ, "AUTH_STAGE": "production"}, "revoke-sessions", "--everybody") == 2
    assert [line["action"] for line in log_of(environ)] == ["revoke-sessions"]


def test_a_new_secret_is_told_and_not_logged(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(environ, "rotate", "client-secret/reports") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["reveal"]
    assert told["reveal"] not in Path(environ["AUTH_OPERATIONS_LOG"]).read_text()


@pytest.mark.parametrize("action", ["rotate", "withdraw"])
def test_a_secret_that_cannot_be_rotated_is_told_with_those_that_can(
    environ: dict[str, str], action: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(environ, action, "users") == 1
    assert "signing-key" in capsys.readouterr().err


def bury(stage: StageApp, session: str) -> str:
    """Make a dead letter of the event of a session that ends."""
    stage.end_session(session)
    (message,) = stage.outbox.pending()
    stage.outbox.settle((), [DeadLetter(message, "NotAuthorized", 1)])
    return message.event_id


def test_events_that_were_refused_are_listed_with_the_code_of_the_bus(
    environ: dict[str, str], stage: StageApp, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = bury(stage, open_session(stage, "alice"))
    assert run(environ, "list-events") == 0
    assert json.loads(capsys.readouterr().out)["events"] == {lost: "NotAuthorized"}


def test_they_wait_for_the_server_and_are_not_told_as_sent_without_one(
    environ: dict[str, str], stage: StageApp, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = bury(stage, open_session(stage, "alice"))
    assert run(environ, "redeliver-events", "--within", "0.1") == 1
    assert "is the server up" in capsys.readouterr().err
    assert [message.event_id for message in stage.outbox.pending()] == [lost]


def test_the_running_server_sends_them(environ: dict[str, str], stage: StageApp) -> None:
    lost = bury(stage, open_session(stage, "alice"))
    stage.start()
    assert run(environ, "redeliver-events") == 0
    assert log_of(environ)[1]["told"] == {"events": [lost]}
    assert not stage.outbox.dead_letters()


@pytest.mark.parametrize("arguments", [("revoke-sessions",), ("end-sessions", "--everybody"), ("log", "--everybody")])
def test_a_command_that_is_not_there_is_a_wrong_one(arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        operate.main({}, arguments=arguments)
    assert ended.value.code == 2
