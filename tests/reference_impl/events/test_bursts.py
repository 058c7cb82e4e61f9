"""The burst alarm: one alert for a burst, whoever counts it, and none for less."""

from __future__ import annotations

import json
import logging
import random
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reference_impl.database import Database
from reference_impl.events import bursts
from reference_impl.events.bursts import Alert, BurstAlarm, log_alert
from reference_impl.events.schema import rfc3339


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "alerts.sqlite", bursts.SCHEMA)
    yield database
    database.close()


@pytest.fixture
def raised() -> list[Alert]:
    return []


def failure(at: float, **changes: Any) -> dict[str, Any]:
    told = {
        "event_id": str(uuid.uuid4()),
        "type": "auth.refresh_failed",
        "stage": "dev",
        "occurred_at": rfc3339(1_800_000_000 + at),
        "client_id": "web",
        "subject": "person-1",
        "session_ref": "session-1",
        "correlation_id": "flow-0001",
        "reason": "revoked",
        **changes,
    }
    return {name: value for name, value in told.items() if value is not None}


@pytest.fixture
def alarm(database: Database, raised: list[Alert]) -> BurstAlarm:
    return BurstAlarm(database, "dev", raised.append)


def test_ten_failures_within_the_window_raise_one_alert_and_the_burst_no_second(
    alarm: BurstAlarm, raised: list[Alert]
) -> None:
    for second in range(9):
        alarm.receive(failure(second))
    assert raised == []
    for second in range(9, 40):
        alarm.receive(failure(second))
    (alert,) = raised
    assert (alert.rule, alert.stage, alert.dimension, alert.count) == ("refresh_failures", "dev", "subject", 10)
    assert alert.correlation_ids == ("flow-0001",)


@pytest.mark.parametrize("order", ["newest first", "shuffled"])
def test_a_burst_that_is_delivered_in_another_order_raises_one_alert(
    alarm: BurstAlarm, raised: list[Alert], order: str
) -> None:
    burst = [failure(5 * number) for number in range(30)][::-1]
    if order == "shuffled":
        random.Random(7).shuffle(burst)
    for event in burst:
        alarm.receive(event)
    assert [(alert.dimension, alert.count) for alert in raised] == [("subject", 10)]


def test_noise_at_a_client_hides_no_burst_on_an_account_there(alarm: BurstAlarm, raised: list[Alert]) -> None:
    nobody = {"subject": None, "session_ref": None, "correlation_id": None, "reason": "malformed", "count": 50}
    for minute in range(20):
        alarm.receive(failure(60 * minute, **nobody))
    for number, person in enumerate(["person-1", "person-2"]):
        for second in range(10):
            alarm.receive(failure(600 + 100 * number + second, subject=person))
    assert [alert.dimension for alert in raised] == ["client", "subject", "subject"]


def test_an_old_burst_that_is_delivered_late_raises_one_alert_of_its_own(
    alarm: BurstAlarm, raised: list[Alert]
) -> None:
    for start in (10_000, 0):
        for second in range(30):
            alarm.receive(failure(start + second))
    assert len(raised) == 2


def test_a_burst_that_goes_on_is_told_again_after_an_hour(alarm: BurstAlarm, raised: list[Alert]) -> None:
    for number in range(250):
        alarm.receive(failure(20 * number))
    assert len(raised) == 2


def test_a_new_burst_after_the_window_raises_another(alarm: BurstAlarm, raised: list[Alert]) -> None:
    for start in (0, 1000):
        for second in range(10):
            alarm.receive(failure(start + second))
    assert len(raised) == 2


def test_failures_of_many_accounts_at_one_client_are_a_burst(alarm: BurstAlarm, raised: list[Alert]) -> None:
    for number in range(10):
        alarm.receive(failure(number, subject=f"person-{number}"))
    assert [alert.dimension for alert in raised] == ["client"]


def test_what_is_delivered_twice_or_is_of_another_stage_or_type_is_not_counted(
    alarm: BurstAlarm, raised: list[Alert]
) -> None:
    one = failure(0)
    for _ in range(20):
        alarm.receive(one)
        alarm.receive(failure(0, stage="prod"))
        alarm.receive(failure(0, type="auth.login"))
    assert raised == []


def test_instances_that_share_a_database_count_together(database: Database, raised: list[Alert]) -> None:
    for second in range(10):
        BurstAlarm(database, "dev", raised.append).receive(failure(second))
    assert len(raised) == 1


def test_an_event_that_stands_for_many_is_counted_as_many(alarm: BurstAlarm, raised: list[Alert]) -> None:
    nobody = {"subject": None, "session_ref": None, "correlation_id": None, "reason": "malformed", "count": 50}
    alarm.receive(failure(0, **nobody))
    assert [(alert.dimension, alert.count) for alert in raised] == [("client", 50)]


def test_a_token_that_was_used_twice_raises_an_alert_at_once_and_once(alarm: BurstAlarm, raised: list[Alert]) -> None:
    for second in range(2):
        alarm.receive(failure(second, reason="reuse_detected"))
    assert [(alert.rule, alert.dimension) for alert in raised] == [("token_reuse", "session")]


def test_what_is_old_is_forgotten_and_the_rest_counts_on(alarm: BurstAlarm, raised: list[Alert]) -> None:
    for at in (-50, *range(9)):
        alarm.receive(failure(at))
    assert alarm.forget(1_800_000_000) == 2, "of the client, and of the person"
    assert alarm.forget(1_800_000_000) == 0
    alarm.receive(failure(9))
    assert len(raised) == 1


def test_the_log_holds_an_alert_as_one_line_of_json(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        log_alert(Alert("token_reuse", "dev", "session", 1, 300.0, ("flow-0001",), ("id",)))
    assert json.loads(caplog.messages[0])["correlation_ids"] == ["flow-0001"]
