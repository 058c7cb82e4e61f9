"""What the checks of environment selector and debug page conclude."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.checks.settings import FIELDS, GRANTS, SCANS, WAYS
from harness.observations import Hit, LogCapture, Observation, SecretScan
from harness.observations.bridge import BridgeCall, BridgeCalls, Surface
from harness.observations.settings import DebugPanel, MarkerSearch, ToolsTrial
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, judge, without

ABOUT = {"stage": "staging", "subject": "somebody"}
ALL = ("environment selector", "debug information", "a way there")


def trial(case: str, way: str, status: int, *nodes: str, seconds: float = 0.0) -> ToolsTrial:
    statuses = {"the report": status}
    return ToolsTrial(case=case, about=ABOUT, way=way, statuses=statuses, nodes=nodes, seconds=seconds)


def production() -> list[Observation]:
    return [trial("elsewhere", "#tools-on", 200, *ALL), *(trial("at production", way, 404) for way in WAYS)]


@pytest.mark.parametrize("way", ["the settings", "the fragment", "the shortcuts"])
def test_no_trace_in_a_page_counts_only_where_the_settings_were_shown(way: str) -> None:
    others = [one for one in production() if not isinstance(one, ToolsTrial) or one.way != way]
    looked = ToolsTrial(case="at production", about=ABOUT, way=way)
    assert_unknown(judge("SETTINGS-01.E1", [*others, looked]))
    assert_passed(judge("SETTINGS-01.E1", [*others, replace(looked, shown=True)]))


def ordinary() -> list[Observation]:
    return [trial("an ordinary user", way, 403) for way in ("nothing", *GRANTS)]


def record(did: str, **other: object) -> dict[str, object]:
    return {"did": did, "who": "somebody", "at": 1.0, "stage": "staging", **other}


def turns(*records: dict[str, object]) -> list[Observation]:
    seen: list[Observation] = [trial("on", "", 200, *ALL), trial("off", "", 403), trial("on again", "", 200, *ALL)]
    return [*seen, LogCapture(case="turns", records=records or (record("on"), record("off"), record("on")))]


def lost(status: int = 403, *nodes: str, seconds: float = 60.0) -> list[Observation]:
    return [trial("on again", "", 200, *ALL), trial("no more", "the open page", status, *nodes, seconds=seconds)]


def bridge(*names: str, debug: str = "UnknownChannel", session: str = "value") -> list[Observation]:
    calls = (BridgeCall("known", "session:get", session), BridgeCall("guessed", "debug:info", debug))
    return [
        Surface(case="functions", declared=(), seen=("getSession/0", *names)),
        BridgeCalls(case="channels", codes=(), calls=calls),
    ]


def markers(*found: str, control: tuple[str, ...] = ("web.zip: the page",)) -> list[Observation]:
    return [MarkerSearch(case="artifacts", searched=("the page",), found=found, control=control)]


def scans(**change: object) -> list[Observation]:
    known = {"places": ("a place",), "bytes": 9, "kinds": ("access_token",), "hits": (), "planted_found": True}
    return [SecretScan(case=case, **{**known, **change}) for case in SCANS]  # type: ignore[arg-type]


def panel(lacking: str = "", **variables: str) -> list[Observation]:
    fields = {name: "told" for name in FIELDS if name != lacking}
    return [DebugPanel(case="panel", fields=fields, variables={"A": "set", "B": "unset", **variables})]


@pytest.mark.parametrize(
    ("expectation", "seen"),
    [
        ("SETTINGS-01.E1", production),
        ("SETTINGS-01.E2", bridge),
        ("SETTINGS-01.E3", markers),
        ("SETTINGS-02.E1", ordinary),
        ("SETTINGS-02.E2", lost),
        ("SETTINGS-02.E3", turns),
        ("SETTINGS-03.E1", scans),
        ("SETTINGS-03.E2", panel),
        ("SETTINGS-03.E3", panel),
    ],
)
def test_what_is_as_it_should_be_passes_and_nothing_seen_is_unknown(
    expectation: str, seen: Callable[[], list[Observation]]
) -> None:
    assert_passed(judge(expectation, seen()))
    assert_unknown(judge(expectation, without(seen(), 0)))


@pytest.mark.parametrize(
    ("expectation", "seen", "told"),
    [
        ("SETTINGS-01.E1", [*production(), trial("at production", "the path", 200)], "HTTP 200"),
        ("SETTINGS-01.E1", [*production(), trial("at production", "the path", 403)], "HTTP 403"),
        (
            "SETTINGS-01.E1",
            [*production(), trial("at production", "the settings", 404, ALL[0])],
            "environment selector",
        ),
        ("SETTINGS-01.E2", bridge("debugInfo/0"), "shell.debugInfo"),
        ("SETTINGS-01.E2", bridge(debug="value"), "debug:info is answered"),
        ("SETTINGS-01.E3", markers("web.zip: the page"), "web.zip: the page"),
        ("SETTINGS-02.E1", [*ordinary(), trial("an ordinary user", "a cookie", 200)], "HTTP 200"),
        ("SETTINGS-02.E1", [*ordinary(), trial("an ordinary user", "a cookie", 403, ALL[1])], "debug information"),
        ("SETTINGS-02.E2", lost(200), "HTTP 200"),
        ("SETTINGS-02.E2", lost(403, ALL[1]), "debug information"),
        ("SETTINGS-02.E3", turns(record("on"), record("on")), "recorded as: on, on"),
        ("SETTINGS-02.E3", turns(record("on"), record("off", who=""), record("on")), "lacks who"),
        ("SETTINGS-02.E3", turns(record("on", stage="prod"), record("off"), record("on")), "as it is"),
        ("SETTINGS-03.E1", scans(hits=(Hit("clipboard", "{{access_token:0:9}}"),)), "clipboard"),
        ("SETTINGS-03.E1", scans(hits=(Hit("file", "{{id_token:0:9}}"),), planted_found=False), "file"),
        ("SETTINGS-03.E2", panel("last refresh"), "last refresh"),
        ("SETTINGS-03.E3", panel(A="a value"), "the value of A"),
    ],
)
def test_what_is_wrong_fails(expectation: str, seen: list[Observation], told: str) -> None:
    if expectation == "SETTINGS-03.E3":
        seen = [replace(one, variables={**one.variables, "C": "set"}) for one in seen if isinstance(one, DebugPanel)]
    assert_failed(judge(expectation, seen), told)


@pytest.mark.parametrize(
    ("expectation", "seen"),
    [
        ("SETTINGS-01.E1", [trial("elsewhere", "", 200), *production()[1:]]),
        ("SETTINGS-01.E1", without(production(), len(WAYS))),
        ("SETTINGS-01.E2", bridge(session="pending")),
        ("SETTINGS-01.E3", markers(control=())),
        ("SETTINGS-02.E1", without(ordinary(), len(GRANTS))),
        ("SETTINGS-02.E2", lost(seconds=61.0)),
        ("SETTINGS-03.E1", scans(planted_found=False)),
        ("SETTINGS-03.E3", [DebugPanel(case="panel", fields={}, variables={})]),
    ],
)
def test_what_was_not_tried_proves_nothing(expectation: str, seen: list[Observation]) -> None:
    assert_unknown(judge(expectation, seen))
