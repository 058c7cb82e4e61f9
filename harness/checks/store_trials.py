"""Judgements about a session store under stress: large values, writers at once, and kills between any two steps."""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import (
    KilledRotations,
    KillPoint,
    KillTable,
    Resumptions,
    StoreEvent,
    StoreHistory,
    StoreListing,
    StoreOperation,
)
from harness.observe import MissingObservation, Record

SIZES = (1279, 1280, 1281, 2559, 2560, 2561, 8192, 65536)  # characters, of STORE-11
ALPHABETS = ("ASCII", "4-byte Unicode")
RACE_SECONDS, RECLAIM_SECONDS = 30.0, 10.0  # of STORE-12.E4
FEWEST_KILLS = 4  # fewer met nothing of the writing
MOST_TOKEN_REQUESTS = 3  # of STORE-13.E2
THREADS = 8  # two processes of four threads


@check("STORE-11.E1", "ASVS 5.0.0 2.3.3, RFC 6749 §5.1")
def large_values_come_back_whole_or_are_refused(seen: Record, parameters: Parameters) -> Judgement:
    trips = list(_trips(seen))
    complaints = [
        Complaint(f"{written.value}: {lost}", written, read)
        for written, read in trips
        if (lost := _lost(written, read))
    ]
    return conclude(complaints, f"{len(trips)} values came back whole, or were refused as too large")


def _trips(seen: Record) -> Iterator[tuple[StoreOperation, StoreOperation]]:
    """Each set with its get. Raises MissingObservation where a size of the control was not tried."""
    operations = seen.of(StoreOperation, "sizes")
    reads = {(one.about["where"], one.account): one for one in operations if one.operation == "get"}
    written = [one for one in operations if one.operation == "set"]
    wanted = {f"{size} {alphabet} characters" for size in SIZES for alphabet in ALPHABETS}
    if absent := sorted(wanted - {one.value for one in written}):
        raise MissingObservation(f"never tried: {', '.join(absent[:3])}")
    for one in written:
        yield one, reads[one.about["where"], one.account]


def _is_old(read: StoreOperation) -> bool:
    return read.outcome == "value" and read.about["is"] == "the value before"


def _lost(written: StoreOperation, read: StoreOperation) -> str:
    if written.outcome == "refused" and written.error != "TooLarge":
        return f"refused by {written.error}, which does not say that it is too large"
    if written.outcome == "error":
        return f"neither kept nor refused, but failed ({written.error})"
    if written.outcome == "refused" or _is_old(read):  # whether this was told is judged by E2
        return ""
    if read.outcome != "value":
        return f"reading it ended with {read.outcome} ({read.error})"
    same = (read.sha256, read.length) == (written.sha256, written.length)
    return "" if same else f"{written.length} bytes were set, {read.length} others came back"


