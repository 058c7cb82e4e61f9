"""Judgements about what a client takes along, leaves and keeps when its user goes to another stage."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import STAGES, Judgement
from harness.observations import BusCapture, HttpExchange, StoreListing, StoreOperation
from harness.observations.switching import KilledSwitch, KilledSwitches, StageSwitch
from harness.observe import MissingObservation, Record

SWITCHES = ("the switch", "the way back")
AT_WORK = ("work before the switch", "work at the other stage")
ENTRIES = ("entries of the first stage", "entries of the other stage")
BOTH = "credentials of both stages"
EVENTS = "events of the switches"
KILLED = "killed on the way"
FEWEST_KILLS = 4  # fewer met nothing of the way
QUIET_AFTER = 5.0  # seconds, of STAGE-08.E1
CREDENTIAL = re.compile(
    r"\{\{(?:unregistered_)?(access_token|refresh_token|id_token|session_cookie|code):([0-9a-f]{16}):"
)
CARRIERS = ("authorization", "cookie", "dpop")


@check("STAGE-08.E1", "RFC 9700 §4.9.1, RFC 6749 §10.3, §10.4")
def no_host_gets_another_stages_credential(seen: Record, parameters: Parameters) -> Judgement:
    exchanges = _exchanges(seen)
    minted = _minted(exchanges)
    switches = _switches(seen)
    complaints = [
        Complaint(f"{_called(one)} carried {kind} of {stage}", one)
        for one in exchanges
        for kind, stage in _foreign(one, minted)
    ]
    for number, switch in enumerate(switches):
        until = next((_moment(later) for later in switches[number + 1 :] if later.to == switch.of), float("inf"))
        for one in exchanges:
            after = one.began + one.skipped - _moment(switch)
            left = one.about["stage"] == switch.of and one.began + one.skipped < until
            if left and after > QUIET_AFTER and _carries(one):
                told = f"{_called(one)} carried a credential {after:.0f} s after {switch.of} was left"
                complaints.append(Complaint(told, one))
    return conclude(
        complaints, f"{len(exchanges)} requests carried credentials of their own stage only, and none later"
    )


def _exchanges(seen: Record) -> tuple[HttpExchange, ...]:
    """All that reached a host. Raises MissingObservation where no work was seen that could have carried anything."""
    exchanges = seen.of(HttpExchange, role="tap")
    for case, switch in zip(AT_WORK, _switches(seen), strict=True):
        stage = switch.of
        if not any(one.case == case and one.about["stage"] == stage and _carries(one) for one in exchanges):
            raise MissingObservation(f"{case}: the client asked nothing of {stage} beside its user")
    return exchanges


def _switches(seen: Record) -> list[StageSwitch]:
    switches = [seen.one(StageSwitch, case) for case in SWITCHES]
    for switch in switches:
        if switch.error or switch.stage != switch.to:
            raise MissingObservation(f"{switch.case}: the client did not come to {switch.to} ({switch.error})")
    return switches


def _moment(switch: StageSwitch) -> float:
    return switch.ended + switch.skipped


def _minted(exchanges: tuple[HttpExchange, ...]) -> Mapping[str, set[str]]:
    """The credentials that each stage handed out, by their hashes."""
    minted: dict[str, set[str]] = {}
    for one in exchanges:
        given = "\n".join([one.body, *(value for _, value in one.headers)])
        minted.setdefault(one.about["stage"], set()).update(mark for _, mark in CREDENTIAL.findall(given))
    return minted


def _sent(one: HttpExchange) -> str:
    return "\n".join([one.url, one.request_body, *(value for _, value in one.request_headers)])


def _foreign(one: HttpExchange, minted: Mapping[str, set[str]]) -> Iterator[tuple[str, str]]:
    """Kind and stage of each credential in a request that its host's stage did not hand out, and another did."""
    for kind, mark in dict.fromkeys(CREDENTIAL.findall(_sent(one))):
        stages = [stage for stage, marks in minted.items() if mark in marks]
        if stages and one.about["stage"] not in stages:
            yield f"a{'n' if kind[0] in 'ai' else ''} {kind}", stages[0]


def _carries(one: HttpExchange) -> bool:
    return any(name.lower() in CARRIERS for name, _ in one.request_headers) or bool(CREDENTIAL.search(_sent(one)))


def _called(one: HttpExchange) -> str:
    return f"{one.method} {one.url.partition('?')[0]} ({one.case})"


