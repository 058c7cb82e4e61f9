from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from harness.observations import PublishCall
from harness.probes.scripted_bus import CallRefused, ScriptedBus, TooManyCalls, offline_client

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient


@pytest.fixture(scope="module")
def client() -> Iterator[EventBridgeClient]:
    made = offline_client()
    yield made
    made.close()


def put(client: EventBridgeClient, *ids: str) -> Any:
    details = [json.dumps({"id": id}) for id in ids]
    return client.put_events(Entries=[{"Source": "s", "DetailType": "t", "Detail": detail} for detail in details])


def test_each_entry_is_answered_as_its_row_says_and_the_call_is_kept(client: EventBridgeClient) -> None:
    bus = ScriptedBus([["", "ThrottlingException"], [""]], lambda detail: str(detail["id"]))
    with bus.answering(client):
        answer = put(client, "a", "b")
        again = put(client, "b")
    assert answer["FailedEntryCount"] == 1
    assert "EventId" in answer["Entries"][0]
    assert answer["Entries"][1]["ErrorCode"] == "ThrottlingException"
    assert again["FailedEntryCount"] == 0
    assert bus.calls == [PublishCall(("a", "b"), ("", "ThrottlingException")), PublishCall(("b",), ("",))]


def test_the_last_row_repeats_and_entries_beyond_a_row_are_accepted(client: EventBridgeClient) -> None:
    bus = ScriptedBus([["InternalFailure"]], lambda detail: str(detail["id"]))
    with bus.answering(client):
        put(client, "a")
        put(client, "a", "b", "c")
    assert [call.answers for call in bus.calls] == [("InternalFailure",), ("InternalFailure", "", "")]


@pytest.mark.parametrize(("code", "status"), [("AccessDeniedException", 400), ("InternalException", 500)])
def test_a_call_is_refused_as_a_whole_and_not_repeated_by_boto3(
    client: EventBridgeClient, code: str, status: int
) -> None:
    bus = ScriptedBus([CallRefused(code), [""]], lambda detail: str(detail["id"]))
    with bus.answering(client):
        with pytest.raises(ClientError) as refused:
            put(client, "a", "b")
        put(client, "a", "b")
    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert bus.calls == [PublishCall(("a", "b"), (code, code), whole=True), PublishCall(("a", "b"), ("", ""))]
    assert [id for id, _ in bus.taken] == ["a", "b"]


def test_there_is_an_end_to_its_patience(client: EventBridgeClient) -> None:
    bus = ScriptedBus([["InternalFailure"]], lambda detail: str(detail["id"]), most=2)
    with bus.answering(client):
        put(client, "a")
        put(client, "a")
        assert not bus.exhausted
        with pytest.raises(TooManyCalls):
            put(client, "a")
    assert bus.exhausted
    assert len(bus.calls) == 2