@check("STORE-11.E2", "ASVS 5.0.0 2.3.3, RFC 6749 §5.1")
def a_refusal_is_told_and_leaves_the_value_before(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    refused = 0
    for written, read in _trips(seen):
        if written.outcome == "done" and _is_old(read):
            told = f"{written.value}: the caller was told that it is stored, and the value before is still there"
            complaints.append(Complaint(told, written, read))
        elif written.outcome != "done":
            refused += 1
            if not _is_old(read):
                told = f"{written.value}: refused, and the value before is gone ({read.outcome})"
                complaints.append(Complaint(told, written, read))
    return conclude(complaints, f"{refused} values were refused, and left what was there before")


@check("STORE-11.E3", "ASVS 5.0.0 2.3.3")
def a_kill_between_parts_leaves_one_whole_value(seen: Record, parameters: Parameters) -> Judgement:
    return _one_of_both(_table(seen, "killed between parts"))


def _one_of_both(table: KillTable) -> Judgement:
    complaints = [
        Complaint(f"killed at {point.place}: {_found(point)}", table)
        for point in table.points
        if point.found not in ("old", "new")
    ]
    met = {point.found for point in table.points}
    if not complaints and not {"old", "new"} <= met:
        raise MissingObservation(f"{table.case}: every kill found the same, so none met the writing")
    return conclude(complaints, f"{len(table.points)} kills left the value before or the new one")


def _table(seen: Record, case: str) -> KillTable:
    table = seen.one(KillTable, case)
    if table.mode == "memory-only":
        raise MissingObservation(f"{case}: the store kept nothing that could outlive a kill")
    if sum(point.killed for point in table.points) < FEWEST_KILLS:
        raise MissingObservation(f"{case}: the client was killed at {len(table.points)} points only")
    if unkilled := [point.place for point in table.points if not point.killed]:
        raise MissingObservation(f"{case}: nobody was killed at {unkilled[0]}")
    return table


def _found(point: KillPoint) -> str:
    words = {"missing": "no value is left", "other": "a value is read that nobody has set"}
    return words.get(point.found, f"the value cannot be read ({point.error})")


@check("STORE-11.E4", "ASVS 5.0.0 2.3.3")
def clearing_leaves_no_part(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for left in seen.of(StoreListing, "sizes"):
        kept = seen.one(StoreListing, "sizes: kept", where=left.about["where"])
        values = {one.account for one in seen.of(StoreOperation, "sizes") if one.about["where"] == left.about["where"]}
        if kept.raw is None or left.raw is None or len(kept.raw) <= len(values):
            raise MissingObservation(f"{left.about['where']}: no value was in parts, so none could be left")
        complaints += [Complaint(f"{left.about['where']}: left after the clearing: {name}", left) for name in left.raw]
    table = _table(seen, "killed between parts")
    complaints += [
        Complaint(f"killed at {point.place}, then cleared: {len(point.uncleared)} entries are left", table)
        for point in table.points
        if point.uncleared
    ]
    return conclude(complaints, "after each clearing no part was left, also where a client had been killed")


@check("STORE-12.E1", "ASVS 5.0.0 15.4.1, 15.4.2")
def every_read_is_of_a_value_that_was_written(seen: Record, parameters: Parameters) -> Judgement:
    history = _history(seen)
    written = [event for event in history.events if event.operation in ("set", "rotate")]
    complaints = []
    for read in (event for event in history.events if event.operation == "get"):
        if read.outcome == "error":
            complaints.append(Complaint(f"{_who(read)}: {read.error}", history))
        elif read.outcome == "value" and not read.whole:
            complaints.append(Complaint(f"{_who(read)}: a value that is not whole", history))
        elif read.outcome == "value" and not any(_could_be(one, read) for one in written):
            told = f"{_who(read)}: {read.writer}'s value {read.counter}, which was not written before"
            complaints.append(Complaint(told, history))
    return conclude(complaints, f"{len(history.events)} operations, and every read was of a whole value of some writer")


def _history(seen: Record) -> StoreHistory:
    history = seen.one(StoreHistory, "race")
    took_part = {event.by for event in history.events} - {"last"}
    if len(took_part) < THREADS and not any(event.operation == "end" for event in history.events):
        raise MissingObservation(f"only {len(took_part)} threads took part")
    if history.mode == "memory-only":
        raise MissingObservation("the store was in memory, so no two processes had it in common")
    return history


def _who(event: StoreEvent) -> str:
    return f"{event.by} read {event.account}'s {event.item}"


def _could_be(written: StoreEvent, read: StoreEvent) -> bool:
    same = (written.account, written.item, written.writer, written.counter)
    return same == (read.account, read.item, read.writer, read.counter) and written.began <= read.ended


@check("STORE-12.E2", "ASVS 5.0.0 15.4.2, 15.4.3")
def no_reader_goes_back(seen: Record, parameters: Parameters) -> Judgement:
    history = _history(seen)
    complaints = [Complaint(told, history) for told in (*_going_back(history), *_lost_rotations(history))]
    return conclude(complaints, "no read was of an older value than one before it, and no rotation was lost")


def _going_back(history: StoreHistory) -> Iterator[str]:
    """Reads of an older value of the same writer than another read that had ended before they began."""
    reads = [event for event in history.events if event.operation == "get" and event.outcome == "value" and event.whole]
    for read in reads:
        before = (
            one.counter
            for one in reads
            if (one.account, one.item, one.writer) == (read.account, read.item, read.writer) and one.ended < read.began
        )
        if (newest := max(before, default=0)) > read.counter:
            yield f"{_who(read)}: {read.writer}'s value {read.counter}, after {newest} had been read"


def _lost_rotations(history: StoreHistory) -> Iterator[str]:
    made = [event.counter for event in history.events if event.operation == "rotate" and event.outcome == "done"]
    if not made:
        raise MissingObservation("nothing was rotated")
    if twice := sorted({counter for counter in made if made.count(counter) > 1}):
        yield f"rotation {twice[0]} was made by {made.count(twice[0])} writers: one of them was lost"
    last = [event for event in history.events if event.by == "last" and event.item == "refresh_token"]
    for event in last:
        if event.writer == "rotation" and event.counter < max(made):
            yield f"at the end rotation {event.counter} is stored, and {max(made)} had been made"


@check("STORE-12.E3", "ASVS 5.0.0 15.4.1")
def the_other_accounts_item_is_intact(seen: Record, parameters: Parameters) -> Judgement:
    history = _history(seen)
    once = [e for e in history.events if e.operation == "set" and e.account == "ben" and e.outcome == "done"]
    last = [e for e in history.events if e.by == "last" and e.account == "ben"]
    if not once or not last:
        raise MissingObservation("the other account's item was not written, or not looked for")
    complaints = [
        Complaint(
            f"the other account's item is {event.outcome if event.outcome != 'value' else 'another one'}", history
        )
        for event in last
        if (event.outcome, event.writer, event.counter, event.whole) != ("value", once[0].writer, once[0].counter, True)
    ]
    return conclude(complaints, "the other account's item, written once, was intact at the end")


@check("STORE-12.E4", "ASVS 5.0.0 15.4.3, 15.4.4")
def all_operations_end_and_a_killed_holder_is_succeeded(seen: Record, parameters: Parameters) -> Judgement:
    history = _history(seen)
    complaints = [
        Complaint(f"{event.by}: {event.operation} of {event.account} did not succeed ({event.error})", history)
        for event in history.events
        if event.operation != "get" and event.outcome == "error"
    ]
    if history.seconds > RACE_SECONDS:
        complaints.append(Complaint(f"all operations took {history.seconds:.1f} s, over {RACE_SECONDS:g} s", history))
    if history.reclaimed is None:
        raise MissingObservation("no client came to hold the lock, so none could be killed then")
    if history.reclaimed > RECLAIM_SECONDS:
        told = f"{history.reclaimed:.1f} s after the kill of the lock's holder nobody else could write"
        complaints.append(Complaint(told, history))
    return conclude(
        complaints, f"all ended in {history.seconds:.1f} s; the lock was had {history.reclaimed:.2f} s after a kill"
    )


@check("STORE-13.E1", "ASVS 5.0.0 2.3.3, 15.4.2")
def a_kill_leaves_the_old_value_or_the_new_one(seen: Record, parameters: Parameters) -> Judgement:
    table = _table(seen, "killed while storing")
    if table.unsynced:
        told = f"{table.unsynced[0]} took its place before it was on the disk: a power cut leaves it empty"
        return conclude([Complaint(told, table)], "")
    return _one_of_both(table)


@check("STORE-13.E2", "RFC 6749 §6, RFC 9700 §4.14.2")
def a_killed_client_recovers_or_asks_for_one_login(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for case in ("started within the grace", "started after the grace"):
        resumed = seen.one(Resumptions, case)
        if not any(client.durable == "old" for client in resumed.clients):
            raise MissingObservation(f"{case}: no client began with the old token")
        for client in resumed.clients:
            told = f"{case}, with the {client.durable} token"
            if client.token_requests > MOST_TOKEN_REQUESTS:
                complaints.append(Complaint(f"{told}: {client.token_requests} token requests", resumed))
            if client.outcome == "error" or (client.durable == "new" and client.outcome != "continued"):
                complaints.append(Complaint(f"{told}: {client.outcome} ({client.message or 'no message'})", resumed))
            elif client.outcome == "signed out" and not client.message:
                complaints.append(Complaint(f"{told}: signed out without a message", resumed))
    return conclude(complaints, "each killed client went on, or was signed out with one message and few requests")


@check("STORE-13.E3", "RFC 9700 §4.14.2, ASVS 5.0.0 2.3.3")
def no_access_token_is_used_before_its_refresh_token_is_durable(seen: Record, parameters: Parameters) -> Judgement:
    table = seen.one(KilledRotations, "killed while refreshing")
    if table.mode == "memory-only":
        raise MissingObservation("the store kept nothing that could outlive a kill")
    if unkilled := [point.place for point in table.points if not point.killed]:
        raise MissingObservation(f"nobody was killed at {unkilled[0]}")
    if not any(point.api_requests for point in table.points):
        raise MissingObservation("no client was killed after it had used its access token")
    complaints = [
        Complaint(f"killed at {point.place}: the API was called, and the refresh token kept is {point.durable}", table)
        for point in table.points
        if point.api_requests and point.durable != "new"
    ]
    return conclude(
        complaints,
        f"at none of {len(table.points)} kills an access token was in use before its refresh token was durable",
    )


@check("STORE-13.E4", "ASVS 5.0.0 2.3.3, 14.2.7")
def nothing_temporary_is_left_or_readable(seen: Record, parameters: Parameters) -> Judgement:
    table = _table(seen, "killed while storing")
    complaints = []
    for point in table.points:
        complaints += [Complaint(f"killed at {point.place}: others may use {name}", table) for name in point.loose]
        complaints += [Complaint(f"killed at {point.place}: {name} holds the new value", table) for name in point.clear]
        complaints += [
            Complaint(f"killed at {point.place}: the next start leaves {name}", table) for name in point.left
        ]
    return conclude(complaints, f"{len(table.points)} kills left no temporary file, and none was readable meanwhile")