@check("STAGE-08.E2", "ASVS 5.0.0 7.4.1", "bus")
def a_switch_asks_first_and_logs_out(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for case in SWITCHES:
        switch = seen.one(StageSwitch, case)
        if switch.error:
            raise MissingObservation(f"{case}: {switch.error}")
        if not switch.of:
            raise MissingObservation(f"{case}: the client did not tell where it was")
        complaints += [Complaint(f"{case}: {wrong}", switch) for wrong in _wrong(switch)]
        capture = seen.one(BusCapture, EVENTS, stage=switch.of)
        if not capture.settled:
            raise MissingObservation(f"{case}: the bus did not settle")
        told = {str(event.properties.get("event_id")): event for event in capture.of_type("auth.logout")}
        reasons = [str(event.properties.get("reason")) for event in told.values()]
        if reasons != ["stage_switch"]:
            complaints.append(Complaint(f"{switch.of} told {', '.join(reasons) or 'no logout'}", capture))
    return conclude(
        complaints, "both switches asked first and logged out, each told by one auth.logout of stage_switch"
    )


def _wrong(switch: StageSwitch) -> Iterator[str]:
    if not switch.asked:
        yield "nothing asks for confirmation"
    if not switch.held:
        yield f"{switch.of} was left before it was confirmed"
    if switch.stage != switch.to:
        yield f"afterwards it is at {switch.stage or 'no stage'}"
    if switch.signed_in is not False:
        yield "afterwards somebody is still logged in"
    if not switch.offers_login:
        yield "afterwards no login is offered"


@check("STAGE-08.E3", "ISO 27001:2022 A.8.31")
def entries_are_named_by_their_stage(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for case in ENTRIES:
        listing = seen.one(StoreListing, case)
        if not listing.raw or not listing.stage:
            raise MissingObservation(f"{case}: no other program could list what is stored")
        others = [name for name in listing.raw if not _is_of(name, listing.stage)]
        complaints += [Complaint(f"{case}: an entry of {listing.stage} is called {name}", listing) for name in others]
    written = [one for one in seen.of(StoreOperation, BOTH) if one.operation == "set"]
    stages = {one.stage for one in written}
    if len(stages) < 2 or any(one.outcome != "done" for one in written):
        raise MissingObservation(f"{BOTH}: they could not be stored for two stages")
    complaints += _overwritten(seen, written)
    return conclude(
        complaints, f"every entry names its stage, and {len(written)} credentials of two stages stood apart"
    )


def _is_of(name: str, stage: str) -> bool:
    """Whether a name names this stage, and no other."""
    named = {each for each in STAGES if re.search(rf"(?<![a-z]){each}(?![a-z])", name.lower())}
    return named == {stage}


def _overwritten(seen: Record, written: list[StoreOperation]) -> Iterator[Complaint]:
    """Reads that gave another value than was set, before and after one stage was cleared."""
    cleared = [one.stage for one in seen.of(StoreOperation, f"{BOTH}: cleared") if one.operation == "clear"]
    for case in (BOTH, f"{BOTH}: cleared"):
        reads = {(one.stage, one.item): one for one in seen.of(StoreOperation, case) if one.operation == "get"}
        for one in written:
            read = reads.get((one.stage, one.item))
            if read is None:
                raise MissingObservation(f"{case}: {one.item} of {one.stage} was not read")
            gone = case != BOTH and one.stage in cleared
            if (read.outcome == "not_found") != gone or (not gone and read.sha256 != one.sha256):
                what = "is still there" if gone else f"came back as another ({read.outcome})"
                yield Complaint(f"{case}: {one.item} of {one.stage} {what}", one, read)


@check("STAGE-08.E4", "RFC 9700 §4.9.1, ASVS 5.0.0 7.4.1")
def a_killed_client_is_at_one_stage(seen: Record, parameters: Parameters) -> Judgement:
    table = seen.one(KilledSwitches, KILLED)
    if table.mode == "memory-only":
        raise MissingObservation("the store kept nothing that could outlive a kill")
    if sum(point.killed for point in table.points) < FEWEST_KILLS:
        raise MissingObservation(f"clients were killed at {len(table.points)} points only")
    if unkilled := [point.place for point in table.points if not point.killed]:
        raise MissingObservation(f"nobody was killed at {unkilled[0]}")
    complaints = [
        Complaint(f"killed at {point.place}: {wrong}", table)
        for point in table.points
        for wrong in _mixed(point, table)
    ]
    met = {point.shown for point in table.points}
    if not complaints and not {table.of, table.to} <= met:
        raise MissingObservation("every kill left the same stage, so none met the change of it")
    return conclude(complaints, f"{len(table.points)} killed clients were at one stage each, with its session or none")


def _mixed(point: KilledSwitch, table: KilledSwitches) -> Iterator[str]:
    if point.shown not in (table.of, table.to):
        yield f"the next start is at {point.shown or 'no stage'} ({point.error})"
    if others := sorted(set(point.held) - {point.shown}):
        yield f"at {point.shown} it holds the session of {', '.join(others)}"
    for sent in dict.fromkeys(point.sent):
        of, _, to = sent.partition(" > ")
        if of != to:
            yield f"a credential of {of} went to {to}"
