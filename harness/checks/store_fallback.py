"""Judgements about a client without an acceptable secret store: its fallback, and the stores that it must refuse."""

from __future__ import annotations

import re

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.checks.scans import found_by
from harness.model import Judgement
from harness.observations import LogCapture, PageView, SecretScan, SelfTestRun, StoreState
from harness.observe import MissingObservation, Record
from harness.secret_patterns import MARK

WEAK_STORES = (
    "one that discards values",
    "one that stores nothing",
    "one that writes plain text",
    "one that encrypts without integrity",
    "one with a constant key",
)
WAYS = ("environment", "configuration file", "command line")
SELF_TEST = ("write", "read-back", "delete")
UNSOUND = ("discarding store", "altering store")
MEMORY = "memory-only"
# What a warning must tell: that the sign-in will not last, and something to do about it.
CONSEQUENCE = re.compile(
    r"(?i)\b(?:lost|not be kept|sign in again|signed out)\b.*\b(?:exit|quit|close|start|restart)", re.S
)
REMEDY = re.compile(r"(?i)\b(?:install|start|unlock|enable|remove|allow|open|set up)\b.+")


@check("STORE-08.E1", "ASVS 5.0.0 16.5.2")
def works_without_a_secure_store(seen: Record, parameters: Parameters) -> Judgement:
    states = [seen.one(StoreState, case) for case in ("first start", "login", "API call", "refresh", "second start")]
    told = [(state, state.error) for state in states if state.error]
    told += [(s, f"the mode is {s.mode or 'not told'}") for s in states if not s.error and s.mode != MEMORY]
    told += [(s, "nobody is signed in") for s in states[1:4] if not s.error and not s.signed_in]
    complaints = [Complaint(f"{state.case}: {what}", state) for state, what in told]
    return conclude(complaints, "login, refresh and API call worked, with secrets in memory only")


@check("STORE-08.E2", "seed L50, GDPR Art. 25(2)")
def warning_is_visible(seen: Record, parameters: Parameters) -> Judgement:
    pages = seen.of(PageView, "first start", "signed in", "second start")
    if absent := {"login", "home", "settings"} - {_shown(view) for view in pages}:
        raise MissingObservation(f"nobody looked at: {', '.join(sorted(absent))}")
    complaints = [
        Complaint(f"{view.case}, {view.about['page']}: {lack}", view) for view in pages if (lack := _unwarned(view))
    ]
    return conclude(complaints, f"the warning was visible on {len(pages)} pages, with consequence and remedy")


def _shown(view: PageView) -> str:
    if view.about.get("error"):
        raise MissingObservation(f"{view.case}: the page {view.about['page']} did not show ({view.about['error']})")
    return view.about["page"]


def _unwarned(view: PageView) -> str:
    if not view.alerts:
        return "no visible alert"
    if not any(CONSEQUENCE.search(alert) for alert in view.alerts):
        return "no alert says that the sign-in will be lost"
    return "" if any(REMEDY.search(alert) for alert in view.alerts) else "no alert says what to do"


@check("STORE-08.E3", "NIST SP 800-63B-4 §5.1, GDPR Art. 25(2)")
def nothing_is_written_and_the_sign_in_ends(seen: Record, parameters: Parameters) -> Judgement:
    if not seen.one(StoreState, "login").signed_in:
        raise MissingObservation("nobody was signed in, so there was nothing to write")
    complaints = [
        found for case in ("after use", "after the restart") for found in found_by(seen.one(SecretScan, case))
    ]
    after = seen.one(StoreState, "second start")
    if after.signed_in is None:
        raise MissingObservation(f"the second start did not tell whether somebody is signed in ({after.error})")
    complaints += [Complaint("after the restart the user is still signed in", after)] if after.signed_in else []
    return conclude(complaints, "no secret was found in any file, and the restart ended the sign-in")


