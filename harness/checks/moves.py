"""Judgements about sign-ins that are moved to the secure store: from memory, files, and an earlier version."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from harness.checks.common import Complaint, conclude, require_answer
from harness.checks.registry import Parameters, check
from harness.checks.scans import found_by
from harness.checks.store_persistence import token_of
from harness.model import Judgement
from harness.observations import (
    HttpExchange,
    MovePoint,
    MoveTable,
    NativeListing,
    Observation,
    PageView,
    SecretScan,
    StoreState,
)
from harness.observe import MissingObservation, Record

T = TypeVar("T", bound=Observation)

SOURCES = ("local storage", "encrypted files", "memory")
HELD = ("nothing", "an older value", "a newer value")  # what the store holds before
DISTURBED = "an older value"
FEWEST_FAILURES, FEWEST_KILLS = 4, 4
TOKEN = "refresh_token"
UNMOVED, MOVED, LAST = "before the move", "moved", "given last"
LEGACY, IMPORTED = "the earlier version's sign-in", "the token that lay in plain text"
PLACES = ("local-storage.json", "leveldb")  # of the earlier version's profile


@check("STORE-10.E1", "ASVS 5.0.0 2.3.3, 14.2.7")
def the_store_alone_holds_the_newest_value(seen: Record, parameters: Parameters) -> Judgement:
    """In the trials of moves, and on a client: each scenario makes one of both."""
    if tables := _any(seen, MoveTable, MOVED):
        complaints = [told for table in _all(tables) for told in _not_alone(table)]
        return conclude(complaints, f"{len(tables)} moves left one copy, the newest, and no warning")
    return conclude(_not_moved(seen), "the store alone holds the newest token, and no warning is left")


def _any(seen: Record, type: type[T], case: str) -> tuple[T, ...]:
    """Those of this type and case; nothing where there are none."""
    return tuple(one for one in seen if isinstance(one, type) and one.case == case)


def _all(tables: tuple[MoveTable, ...]) -> tuple[MoveTable, ...]:
    """Raises MissingObservation where an arrangement of the control was not tried."""
    tried = {(table.source, table.store) for table in tables}
    if absent := [f"{source}, {held}" for source in SOURCES for held in HELD if (source, held) not in tried]:
        raise MissingObservation(f"never tried: {absent[0]}, and {len(absent) - 1} more")
    return tables


def _not_alone(table: MoveTable) -> Iterator[Complaint]:
    told, moved = f"from {table.source} to a store with {table.store}", table.undisturbed
    if moved.stored != "newest":
        yield Complaint(f"{told}: the store holds {_words(moved.stored)}", table)
    if moved.left:
        yield Complaint(f"{told}: a second copy is left in {', '.join(moved.left)}", table)
    if moved.warning or table.mode != "secure":
        yield Complaint(f"{told}: the client still warns ({moved.warning or table.mode})", table)


def _words(found: str) -> str:
    words = {"older": "the older value", "missing": "nothing", "other": "another value"}
    return words.get(found, "what cannot be read")


def _not_moved(seen: Record) -> Iterator[Complaint]:
    before, state, listing = _before(seen), seen.one(StoreState, MOVED), seen.one(NativeListing, MOVED)
    if state.error:
        raise MissingObservation(f"{MOVED}: {state.error}")
    if state.mode != "secure" or state.warning:
        yield Complaint(f"{MOVED}: the client still warns ({state.warning or state.mode})", before, state)
    for view in _any(seen, PageView, MOVED):
        if view.alerts:
            yield Complaint(f"{MOVED}: the page still warns ({view.alerts[0]})", view)
    given, stored = require_answer(seen.one(HttpExchange, LAST)).json().get(TOKEN), token_of(listing)
    if not given:
        raise MissingObservation("what the issuer gave last holds no refresh token")
    if stored is None or given not in stored.secrets:
        yield Complaint(f"{MOVED}: the store does not hold the token that was given last", listing)
    yield from found_by(seen.one(SecretScan, MOVED), (TOKEN,))


def _before(seen: Record) -> StoreState | SecretScan:
    """What shows that there was something to move. Raises MissingObservation where nothing does."""
    if scans := _any(seen, SecretScan, UNMOVED):
        places = [hit.place for hit in scans[0].hits]
        if unseen := [name for name in PLACES if not any(name in place for place in places)]:
            raise MissingObservation(f"{UNMOVED}: the search found no token in {unseen[0]}")
        return scans[0]
    state = seen.one(StoreState, UNMOVED)
    if state.mode != "memory-only" or not state.signed_in or not seen.one(PageView, UNMOVED).alerts:
        raise MissingObservation(f"{UNMOVED}: nobody was signed in with a warning ({state.error or state.mode})")
    seen.one(PageView, MOVED)
    return state


@check("STORE-10.E2", "ASVS 5.0.0 2.3.3")
def no_step_that_fails_signs_the_user_out(seen: Record, parameters: Parameters) -> Judgement:
    tables = [table for table in _all(seen.of(MoveTable, MOVED)) if table.store == DISTURBED]
    complaints = [told for table in tables for point in _points(table) for told in _lost(table, point)]
    points = sum(len(table.points) for table in tables)
    return conclude(complaints, f"{points} failures and kills lost no sign-in, and the next start completed the move")


def _points(table: MoveTable) -> tuple[MovePoint, ...]:
    """Raises MissingObservation where too few steps were met."""
    if missed := [point.place for point in table.points if point.ended == "missed"]:
        raise MissingObservation(f"from {table.source}: nothing was met at {missed[0]}")
    failures = sum(point.ended == "failed" for point in table.points)
    kills = sum(point.ended == "killed" for point in table.points)
    if failures < FEWEST_FAILURES or (kills < FEWEST_KILLS and table.source != "memory"):
        raise MissingObservation(f"from {table.source}: only {failures} steps failed, and {kills} clients were killed")
    if not any(point.ended == "altered" for point in table.points):
        raise MissingObservation(f"from {table.source}: no value was altered, so nothing was to be compared")
    return table.points


def _lost(table: MoveTable, point: MovePoint) -> Iterator[Complaint]:
    """What lies in a second copy after the undisturbed move too is judged by E1."""
    told = f"from {table.source}, {point.ended} at {point.place}"
    if not point.copies:
        yield Complaint(f"{told}: no copy of the newest value was left", table)
    if point.read not in (None, "newest"):
        yield Complaint(f"{told}: the client reads {_words(point.read)}", table)
    if point.resumed != "newest":
        yield Complaint(f"{told}: the next start reads {_words(point.resumed)}", table)
    elif point.stored != "newest" or set(point.left) - set(table.undisturbed.left):
        yield Complaint(f"{told}: the next start does not complete the move", table)


@check("STORE-10.E3", "ASVS 5.0.0 14.2.7, RFC 9700 §4.14.2")
def what_lay_in_plain_text_is_renewed_at_once(seen: Record, parameters: Parameters) -> Judgement:
    state, legacy = seen.one(StoreState, MOVED), require_answer(seen.one(HttpExchange, LEGACY, role="token"))
    imported = legacy.json().get(TOKEN)
    if not imported or state.mode != "secure" or not state.signed_in:
        raise MissingObservation(f"no token of an earlier version was imported ({state.error or state.mode})")
    asked = [e for e in _any(seen, HttpExchange, MOVED) if e.about.get("role") == "tap" and imported in e.request_body]
    tried = require_answer(seen.one(HttpExchange, IMPORTED))
    complaints = []
    if not any(exchange.status == 200 for exchange in asked):
        told = "the client was started, and did not ask the issuer for another token than the imported one"
        complaints.append(Complaint(told, state, *asked))
    if tried.status == 200:
        complaints.append(Complaint("the issuer still takes the token that lay in plain text", tried))
    return conclude(complaints, "the imported token was renewed after the start, and is refused since")
