"""Each check of the session store: what passes, what fails, and that nothing observed is unknown."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from harness.checks.registry import judge
from harness.checks.store import ALIKE, RANDOM_VALUES, WITNESSES
from harness.checks.store_fallback import UNSOUND, WAYS, WEAK_STORES
from harness.model import Verdict
from harness.observations import (
    Hit,
    LogCapture,
    Observation,
    PageView,
    SecretScan,
    SelfTestRun,
    StoreListing,
    StoreOperation,
    StoreState,
)

Change = Callable[[Any], Any]
ITEMS = ("refresh_token", "profile")
WARNING = "Your sign-in will be lost on exit. Install a Secret Service, then restart the app."
MARK = "{{refresh_token:0123456789abcdef:43}}"


def operation(
    case: str,
    kind: Any,
    account: str,
    outcome: Any = "done",
    value: str | None = None,
    *,
    stage: str = "dev",
    item: str = "refresh_token",
    process: str = "1",
) -> StoreOperation:
    data = (value or "").encode()
    return StoreOperation(
        case=case,
        about={"process": process, "outlives": "yes"},
        operation=kind,
        stage=stage,
        account=account,
        item=item,
        outcome=outcome,
        value=value or "",
        sha256=hashlib.sha256(data).hexdigest() if value is not None else "",
        length=len(data),
    )


def round_trips() -> list[Observation]:
    names = [*WITNESSES, *(f"random {number}" for number in range(RANDOM_VALUES))]
    trips: list[Observation] = []
    for number, name in enumerate(names):
        trips.append(operation("round trip", "set", f"w{number}", value=name))
        trips.append(operation("round trip", "get", f"w{number}", "value", name, process="2"))
    return [
        *trips,
        operation("before the refusal", "set", "r", value="old"),
        operation("refusal", "set", "r", "refused", "too big"),
        operation("after the refusal", "get", "r", "value", "old"),
    ]


def test_values_that_come_back_pass() -> None:
    assert verdict("STORE-01.E1", round_trips()) is Verdict.PASSED


@pytest.mark.parametrize(
    "changed",
    [
        operation("round trip", "get", "w3", "value", "other", process="2"),
        operation("round trip", "get", "w3", "not_found", process="2"),
        operation("round trip", "set", "w3", "error", WITNESSES[3]),
        operation("refusal", "set", "r", "error", "too big"),
        operation("after the refusal", "get", "r", "not_found"),
    ],
)
def test_a_value_that_does_not_come_back_fails(changed: StoreOperation) -> None:
    assert verdict("STORE-01.E1", instead(round_trips(), changed)) is Verdict.FAILED


def test_a_refused_value_that_left_nothing_passes() -> None:
    trips = instead(round_trips(), operation("round trip", "set", "w3", "refused", WITNESSES[3]))
    trips = instead(trips, operation("round trip", "get", "w3", "not_found", process="2"))
    assert verdict("STORE-01.E1", trips) is Verdict.PASSED


def test_a_value_read_by_the_process_that_wrote_it_proves_nothing() -> None:
    trips = instead(round_trips(), operation("round trip", "get", "w3", "value", WITNESSES[3], process="1"))
    assert verdict("STORE-01.E1", trips) is Verdict.UNKNOWN


def test_fewer_values_than_the_control_names_prove_nothing() -> None:
    left = [o for o in round_trips() if not (isinstance(o, StoreOperation) and o.account == "w2")]
    assert verdict("STORE-01.E1", left) is Verdict.UNKNOWN


def test_a_store_that_refuses_most_values_proves_nothing() -> None:
    refused = [
        replace(o, outcome="refused" if o.operation == "set" else "not_found")
        if isinstance(o, StoreOperation) and o.case == "round trip" and o.account != "w0"
        else o
        for o in round_trips()
    ]
    assert verdict("STORE-01.E1", refused) is Verdict.UNKNOWN


MISSING = [
    operation(case, "get", "nobody", "not_found")
    for case in ("never set", "another item never set", "cleared", "cleared, by another process")
]


def test_missing_items_told_as_missing_pass() -> None:
    assert verdict("STORE-01.E2", MISSING) is Verdict.PASSED


@pytest.mark.parametrize("outcome", ["value", "error", "refused"])
def test_a_missing_item_told_otherwise_fails(outcome: str) -> None:
    changed = [*MISSING[:2], operation("cleared", "get", "nobody", outcome, ""), MISSING[3]]
    assert verdict("STORE-01.E2", changed) is Verdict.FAILED


PLACES = [(stage, account) for stage in ("dev", "prod") for account in ("anna", "ben")]


def clearing() -> list[Observation]:
    def read(case: str, stage: str, account: str) -> StoreOperation:
        gone = case == "after the clearing" and (stage, account) == PLACES[0]
        value = None if gone else f"{account} on {stage}"
        return operation(case, "get", account, "not_found" if gone else "value", value, stage=stage)

    return [
        *names_alike(),
        *(operation("four places", "set", a, value=f"{a} on {s}", stage=s) for s, a in PLACES),
        *(read("before the clearing", s, a) for s, a in PLACES),
        operation("first clearing", "clear", "anna", item=""),
        operation("second clearing", "clear", "anna", item=""),
        *(read("after the clearing", s, a) for s, a in PLACES),
        operation("new sign-in", "set", "anna", value="new"),
        operation("new sign-in", "get", "anna", "value", "new"),
        operation("last clearing", "clear", "anna", item=""),
        *(listing(s, a, () if (s, a) == PLACES[0] else ITEMS) for s, a in PLACES),
    ]


def names_alike() -> list[Observation]:
    names = [f"name-{number}" for number in range(ALIKE)]
    return [
        *(operation("names alike: set", "set", name, value=name) for name in names),
        *(operation("names alike: all are set", "get", name, "value", name) for name in names),
        operation("names alike: one is cleared", "clear", names[0], item=""),
        operation("names alike: after the clearing", "get", names[0], "not_found"),
        *(operation("names alike: after the clearing", "get", name, "value", name) for name in names[1:]),
    ]


def listing(stage: str, account: str, items: tuple[str, ...], raw: tuple[str, ...] | None = ()) -> StoreListing:
    kept = tuple(f"{s}/{a}/{item}" for s, a in PLACES[1:] for item in ITEMS)
    shown = None if raw is None else kept + raw
    return StoreListing(case="at the end", stage=stage, account=account, items=items, documented=ITEMS, raw=shown)


@pytest.mark.parametrize(
    ("case", "account", "outcome", "value"),
    [
        ("names alike: all are set", "name-1", "value", "name-0"),
        ("names alike: all are set", "name-1", "not_found", None),
        ("names alike: after the clearing", "name-1", "not_found", None),
        ("names alike: after the clearing", "name-0", "value", "name-0"),
    ],
)
def test_an_account_that_is_taken_for_one_with_a_name_like_it_fails(
    case: str, account: str, outcome: str, value: str | None
) -> None:
    kept = [o for o in clearing() if not (isinstance(o, StoreOperation) and (o.case, o.account) == (case, account))]
    assert verdict("STORE-01.E3", [*kept, operation(case, "get", account, outcome, value)]) is Verdict.FAILED


def test_a_name_may_be_refused_if_nothing_is_there_then() -> None:
    refused = [
        replace(o, outcome="refused" if o.operation == "set" else "not_found")
        if isinstance(o, StoreOperation) and o.account == "name-1"
        else o
        for o in clearing()
    ]
    assert verdict("STORE-01.E3", refused) is Verdict.PASSED


def test_too_few_names_alike_prove_nothing() -> None:
    fewer = [o for o in clearing() if getattr(o, "account", "") != "name-1"]
    assert verdict("STORE-01.E3", fewer) is Verdict.UNKNOWN


def test_a_clearing_that_takes_one_account_passes() -> None:
    assert verdict("STORE-01.E3", clearing()) is Verdict.PASSED


@pytest.mark.parametrize(
    "changed",
    [
        operation("before the clearing", "get", "anna", "value", "ben on dev"),
        operation("second clearing", "clear", "anna", "error", item=""),
        operation("after the clearing", "get", "anna", "value", "anna on dev"),
        operation("after the clearing", "get", "ben", "not_found"),
        operation("after the clearing", "get", "anna", "not_found", stage="prod"),
        operation("new sign-in", "get", "anna", "not_found"),
    ],
)
def test_a_clearing_that_takes_more_or_less_fails(changed: StoreOperation) -> None:
    assert verdict("STORE-01.E3", instead(clearing(), changed)) is Verdict.FAILED


def test_documented_items_and_nothing_else_pass() -> None:
    assert verdict("STORE-01.E4", clearing()) is Verdict.PASSED


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (listing("dev", "anna", ("profile",)), Verdict.FAILED),
        (listing("prod", "ben", ("refresh_token",)), Verdict.FAILED),
        (listing("prod", "ben", ITEMS, ("a test probe",)), Verdict.FAILED),
        (listing("prod", "ben", ITEMS, None), Verdict.UNKNOWN),
    ],
)
def test_leftovers_fail_and_an_unlisted_store_proves_nothing(changed: StoreListing, expected: Verdict) -> None:
    assert verdict("STORE-01.E4", instead(clearing(), changed)) is expected


def state(case: str, signed_in: bool | None = True, **other: Any) -> StoreState:
    known: dict[str, Any] = {"mode": "memory-only", "back_end": "memory", "warning": WARNING}
    return StoreState(case=case, signed_in=signed_in, **{**known, **other})


def page(case: str, name: str, *alerts: str, **about: str) -> PageView:
    return PageView(case=case, about={"page": name, **about}, url="u", title="t", text="t", alerts=alerts)


def scan(case: str, *places: str, **other: Any) -> SecretScan:
    known: dict[str, Any] = {"kinds": ("access_token", "refresh_token"), "planted_found": True, "bytes": 9}
    hits = tuple(Hit(place, MARK) for place in places)
    return SecretScan(case=case, places=("home",), hits=hits, **{**known, **other})


def log(case: str, *records: dict[str, str]) -> LogCapture:
    return LogCapture(case=case, records=records)


DEGRADED = {"record": "storage-degraded", "mode": "memory-only"}


def fallback() -> list[Observation]:
    return [
        state("first start", False),
        page("first start", "login", WARNING),
        state("login"),
        page("signed in", "home", WARNING),
        state("refresh"),
        state("API call"),
        page("signed in", "settings", WARNING),
        log("first start", {"message": "other"}, DEGRADED),
        scan("after use"),
        state("second start", False),
        page("second start", "login", WARNING),
        page("second start", "settings", WARNING),
        log("second start", DEGRADED),
        scan("after the restart"),
    ]


@pytest.mark.parametrize("expectation", ["STORE-08.E1", "STORE-08.E2", "STORE-08.E3", "STORE-08.E4"])
def test_a_documented_fallback_passes(expectation: str) -> None:
    assert verdict(expectation, fallback()) is Verdict.PASSED


@pytest.mark.parametrize(
    ("expectation", "changed"),
    [
        ("STORE-08.E1", state("first start", None, mode="", error="it does not start")),
        ("STORE-08.E1", state("login", mode="secure")),
        ("STORE-08.E1", state("login", False)),
        ("STORE-08.E1", state("API call", error="the API call failed: 401")),
        ("STORE-08.E2", page("signed in", "settings")),
        ("STORE-08.E2", page("first start", "login", "Something is odd with your storage.")),
        ("STORE-08.E2", page("first start", "login", "Your sign-in will be lost on exit.")),
        ("STORE-08.E3", scan("after use", "home/.local/token")),
        ("STORE-08.E3", scan("after the restart", "home/.local/token")),
        ("STORE-08.E3", state("second start", True)),
        ("STORE-08.E4", log("first start")),
        ("STORE-08.E4", log("second start", DEGRADED, DEGRADED)),
        ("STORE-08.E4", log("second start", {**DEGRADED, "value": MARK})),
    ],
)
def test_a_fallback_with_a_defect_fails(expectation: str, changed: Observation) -> None:
    assert verdict(expectation, instead(fallback(), changed)) is Verdict.FAILED


@pytest.mark.parametrize(
    ("expectation", "changed"),
    [
        ("STORE-08.E2", page("signed in", "home", error="the client is gone")),
        ("STORE-08.E3", scan("after use", planted_found=False)),
        ("STORE-08.E3", scan("after use", kinds=())),
        ("STORE-08.E3", state("login", False)),
        ("STORE-08.E3", state("second start", None)),
        ("STORE-08.E4", replace(log("second start"), about={"error": "the client is gone"})),
    ],
)
def test_a_fallback_that_was_not_seen_whole_is_unknown(expectation: str, changed: Observation) -> None:
    assert verdict(expectation, instead(fallback(), changed)) is Verdict.UNKNOWN


def situation(store: str, way: str) -> dict[str, str]:
    return {"situation": f"{store}, asked for by {way}"}


def weak() -> list[Observation]:
    seen: list[Observation] = []
    for store in WEAK_STORES:
        seen += [replace(state("start", False), about=situation(store, way)) for way in WAYS]
        about = situation(store, WAYS[0])
        seen += [replace(state("login"), about=about), page("signed in", "home", WARNING, **about)]
        seen.append(replace(scan("after the login"), about=about))
    return seen


@pytest.mark.parametrize("expectation", ["STORE-09.E1", "STORE-09.E2"])
def test_weak_stores_that_are_refused_pass(expectation: str) -> None:
    assert verdict(expectation, weak()) is Verdict.PASSED


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wrong", [{"mode": "secure"}, {"warning": ""}, {"warning": "storage is degraded"}])
def test_a_weak_store_that_is_accepted_in_any_way_or_without_warning_fails(way: str, wrong: dict[str, str]) -> None:
    changed = replace(state("start", False, **wrong), about=situation(WEAK_STORES[2], way))
    assert verdict("STORE-09.E1", instead(weak(), changed)) is Verdict.FAILED


def test_a_weak_store_whose_warning_does_not_show_fails() -> None:
    changed = page("signed in", "home", **situation(WEAK_STORES[0], WAYS[0]))
    assert verdict("STORE-09.E1", instead(weak(), changed)) is Verdict.FAILED


def test_a_secret_in_a_weak_file_fails() -> None:
    changed = replace(scan("after the login", "keyring_pass.cfg"), about=situation(WEAK_STORES[4], WAYS[0]))
    assert verdict("STORE-09.E2", instead(weak(), changed)) is Verdict.FAILED


@pytest.mark.parametrize("expectation", ["STORE-09.E1", "STORE-09.E2"])
def test_a_weak_store_that_was_not_tried_is_unknown(expectation: str) -> None:
    left = [o for o in weak() if not o.about["situation"].startswith(WEAK_STORES[1])]
    assert verdict(expectation, left) is Verdict.UNKNOWN


def trial(case: str, accepted: bool, before_login: bool = True, **steps: bool) -> SelfTestRun:
    named = {name.replace("_", "-"): held for name, held in steps.items()}
    return SelfTestRun(case=case, back_end="b", steps=named, accepted=accepted, before_login=before_login)


SOUND = trial("sound store", True, write=True, read_back=True, delete=True)
NOTICED = [o for c in UNSOUND for o in (trial(c, False, write=True, read_back=False), state(c, False))]


def test_a_self_test_that_finds_stores_that_do_not_keep_passes() -> None:
    assert verdict("STORE-09.E3", [*NOTICED, SOUND]) is Verdict.PASSED


@pytest.mark.parametrize("case", UNSOUND)
@pytest.mark.parametrize(
    "wrong",
    [
        {"accepted": True, "steps": {"write": True, "read-back": True, "delete": True}},
        {"steps": {"write": True, "read-back": True}},
        {"before_login": False},
    ],
)
def test_a_self_test_that_is_blind_or_late_fails(case: str, wrong: dict[str, Any]) -> None:
    changed = replace(trial(case, False, write=True, read_back=False), **wrong)
    assert verdict("STORE-09.E3", instead([*NOTICED, SOUND], changed)) is Verdict.FAILED


@pytest.mark.parametrize("case", UNSOUND)
def test_a_client_that_takes_a_store_in_spite_of_its_self_test_fails(case: str) -> None:
    changed = state(case, False, mode="secure")
    assert verdict("STORE-09.E3", instead([*NOTICED, SOUND], changed)) is Verdict.FAILED


@pytest.mark.parametrize(
    "sound",
    [
        trial("sound store", True, write=True, delete=True),
        trial("sound store", False, write=True, read_back=True, delete=False),
    ],
)
def test_a_self_test_that_is_incomplete_fails(sound: SelfTestRun) -> None:
    assert verdict("STORE-09.E3", [*NOTICED, sound]) is Verdict.FAILED


@pytest.mark.parametrize("case", UNSOUND)
def test_a_bad_store_that_was_never_tried_proves_nothing(case: str) -> None:
    assert verdict("STORE-09.E3", instead([*NOTICED, SOUND], trial(case, False))) is Verdict.UNKNOWN
    left = [o for o in NOTICED if o.case != case]
    assert verdict("STORE-09.E3", [*left, SOUND]) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ([state("refresh"), scan("after the refresh")], Verdict.PASSED),
        ([state("refresh"), scan("after the refresh", "keyring_pass.cfg")], Verdict.FAILED),
        ([state("refresh", False), scan("after the refresh")], Verdict.UNKNOWN),
    ],
)
def test_a_chain_must_not_write_to_its_weak_member(seen: list[Observation], expected: Verdict) -> None:
    assert verdict("STORE-09.E4", seen) is expected


@pytest.mark.parametrize("control", ["STORE-01", "STORE-08", "STORE-09"])
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_nothing_observed_is_unknown(control: str, number: int) -> None:
    assert verdict(f"{control}.E{number}", [log("something else")]) is Verdict.UNKNOWN


def verdict(expectation: str, seen: Iterable[Observation]) -> Verdict:
    return judge(expectation, seen, {}).verdict


def instead(seen: list[Observation], changed: Observation) -> list[Observation]:
    """The observations with one of them in place of the one that answers the same question."""

    def question(one: Observation) -> tuple[object, ...]:
        names = ("operation", "stage", "account")
        told = (one.about.get(name) for name in ("situation", "page"))
        return one.kind, one.case, *told, *(getattr(one, name, None) for name in names)

    replaced = [changed if question(one) == question(changed) else one for one in seen]
    assert replaced != seen, "nothing was replaced"
    return replaced