@check("STORE-08.E4", "ASVS 5.0.0 16.5.2")
def degraded_storage_is_logged_once(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for log in (seen.one(LogCapture, case) for case in ("first start", "second start")):
        if log.about.get("error"):
            raise MissingObservation(f"{log.case}: there was no process to log anything ({log.about['error']})")
        records = [record for record in log.records if record.get("record") == "storage-degraded"]
        if len(records) != 1:
            complaints.append(Complaint(f"{log.case}: {len(records)} records instead of one", log))
        if any(MARK.search(repr(record).encode()) for record in records):
            complaints.append(Complaint(f"{log.case}: the record holds a secret", log))
    return conclude(complaints, "each start logged one storage-degraded record, without a secret")


def _situation(store: str, way: str) -> str:
    return f"{store}, asked for by {way}"


@check("STORE-09.E1", "Electron safeStorage API, keyring 25.7 source")
def weak_stores_are_refused(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for store in WEAK_STORES:
        for way in WAYS:
            start = seen.one(StoreState, "start", situation=_situation(store, way))
            if start.mode != MEMORY:
                told = f"{store}, by {way}: the mode is {start.mode or 'not told'} ({start.error or start.back_end})"
                complaints.append(Complaint(told, start))
            elif not CONSEQUENCE.search(start.warning) or not REMEDY.search(start.warning):
                complaints.append(Complaint(f"{store}, by {way}: no warning with consequence and remedy", start))
        view = seen.one(PageView, "signed in", situation=_situation(store, WAYS[0]))
        if _shown(view) and _unwarned(view):
            complaints.append(Complaint(f"{store}: {_unwarned(view)} on the page", view))
    return conclude(complaints, f"{len(WEAK_STORES)} weak stores were refused, asked for in {len(WAYS)} ways each")


@check("STORE-09.E2", "ASVS 5.0.0 11.3.2")
def no_secret_is_in_a_weak_file(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for store in WEAK_STORES:
        situation = _situation(store, WAYS[0])
        if not seen.one(StoreState, "login", situation=situation).signed_in:
            raise MissingObservation(f"{store}: nobody was signed in, so there was nothing to write")
        for scan in seen.of(SecretScan, "after the login"):
            if scan.about["situation"].startswith(f"{store},"):
                complaints += [Complaint(f"{store}: {text}", scan) for text in found_by(scan)]
        seen.one(SecretScan, "after the login", situation=situation)
    return conclude(complaints, "no secret was found in a weak store's file or in any other")


@check("STORE-09.E3", "keyring 25.7 source (null back end)")
def self_test_finds_a_store_that_does_not_keep(seen: Record, parameters: Parameters) -> Judgement:
    sound = seen.one(SelfTestRun, "sound store")
    flaws = [f"the self-test leaves out: {step}" for step in SELF_TEST if step not in sound.steps]
    flaws += [f"a sound store fails the self-test at {step}" for step, held in sound.steps.items() if not held]
    flaws += [] if sound.accepted else [f"a sound store was not accepted ({sound.back_end})"]
    complaints = [Complaint(flaw, sound) for flaw in flaws]
    complaints += [complaint for case in UNSOUND for complaint in _unnoticed(seen, case)]
    tests = [seen.one(SelfTestRun, case) for case in ("sound store", *UNSOUND)]
    if late := [test for test in tests if not test.before_login]:
        complaints.append(Complaint("the self-test did not come before the first login", *late))
    return conclude(complaints, "write, comparison and deletion were tried before the login, and bad stores refused")


def _unnoticed(seen: Record, case: str) -> list[Complaint]:
    """What is wrong with how the client took a store that does not keep what it is given."""
    test, state = seen.one(SelfTestRun, case), seen.one(StoreState, case)
    if test.accepted or state.mode != MEMORY:
        return [Complaint(f"{case}: it was accepted ({test.back_end}, mode {state.mode})", test, state)]
    if not test.steps:
        raise MissingObservation(f"{case}: it was refused before its self-test")
    return [Complaint(f"{case}: the self-test did not notice it", test)] if all(test.steps.values()) else []


@check("STORE-09.E4", "keyring 25.7 source (chainer)")
def chain_does_not_write_to_the_weak_store(seen: Record, parameters: Parameters) -> Judgement:
    if not seen.one(StoreState, "refresh").signed_in:
        raise MissingObservation("nobody was signed in, so there was nothing to write")
    return conclude(found_by(seen.one(SecretScan, "after the refresh")), "nothing was written to the weak store")
