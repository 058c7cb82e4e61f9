"""Each check of a switch to another stage: what passes, what fails, and that half a switch is unknown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.observations import BusCapture, BusEvent, HttpExchange, Observation, StoreListing, StoreOperation
from harness.observations.switching import KilledSwitch, KilledSwitches, StageSwitch
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, judge

DEV = "{{access_token:00000000000000d1:40}}"
STAGING = "{{refresh_token:00000000000000e1:40}}"
BEARER: dict[str, Any] = {"request_headers": (("Authorization", f"Bearer {DEV}"),)}
OTHER_BEARER: dict[str, Any] = {"request_headers": (("Authorization", f"Bearer {STAGING}"),)}
SWITCHES = ("the switch", "the way back")
WORK, OTHER_WORK, LATER = "work before the switch", "work at the other stage", "work after the switch"


def switch(case: str, **changes: Any) -> StageSwitch:
    of, to, ended, skipped = ("dev", "staging", 4.0, 0.0) if case == "the switch" else ("staging", "dev", 9.0, 60.0)
    sound = StageSwitch(
        case=case, of=of, to=to, asked=True, held=True, stage=to, signed_in=False, offers_login=True, ended=ended,
        skipped=skipped,
    )  # fmt: skip
    return replace(sound, **changes)


def request(case: str, stage: str, began: float, skipped: float = 0.0, **more: Any) -> HttpExchange:
    about = {"role": "tap", "stage": stage, "host": f"api.{stage}.localhost"}
    url = f"https://api.{stage}.localhost/me"
    return HttpExchange(
        case=case, about=about, method="GET", url=url, status=200, began=began, skipped=skipped, **more
    )  # fmt: skip


def traffic() -> list[Observation]:
    return [
        request("login", "dev", 1.0, body=f'{{"access_token": "{DEV}"}}'),
        request(WORK, "dev", 2.0, **BEARER),
        switch("the switch"),
        request("login at the other stage", "staging", 5.0, 60.0, body=f'{{"refresh_token": "{STAGING}"}}'),
        request(OTHER_WORK, "staging", 6.0, 60.0, **OTHER_BEARER),
        switch("the way back"),
        request("the way back", "dev", 10.0, 60.0, **BEARER),
    ]


def test_requests_with_credentials_of_their_own_stage_pass() -> None:
    assert_passed(judge("STAGE-08.E1", traffic()))


@pytest.mark.parametrize(
    "more",
    [
        BEARER,
        {"request_headers": (("Cookie", f"session={DEV}"),)},
        {"request_body": f"token={DEV}"},
        {"request_body": f"state={DEV.replace(':40}}', ':40/b64}}')}"},
    ],
)
def test_a_credential_of_the_other_stage_fails_wherever_it_stands(more: Any) -> None:
    assert_failed(judge("STAGE-08.E1", [*traffic(), request(LATER, "staging", 4.5, **more)]), "access_token of dev")


def test_a_credential_in_the_address_fails() -> None:
    asked = replace(request(LATER, "staging", 4.5), url=f"https://api.staging.localhost/me?was={DEV}")
    assert_failed(judge("STAGE-08.E1", [*traffic(), asked]), "access_token of dev")


def test_any_credential_for_the_stage_that_was_left_fails_after_five_seconds() -> None:
    assert_passed(judge("STAGE-08.E1", [*traffic(), request(LATER, "dev", 8.5, **BEARER)]))
    assert_failed(judge("STAGE-08.E1", [*traffic(), request(LATER, "dev", 5.0, 60.0, **BEARER)]), "after dev was left")
    unknown: dict[str, Any] = {"request_headers": (("Authorization", "Bearer something"),)}
    assert_failed(judge("STAGE-08.E1", [*traffic(), request(LATER, "dev", 5.0, 60.0, **unknown)]), "dev was left")
    assert_passed(judge("STAGE-08.E1", [*traffic(), request(LATER, "dev", 5.0, 60.0)]))
    after_all = request("work after the way back", "staging", 10.0, 120.0, **OTHER_BEARER)
    assert_failed(judge("STAGE-08.E1", [*traffic(), after_all]), "after staging was left")


@pytest.mark.parametrize("number", [1, 2, 4, 5])
def test_without_work_beside_the_user_or_without_a_switch_nothing_is_known(number: int) -> None:
    seen = traffic()
    assert_unknown(judge("STAGE-08.E1", [*seen[:number], *seen[number + 1 :]]))


def test_a_switch_that_did_not_come_about_tells_nothing_of_requests() -> None:
    seen = [replace(one, stage="dev") if isinstance(one, StageSwitch) else one for one in traffic()]
    assert_unknown(judge("STAGE-08.E1", seen))


def bus(stage: str, *reasons: str, settled: bool = True) -> BusCapture:
    events = tuple(
        BusEvent("auth.logout", "app", {"event_id": str(number), "reason": reason}, {})
        for number, reason in enumerate(reasons)
    )
    about = {"stage": stage}
    return BusCapture(case="events of the switches", about=about, stage=stage, events=events, settled=settled)


def switched(**changes: Any) -> list[Observation]:
    told = [bus("dev", "stage_switch"), bus("staging", "stage_switch")]
    return [switch("the switch", **changes), switch("the way back"), *told]


def test_a_switch_that_asks_and_logs_out_passes() -> None:
    assert_passed(judge("STAGE-08.E2", switched()))


@pytest.mark.parametrize(
    "changes",
    [
        {"asked": False},
        {"held": False},
        {"stage": "dev"},
        {"signed_in": True},
        {"signed_in": None},
        {"offers_login": False},
    ],
)
def test_a_switch_that_does_one_thing_otherwise_fails(changes: Any) -> None:
    assert_failed(judge("STAGE-08.E2", switched(**changes)), "the switch: ")


@pytest.mark.parametrize("reasons", [(), ("user",), ("stage_switch", "stage_switch"), ("stage_switch", "user")])
def test_anything_but_one_logout_for_the_switch_fails(reasons: tuple[str, ...]) -> None:
    assert_failed(judge("STAGE-08.E2", [*switched()[:3], bus("staging", *reasons)]), "staging told")


def test_a_bus_that_did_not_settle_or_a_client_that_died_is_unknown() -> None:
    assert_unknown(judge("STAGE-08.E2", [*switched()[:3], bus("staging", "stage_switch", settled=False)]))
    assert_unknown(judge("STAGE-08.E2", switched()[:3]))
    assert_unknown(judge("STAGE-08.E2", switched(error="it ended")))


def listing(case: str, stage: str, *raw: str) -> StoreListing:
    return StoreListing(case=case, stage=stage, account="", items=(), documented=(), raw=raw)


def stored(operation: Any, case: str, stage: str, value: str = "", outcome: Any = "") -> StoreOperation:
    return StoreOperation(
        case=case, operation=operation, stage=stage, account="a", item="profile", sha256=value,
        outcome=outcome or ("value" if operation == "get" else "done"),
    )  # fmt: skip


BOTH, CLEARED = "credentials of both stages", "credentials of both stages: cleared"


def store() -> list[Observation]:
    return [
        listing("entries of the first stage", "dev", "dev/default/profile"),
        listing("entries of the other stage", "staging", "staging/default/profile", "app.staging.default"),
        stored("set", BOTH, "dev", "1"),
        stored("set", BOTH, "staging", "2"),
        stored("get", BOTH, "dev", "1"),
        stored("get", BOTH, "staging", "2"),
        stored("clear", CLEARED, "staging"),
        stored("get", CLEARED, "dev", "1"),
        stored("get", CLEARED, "staging", outcome="not_found"),
    ]


def test_entries_that_name_their_stage_and_stand_apart_pass() -> None:
    assert_passed(judge("STAGE-08.E3", store()))


@pytest.mark.parametrize("name", ["default/profile", "staging/default/profile", "device/profile", "dev/staging/x"])
def test_an_entry_that_does_not_name_its_stage_fails(name: str) -> None:
    seen = [listing("entries of the first stage", "dev", "dev/default/profile", name), *store()[1:]]
    assert_failed(judge("STAGE-08.E3", seen), name)


@pytest.mark.parametrize(
    ("number", "other"),
    [
        (4, stored("get", BOTH, "dev", "2")),
        (4, stored("get", BOTH, "dev", outcome="not_found")),
        (7, stored("get", CLEARED, "dev", outcome="not_found")),
        (8, stored("get", CLEARED, "staging", "2")),
    ],
)
def test_an_entry_that_another_stage_overwrites_or_clears_fails(number: int, other: StoreOperation) -> None:
    seen = store()
    assert_failed(judge("STAGE-08.E3", [*seen[:number], other, *seen[number + 1 :]]), f"profile of {other.stage}")


@pytest.mark.parametrize("number", range(9))
def test_a_store_that_was_half_looked_at_is_unknown(number: int) -> None:
    seen = store()
    if number != 6:  # what was not cleared is judged by what came back
        assert_unknown(judge("STAGE-08.E3", [*seen[:number], *seen[number + 1 :]]))


def test_a_store_that_nobody_else_can_list_is_unknown() -> None:
    assert_unknown(judge("STAGE-08.E3", [listing("entries of the first stage", "dev"), *store()[1:]]))


def killed(*points: KilledSwitch, mode: str = "encrypted-file") -> KilledSwitches:
    return KilledSwitches(case="killed on the way", mode=mode, of="dev", to="staging", points=points)


def point(shown: str, *held: str, sent: tuple[str, ...] = (), **more: Any) -> KilledSwitch:
    return KilledSwitch(place="x.py:1", killed=more.pop("killed", True), shown=shown, held=held, sent=sent, **more)


POINTS = (point("dev", "dev", sent=("dev > dev",)), point("dev"), point("dev", sent=("dev > dev",)), point("staging"))


def test_killed_clients_at_one_stage_each_pass() -> None:
    assert_passed(judge("STAGE-08.E4", [killed(*POINTS)]))


@pytest.mark.parametrize(
    "wrong",
    [
        point("staging", "dev"),
        point("staging", "dev", "staging"),
        point("staging", sent=("dev > staging",)),
        point("dev", "dev", sent=("dev > staging",)),
        point("staging", sent=("unknown > staging",)),
        point("", error="it did not start"),
        point("prod"),
    ],
)
def test_a_killed_client_between_two_stages_fails(wrong: KilledSwitch) -> None:
    assert_failed(judge("STAGE-08.E4", [killed(*POINTS, wrong)]), "killed at x.py:1: ")


@pytest.mark.parametrize(
    "seen",
    [
        [],
        [killed()],
        [killed(*POINTS[:3])],
        [killed(*POINTS[:3], POINTS[0])],
        [killed(*POINTS, mode="memory-only")],
        [killed(*POINTS, point("dev", killed=False))],
    ],
)
def test_kills_that_met_nothing_of_the_way_are_unknown(seen: list[Observation]) -> None:
    assert_unknown(judge("STAGE-08.E4", seen))
