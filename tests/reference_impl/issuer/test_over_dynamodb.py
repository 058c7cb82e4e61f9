"""The issuer as a whole with its state in DynamoDB: tests of the token endpoint and of events, once more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from reference_impl.aws import AwsAccess
from reference_impl.config import Lifetimes
from reference_impl.issuer.dynamo_outbox import DynamoOutbox
from reference_impl.issuer.dynamo_state import DynamoStore
from reference_impl.issuer.dynamo_table import Unit
from reference_impl.stage import build_stage
from tests.reference_impl.conftest import make_config
from tests.reference_impl.events.test_events import (  # noqa: F401 - collected here
    test_a_dead_token_is_one_event_however_often_it_comes,
    test_a_disabled_account_is_told_apart,
    test_a_login_is_one_event_that_says_whose_session_began,
    test_garbage_is_at_most_one_event_a_minute_and_client_with_a_count,
    test_two_first_logins_at_once_make_one_account_and_two_events,
)
from tests.reference_impl.issuer.dynamo import TABLE, dynamo_table
from tests.reference_impl.issuer.test_authorization import (  # noqa: F401 - collected here
    test_a_disabled_account_gets_no_code,
    test_a_login_page_answers_once_and_not_after_its_lifetime,
    test_a_login_page_works_only_in_the_browser_that_opened_it,
)
from tests.reference_impl.issuer.test_tokens import (  # noqa: F401 - collected here
    test_a_code_is_worth_nothing_without_its_binding_and_is_used_up_by_the_attempt,
    test_a_disabled_account_can_neither_refresh_nor_call_until_it_is_enabled,
    test_a_replayed_code_ends_the_grant_that_came_of_it,
    test_a_retry_is_reuse_once_the_successor_was_used,
    test_a_retry_within_the_grace_gets_the_same_successor,
    test_another_clients_refresh_token_is_refused_and_stays_usable,
    test_concurrent_refreshes_have_one_successor,
    test_giving_back_either_token_ends_the_grant_once,
    test_of_twenty_redemptions_at_once_exactly_one_succeeds,
    test_reuse_after_the_grace_ends_this_grant_and_no_other,
    test_rotation_does_not_extend_the_absolute_lifetime,
)
from tests.reference_impl.test_dpop import (  # noqa: F401 - collected here
    holder,
    test_a_code_that_was_asked_for_with_a_key_is_for_the_holder_of_that_key,
)

ACCESS = {"region": "eu-central-1", "access_key_id": "reference", "secret_access_key": "reference"}


def test_a_stage_keeps_its_state_in_the_table_that_is_configured(tmp_path: Path) -> None:
    with dynamo_table() as table:
        config = replace(make_config(tmp_path, Lifetimes()), state_table=TABLE, aws=AwsAccess(**ACCESS))
        stage = build_stage(config)
        assert isinstance(stage.store, DynamoStore)
        assert isinstance(stage.outbox, DynamoOutbox)
        stage.store.change(lambda state: state.count_malformed("web"))
        assert table.read(lambda unit: [sk for sk, _ in unit.query("malformed")]) == ["web"]
        stage.stop()


def test_a_table_that_fails_is_told_as_storage_that_fails(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = bench.login()

    def fails(*arguments: Any, **named: Any) -> Any:
        raise EndpointConnectionError(endpoint_url="https://dynamodb.example")

    monkeypatch.setattr(Unit, "commit", fails)
    answer = bench.refresh(tokens["refresh_token"])
    assert (answer.status_code, answer.json["error"]) == (503, "temporarily_unavailable")
    assert answer.headers["Retry-After"] == "1"


THROTTLED: Any = {"Error": {"Code": "ProvisionedThroughputExceededException", "Message": "slow down"}}


@pytest.mark.parametrize(
    "error",
    [EndpointConnectionError(endpoint_url="https://dynamodb.example"), ClientError(THROTTLED, "GetItem")],
    ids=["out of reach", "throttled"],
)
def test_an_api_that_cannot_ask_the_table_puts_its_callers_off(
    bench: Any, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = bench.login()["access_token"]

    def fails(*arguments: Any) -> Any:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(Unit, "_look", fails)
        answer = bench.me(token)
        assert (answer.status_code, answer.json) == (503, {"error": "temporarily_unavailable"})
        assert answer.headers["Retry-After"] == "1"
    assert bench.me(token).status_code == 200


@pytest.fixture
def make_store() -> Iterator[Any]:
    with dynamo_table() as table:
        store = DynamoStore(table)
        yield lambda database, clock, sign: (store, DynamoOutbox(store, clock, sign))
