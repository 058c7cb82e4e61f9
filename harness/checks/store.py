"""Judgements about the session store: its contract, its fallback, and the stores that it must refuse."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from harness.checks.common import conclude
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import LogCapture, PageView, SecretScan, SelfTestRun, StoreListing, StoreOperation, StoreState
from harness.observe import MissingObservation, Record
from harness.secret_patterns import MARK

WITNESSES = (
    "one byte",
    "4096 ASCII characters",
    "characters beyond the BMP",
    "an embedded NUL",
    "an embedded newline",
    "embedded quotes",
    "leading and trailing spaces",
    "nothing at all",
)
RANDOM_VALUES = 10  # at least so many
WEAK_STORES = (
    "one that discards values",
    "one that stores nothing",
    "one that writes plain text",
    "one that encrypts without integrity",
    "one with a constant key",
)
WAYS = ("environment", "configuration file", "command line")
TOKENS = ("access_token", "refresh_token")
SELF_TEST = ("write", "read-back", "delete")
MEMORY = "memory-only"
# What a warning must tell: that the sign-in will not last, and something to do about it.
CONSEQUENCE = re.compile(
    r"(?i)\b(?:lost|not be kept|sign in again|signed out)\b.*\b(?:exit|quit|close|start|restart)", re.S
)
REMEDY = re.compile(r"(?i)\b(?:install|start|unlock|enable|remove|allow|open|set up)\b.+")


@check("STORE-01.E1", "RFC 6749 §10.4, NIST SP 800-63B-4 §5.1")
def values_come_back_exactly(seen: Record, parameters: Parameters) -> Judgement:
    trips = list(_round_trips(seen))
    tried = {written.value for written, _ in trips}
    if absent := [name for name in WITNESSES if name not in tried]:
        raise MissingObservation(f"never tried: {', '.join(absent)}")
    if len(trips) < len(WITNESSES) + RANDOM_VALUES:
        raise MissingObservation(f"only {len(trips)} values were tried")
    complaints = [f"{written.value}: {_lost(written, read)}" for written, read in trips if _lost(written, read)]
    return conclude([*complaints, *_bad_refusals(seen)], f"{len(trips)} values came back byte for byte")


def _round_trips(seen: Record) -> Iterator[tuple[StoreOperation, StoreOperation]]:
    """Each set with the get of the same entry; in another process where the store outlives one."""
    operations = seen.of(StoreOperation, "round trip")
    reads = {_entry(read): read for read in operations if read.operation == "get"}
    for written in (one for one in operations if one.operation == "set"):
        read = reads.get(_entry(written))
        if read is None:
            raise MissingObservation(f"{written.value} was not read back")
        if written.about["outlives"] == "yes" and written.about["process"] == read.about["process"]:
            raise MissingObservation(f"{written.value} was read by the process that wrote it")
        yield written, read


def _lost(written: StoreOperation, read: StoreOperation) -> str:
    if written.outcome == "refused":
        return "" if read.outcome == "not_found" else f"refused, and yet read as {read.outcome}"
    if written.outcome != "done":
        return f"setting it ended with {written.outcome} ({written.error})"
    if read.outcome != "value":
        return f"reading it ended with {read.outcome} ({read.error})"
    same = (read.sha256, read.length) == (written.sha256, written.length)
    return "" if same else f"{written.length} bytes were set, {read.length} others came back"


def _bad_refusals(seen: Record) -> Iterator[str]:
    before = {_entry(one): one for one in seen.of(StoreOperation, "before the refusal")}
    after = {(one.stage, one.account): one for one in seen.of(StoreOperation, "after the refusal")}
    for refused in seen.of(StoreOperation, "refusal"):
        kept = after[refused.stage, refused.account]
        if refused.outcome == "error":
            yield f"{refused.value}: not refused, but failed ({refused.error})"
        elif refused.outcome == "refused" and kept.sha256 != before[_entry(kept)].sha256:
            yield f"{refused.value}: refused, but the value before it is gone ({kept.outcome})"
        elif refused.outcome == "done" and refused.item == kept.item and kept.sha256 != refused.sha256:
            yield f"{refused.value}: accepted, but {kept.length} other bytes came back"


def _entry(operation: StoreOperation) -> tuple[str, str, str]:
    return operation.stage, operation.account, operation.item


@check("STORE-01.E2", "NIST SP 800-63B-4 §5.1")
def missing_items_are_told_as_missing(seen: Record, parameters: Parameters) -> Judgement:
    cases = ("never set", "another item never set", "cleared", "cleared, by another process")
    read = [seen.one(StoreOperation, case) for case in cases]
    wrong = [
        f"{one.case}: {one.outcome}" + (" of no bytes" if one.outcome == "value" and not one.length else "") + _why(one)
        for one in read
        if one.outcome != "not_found"
    ]
    return conclude(wrong, f"all {len(read)} items that are not there were told as missing")


@check("STORE-01.E3", "RFC 6749 §10.4")
def clearing_is_scoped_and_repeatable(seen: Record, parameters: Parameters) -> Judgement:
    cleared = seen.of(StoreOperation, "first clearing", "second clearing")
    addressed = (cleared[0].stage, cleared[0].account)
    complaints = [f"{one.case}: {one.outcome}{_why(one)}" for one in cleared if one.outcome != "done"]
    given = {_entry(one): one for one in seen.of(StoreOperation, "four places")}
    if len({(stage, account) for stage, account, _ in given}) < 4:
        raise MissingObservation("fewer than two accounts on two stages")
    for case in ("before the clearing", "after the clearing"):
        for read in seen.of(StoreOperation, case):
            gone = case == "after the clearing" and (read.stage, read.account) == addressed
            if gone and read.outcome != "not_found":
                complaints.append(f"{case}: {read.account} on {read.stage}, who was cleared, has a {read.outcome}")
            elif not gone and (read.outcome != "value" or read.sha256 != given[_entry(read)].sha256):
                complaints.append(f"{case}: {read.account} on {read.stage} has not what was set ({read.outcome})")
    written, read = seen.of(StoreOperation, "new sign-in")
    if written.outcome != "done" or read.sha256 != written.sha256:
        complaints.append(f"a new value after the clearing was not kept ({written.outcome}, {read.outcome})")
    return conclude(
        complaints, "only the addressed account was cleared, on its stage alone, and it could sign in again"
    )


@check("STORE-01.E4", "SOC 2 CC6.1")
def store_holds_only_documented_items(seen: Record, parameters: Parameters) -> Judgement:
    listings = seen.of(StoreListing, "at the end")
    last = seen.one(StoreOperation, "last clearing")
    expected: set[str] = set()
    complaints = []
    for listing in listings:
        due = () if (listing.stage, listing.account) == (last.stage, last.account) else listing.documented
        expected |= {f"{listing.stage}/{listing.account}/{item}" for item in due}
        if set(listing.items) != set(due):
            complaints.append(f"{listing.account} on {listing.stage}: {_names(listing.items)} instead of {_names(due)}")
    if last.about["outlives"] == "yes":
        raw = listings[-1].raw
        if raw is None:
            raise MissingObservation("nobody else listed the entries of the store")
        complaints += [f"left over in the store: {name}" for name in sorted(set(raw) - expected)]
        complaints += [f"missing in the store: {name}" for name in sorted(expected - set(raw))]
    return conclude(complaints, f"the store holds the {len(expected)} documented items and nothing else")


def _names(items: Iterable[str]) -> str:
    return ", ".join(sorted(items)) or "nothing"


def _why(operation: StoreOperation) -> str:
    return f" ({operation.error})" if operation.error else ""


@check("STORE-08.E1", "ASVS 5.0.0 16.5.2")
def works_without_a_secure_store(seen: Record, parameters: Parameters) -> Judgement:
    states = [seen.one(StoreState, case) for case in ("first start", "login", "API call", "refresh", "second start")]
    complaints = [f"{state.case}: {state.error}" for state in states if state.error]
    complaints += [f"{s.case}: the mode is {s.mode or 'not told'}" for s in states if not s.error and s.mode != MEMORY]
    complaints += [f"{s.case}: nobody is signed in" for s in states[1:4] if not s.error and not s.signed_in]
    return conclude(complaints, "login, refresh and API call worked, with secrets in memory only")


@check("STORE-08.E2", "seed L50, GDPR Art. 25(2)")
def warning_is_visible(seen: Record, parameters: Parameters) -> Judgement:
    pages = seen.of(PageView, "first start", "signed in", "second start")
    if absent := {"login", "home", "settings"} - {_shown(view) for view in pages}:
        raise MissingObservation(f"nobody looked at: {', '.join(sorted(absent))}")
    complaints = [f"{view.case}, {view.about['page']}: {_unwarned(view)}" for view in pages if _unwarned(view)]
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
    complaints = [found for case in ("after use", "after the restart") for found in _found(seen.one(SecretScan, case))]
    after = seen.one(StoreState, "second start")
    if after.signed_in is None:
        raise MissingObservation(f"the second start did not tell whether somebody is signed in ({after.error})")
    complaints += ["after the restart the user is still signed in"] if after.signed_in else []
    return conclude(complaints, "no secret was found in any file, and the restart ended the sign-in")


def _found(scan: SecretScan) -> list[str]:
    """What a search found. It must have looked for tokens, and found what was planted."""
    if missing := [kind for kind in TOKENS if kind not in scan.kinds]:
        raise MissingObservation(f"{scan.case}: no {' and no '.join(missing)} was known, so none was looked for")
    if not scan.planted_found:
        raise MissingObservation(
            f"{scan.case}: the search did not find what was planted; {scan.about.get('unscanned', '')}"
        )
    return [f"{scan.case}: {hit.mark} in {hit.place}" for hit in scan.hits]


@check("STORE-08.E4", "ASVS 5.0.0 16.5.2")
def degraded_storage_is_logged_once(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for log in (seen.one(LogCapture, case) for case in ("first start", "second start")):
        if log.about.get("error"):
            raise MissingObservation(f"{log.case}: there was no process to log anything ({log.about['error']})")
        records = [record for record in log.records if record.get("record") == "storage-degraded"]
        if len(records) != 1:
            complaints.append(f"{log.case}: {len(records)} records instead of one")
        if any(MARK.search(repr(record).encode()) for record in records):
            complaints.append(f"{log.case}: the record holds a secret")
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
                complaints.append(
                    f"{store}, by {way}: the mode is {start.mode or 'not told'} ({start.error or start.back_end})"
                )
            elif not CONSEQUENCE.search(start.warning) or not REMEDY.search(start.warning):
                complaints.append(f"{store}, by {way}: no warning with consequence and remedy")
        view = seen.one(PageView, "signed in", situation=_situation(store, WAYS[0]))
        if _shown(view) and _unwarned(view):
            complaints.append(f"{store}: {_unwarned(view)} on the page")
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
                complaints += [f"{store}: {text}" for text in _found(scan)]
        seen.one(SecretScan, "after the login", situation=situation)
    return conclude(complaints, "no secret was found in a weak store's file or in any other")


@check("STORE-09.E3", "keyring 25.7 source (null back end)")
def self_test_finds_a_discarding_store(seen: Record, parameters: Parameters) -> Judgement:
    sound, discarding = (seen.one(SelfTestRun, case) for case in ("sound store", "discarding store"))
    complaints = [f"the self-test leaves out: {step}" for step in SELF_TEST if step not in sound.steps]
    complaints += [f"a sound store fails the self-test at {step}" for step, held in sound.steps.items() if not held]
    if not sound.accepted:
        complaints.append(f"a sound store was not accepted ({sound.back_end})")
    state = seen.one(StoreState, "discarding store")
    if discarding.accepted or state.mode != MEMORY:
        complaints.append(f"a store that discards values was accepted ({discarding.back_end}, mode {state.mode})")
    elif not discarding.steps:
        raise MissingObservation("the discarding store was refused before its self-test")
    elif all(discarding.steps.values()):
        complaints.append("the self-test did not notice that values are discarded")
    if not (sound.before_login and discarding.before_login):
        complaints.append("the self-test did not come before the first login")
    return conclude(
        complaints, "write, comparison and deletion were tried before the login, and the discarding store refused"
    )


@check("STORE-09.E4", "keyring 25.7 source (chainer)")
def chain_does_not_write_to_the_weak_store(seen: Record, parameters: Parameters) -> Judgement:
    if not seen.one(StoreState, "refresh").signed_in:
        raise MissingObservation("nobody was signed in, so there was nothing to write")
    return conclude(_found(seen.one(SecretScan, "after the refresh")), "nothing was written to the weak store")
