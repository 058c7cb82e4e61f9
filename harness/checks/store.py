"""Judgements about the session store's contract: what is set comes back, what is cleared is gone, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import StoreListing, StoreOperation
from harness.observe import MissingObservation, Record

WITNESSES = (
    "one byte",
    "4096 ASCII characters",
    "characters beyond the BMP",
    "composed and decomposed",
    "an embedded NUL",
    "an embedded newline",
    "embedded quotes",
    "leading and trailing spaces",
    "nothing at all",
)
ALIKE = 6  # accounts whose names differ in case, white space or Unicode form alone
RANDOM_VALUES = 10  # at least so many


@check("STORE-01.E1", "RFC 6749 §10.4, NIST SP 800-63B-4 §5.1")
def values_come_back_exactly(seen: Record, parameters: Parameters) -> Judgement:
    trips = list(_round_trips(seen))
    tried = {written.value for written, _ in trips}
    if absent := [name for name in WITNESSES if name not in tried]:
        raise MissingObservation(f"never tried: {', '.join(absent)}")
    if len(trips) < len(WITNESSES) + RANDOM_VALUES:
        raise MissingObservation(f"only {len(trips)} values were tried")
    if 2 * sum(written.outcome == "refused" for written, _ in trips) > len(trips):
        raise MissingObservation("most values were refused, so that too few came back to tell")
    complaints = [
        Complaint(f"{written.value}: {lost}", written, read)
        for written, read in trips
        if (lost := _lost(written, read))
    ]
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


def _bad_refusals(seen: Record) -> Iterator[Complaint]:
    before = {_entry(one): one for one in seen.of(StoreOperation, "before the refusal")}
    after = {(one.stage, one.account): one for one in seen.of(StoreOperation, "after the refusal")}
    for refused in seen.of(StoreOperation, "refusal"):
        kept = after[refused.stage, refused.account]
        if refused.outcome == "error":
            yield Complaint(f"{refused.value}: not refused, but failed ({refused.error})", refused)
        elif refused.outcome == "refused" and kept.sha256 != before[_entry(kept)].sha256:
            yield Complaint(
                f"{refused.value}: refused, but the value before it is gone ({kept.outcome})", refused, kept
            )
        elif refused.outcome == "done" and refused.item == kept.item and kept.sha256 != refused.sha256:
            yield Complaint(f"{refused.value}: accepted, but {kept.length} other bytes came back", refused, kept)


def _entry(operation: StoreOperation) -> tuple[str, str, str]:
    return operation.stage, operation.account, operation.item


@check("STORE-01.E2", "NIST SP 800-63B-4 §5.1")
def missing_items_are_told_as_missing(seen: Record, parameters: Parameters) -> Judgement:
    cases = ("never set", "another item never set", "cleared", "cleared, by another process")
    read = [seen.one(StoreOperation, case) for case in cases]
    wrong = [Complaint(f"{one.case}: {_read_as(one)}{_why(one)}", one) for one in read if one.outcome != "not_found"]
    return conclude(wrong, f"all {len(read)} items that are not there were told as missing")


def _read_as(operation: StoreOperation) -> str:
    return (
        f"{operation.outcome} of no bytes"
        if operation.outcome == "value" and not operation.length
        else operation.outcome
    )


@check("STORE-01.E3", "RFC 6749 §10.4")
def clearing_is_scoped_and_repeatable(seen: Record, parameters: Parameters) -> Judgement:
    cleared = seen.of(StoreOperation, "first clearing", "second clearing")
    addressed = (cleared[0].stage, cleared[0].account)
    complaints = [Complaint(f"{one.case}: {one.outcome}{_why(one)}", one) for one in cleared if one.outcome != "done"]
    given = {_entry(one): one for one in seen.of(StoreOperation, "four places")}
    if len({(stage, account) for stage, account, _ in given}) < 4:
        raise MissingObservation("fewer than two accounts on two stages")
    for case in ("before the clearing", "after the clearing"):
        for read in seen.of(StoreOperation, case):
            gone = case == "after the clearing" and (read.stage, read.account) == addressed
            if gone and read.outcome != "not_found":
                told = f"{case}: {read.account} on {read.stage}, who was cleared, has a {read.outcome}"
                complaints.append(Complaint(told, *cleared, read))
            elif not gone and (read.outcome != "value" or read.sha256 != given[_entry(read)].sha256):
                told = f"{case}: {read.account} on {read.stage} has not what was set ({read.outcome})"
                complaints.append(Complaint(told, *cleared, read))
    written, read = seen.of(StoreOperation, "new sign-in")
    if written.outcome != "done" or read.sha256 != written.sha256:
        told = f"a new value after the clearing was not kept ({written.outcome}, {read.outcome})"
        complaints.append(Complaint(told, written, read))
    complaints += _confused(seen)
    return conclude(
        complaints, "only the addressed account was cleared, on its stage alone, and it could sign in again"
    )


def _confused(seen: Record) -> Iterator[Complaint]:
    """Accounts that got what another with a name like theirs has set. A name may be refused, and then nothing is
    there."""
    given = {one.account: one for one in seen.of(StoreOperation, "names alike: set")}
    if len(given) < ALIKE:
        raise MissingObservation(f"only {len(given)} accounts with names alike")
    cleared = seen.one(StoreOperation, "names alike: one is cleared").account
    for read in seen.of(StoreOperation, "names alike: all are set", "names alike: after the clearing"):
        written = given[read.account]
        gone = written.outcome == "refused" or (read.case.endswith("clearing") and read.account == cleared)
        if gone and read.outcome != "not_found":
            yield Complaint(f"{read.case}: {read.account!a} was refused or cleared, and has a {read.outcome}", read)
        elif not gone and (read.outcome != "value" or read.sha256 != written.sha256):
            yield Complaint(f"{read.case}: {read.account!a} has not what it has set ({read.outcome})", written, read)


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
            told = f"{listing.account} on {listing.stage}: {_names(listing.items)} instead of {_names(due)}"
            complaints.append(Complaint(told, listing))
    if last.about["outlives"] == "yes":
        raw = listings[-1].raw
        if raw is None:
            raise MissingObservation("nobody else listed the entries of the store")
        unlike = [f"left over in the store: {name}" for name in sorted(set(raw) - expected)]
        unlike += [f"missing in the store: {name}" for name in sorted(expected - set(raw))]
        complaints += [Complaint(told, listings[-1]) for told in unlike]
    return conclude(complaints, f"the store holds the {len(expected)} documented items and nothing else")


def _names(items: Iterable[str]) -> str:
    return ", ".join(sorted(items)) or "nothing"


def _why(operation: StoreOperation) -> str:
    return f" ({operation.error})" if operation.error else ""
