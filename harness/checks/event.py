"""Judgements about the events on the bus, and about their way there."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qs

from harness.checks.common import Complaint, conclude, is_invalid_grant, require_answer, short
from harness.checks.no_logins import NO_LOGINS, WEB_LOGIN, require_happened
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import BusCapture, BusEvent, HttpExchange, PublishTranscript
from harness.observe import MissingObservation, Record

LOGINS = (
    "a first login in the web client",
    "a later login in the web client",
    "a first login in the desktop client",
    "a later login in the desktop client",
    "two first logins at once",
)
KILLED = "killed after the answer"
REASONS = (
    "expired",
    "revoked",
    "revoked, another session",
    "reuse_detected",
    "client_mismatch",
    "account_disabled",
)
TRIES = 5  # presentations of each dead token
GARBAGE, NEXT_GARBAGE = "fifty tokens that nobody issued", "one more after a minute"
GOES_ON = ("a failing server, then success", "a lost answer, then a retry", "a retry within the grace")
REFUSED_FOR_NOW = (
    "one, refused once",
    "ten, the first refused once",
    "ten, a middle one refused twice",
    "ten, the last refused once",
    "ten, three of them refused once",
)
REFUSED_FOR_GOOD = (
    "one, refused for good",
    "ten, the first refused for good",
    "ten, a middle one never accepted",
    "ten, the last refused for good",
    "ten, two of them refused for good",
)
CALL_REFUSED = (
    "one, the call throttled",
    "ten, the call failing twice",
    "ten, the call denied once",
    "ten, the call denied six times",
)


@check("EVENT-01.E1", "ASVS 5.0.0 16.3.1")
def each_login_is_told_once(seen: Record, parameters: Parameters) -> Judgement:
    complaints, logins = [], 0
    for case in (*LOGINS, WEB_LOGIN):
        completed = _completed(seen, case)
        capture, events = _captured(seen, case, "auth.login")
        logins += completed
        if len(events) != completed:
            complaints.append(Complaint(f"{case}: {completed} completed, {len(events)} told", capture))
        elif nameless := sum(not _has_id(event) for event in events.values()):
            complaints.append(Complaint(f"{case}: {nameless} told without an event_id", capture))
        elif capture.seconds > parameters["bus_delivery"].value:
            complaints.append(Complaint(f"{case}: told only after {capture.seconds:g} s", capture))
    return conclude(complaints, f"{logins} completed logins were told by one event each")


@check("EVENT-01.E2", "ASVS 5.0.0 16.3.1")
def nothing_else_is_told_as_login(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for case in NO_LOGINS:
        require_happened(seen, case)
        capture, events = _captured(seen, case, "auth.login")
        if events:
            complaints.append(Complaint(f"{case}: {len(events)} logins told", capture))
    return conclude(complaints, f"no login was told for {len(NO_LOGINS)} other things")


@check("EVENT-01.E3", "ASVS 5.0.0 16.3.1")
def a_login_outlives_the_process(seen: Record, parameters: Parameters) -> Judgement:
    completed, (capture, events) = _completed(seen, KILLED), _captured(seen, KILLED, "auth.login")
    told = Complaint(f"{completed} logins were answered, {len(events)} were told", capture)
    return conclude(
        [told] if len(events) != completed else [],
        "the login was told once, although the process was killed right after its answer",
    )


def _completed(seen: Record, case: str) -> int:
    """How many logins of the case ended with tokens or, at the web application, with the page of a user."""
    if case == WEB_LOGIN:
        page = require_answer(seen.one(HttpExchange, case, role="end"))
        completed = int(page.status == 200)
    else:
        redeemed = [e for e in seen.of(HttpExchange, case, role="token") if "authorization_code" in _grant_type(e)]
        completed = sum(require_answer(e).status == 200 for e in redeemed)
    if completed < (2 if case == "two first logins at once" else 1):
        raise MissingObservation(f"{case}: only {completed} logins were completed")
    return completed


def _grant_type(exchange: HttpExchange) -> list[str]:
    return parse_qs(exchange.request_body).get("grant_type", [])


def _captured(seen: Record, case: str, type: str) -> tuple[BusCapture, dict[str, BusEvent]]:
    """The capture of a case, and its distinct events of a type: deliveries with one id, or one key, are one event."""
    capture = seen.one(BusCapture, case)
    if not capture.settled:
        raise MissingObservation(f"{case}: the bus did not settle")
    return capture, {_identity(event): event for event in capture.of_type(type)}


def _identity(event: BusEvent) -> str:
    for name in ("idempotency_key", "event_id"):
        if event.properties.get(name):
            return f"{name}:{event.properties[name]}"
    return f"unidentified {id(event)}"


def _has_id(event: BusEvent) -> bool:
    """A text that is not empty: consumers drop repetitions by it."""
    id = event.properties.get("event_id")
    return isinstance(id, str) and bool(id.strip())


@check("EVENT-03.E1", "ASVS 5.0.0 16.3.3, OWASP Logging Vocabulary: authn_token_reuse")
def dead_tokens_are_told_with_their_reason(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for case in REASONS:
        _require_refusals(seen, case, TRIES)
        capture, events = _captured(seen, case, "auth.refresh_failed")
        told = [str(event.properties.get("reason")) for event in events.values()]
        if told != [case.partition(",")[0]]:
            complaints.append(Complaint(f"{case}: told as {', '.join(told) or 'nothing'}", capture))
            continue
        named, by = ({event.properties.get("client_id") for event in events.values()}, _presenters(seen, case))
        if named != by:
            complaints.append(Complaint(f"{case}: presented by {_listed(by)}, told of {_listed(named)}", capture))
    return conclude(complaints, f"{len(REASONS)} dead tokens were told rightly, each once for {TRIES} tries")


def _presenters(seen: Record, case: str) -> set[object]:
    """The clients that presented the dead token. Raises MissingObservation where that was not noted."""
    by: set[object] = {e.about.get("by") for e in seen.of(HttpExchange, case, role="token", presented="dead")}
    if None in by:
        raise MissingObservation(f"{case}: who presented the token was not noted")
    return by


def _listed(clients: Iterable[object]) -> str:
    return ", ".join(sorted(str(client or "nobody") for client in clients))


def _require_refusals(seen: Record, case: str, count: int) -> None:
    """Every dead token must have been refused; otherwise there was nothing to tell."""
    dead = seen.of(HttpExchange, case, role="token", presented="dead")
    alive = [short(e) for e in dead if not is_invalid_grant(e)]
    if len(dead) < count or alive:
        raise MissingObservation(f"{case}: of {len(dead)} presentations {len(alive)} were not refused {alive[:1]}")


@check("EVENT-03.E2", "ASVS 5.0.0 16.3.3")
def what_goes_on_is_not_told(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for case in GOES_ON:
        _require_trouble(case, seen.of(HttpExchange, case, role="token", presented="live"))
        capture, events = _captured(seen, case, "auth.refresh_failed")
        if events:
            reasons = {str(event.properties.get("reason")) for event in events.values()}
            complaints.append(Complaint(f"{case}: told as {', '.join(sorted(reasons))}", capture))
    return conclude(complaints, f"{len(GOES_ON)} refreshes went on after trouble, and none was told as a failure")


def _require_trouble(case: str, exchanges: tuple[HttpExchange, ...]) -> None:
    """The trouble that the case names must have happened, and a success must have followed."""
    first, last = exchanges[0].status, exchanges[-1].status
    happened = {GOES_ON[0]: first is not None and first >= 500, GOES_ON[1]: first is None, GOES_ON[2]: first == 200}
    if len(exchanges) < 2 or not happened[case] or last != 200:
        raise MissingObservation(f"{case}: the answers were {', '.join(short(e) for e in exchanges)}")


@check("EVENT-03.E3", "ASVS 5.0.0 16.3.3")
def garbage_is_told_in_measure(seen: Record, parameters: Parameters) -> Judgement:
    _require_refusals(seen, GARBAGE, 50)
    _require_refusals(seen, NEXT_GARBAGE, 1)
    presented = len(seen.of(HttpExchange, GARBAGE, NEXT_GARBAGE, role="token", presented="dead"))
    complaints: list[str] = []
    captures: list[BusCapture] = []
    counted = 0
    for case in (GARBAGE, NEXT_GARBAGE):
        capture, events = _captured(seen, case, "auth.refresh_failed")
        captures.append(capture)
        if len(events) > 1:
            complaints.append(Complaint(f"{case}: {len(events)} events within a minute", capture))
        for event in events.values():
            count = event.properties.get("count")
            counted += count if isinstance(count, int) else 0
            complaints += [Complaint(told, capture) for told in _faults_of_garbage(case, event)]
    if counted != presented and not complaints:
        complaints.append(Complaint(f"{presented} were presented, {counted} were counted", *captures))
    return conclude(complaints, f"{presented} tokens that nobody issued were counted by at most one event a minute")


def _faults_of_garbage(case: str, event: BusEvent) -> Iterable[str]:
    if event.properties.get("reason") != "malformed":
        yield f"{case}: told as {event.properties.get('reason')}"
    if "subject" in event.properties:
        yield f"{case}: the event names a subject"


@check("EVENT-10.E1", "AWS EventBridge PutEvents")
def only_refused_entries_are_sent_again(seen: Record, parameters: Parameters) -> Judgement:
    complaints, again = [], 0
    for transcript in _transcripts(seen, (*REFUSED_FOR_NOW, *REFUSED_FOR_GOOD, *CALL_REFUSED)):
        case, accepted = transcript.case, set[str]()
        for number, call in enumerate(transcript.calls, 1):
            again += len(call.event_ids) if number > 1 else 0
            unknown, twice = set(call.event_ids) - set(transcript.submitted), accepted & set(call.event_ids)
            if unknown:
                told = f"{case}: call {number} sent {len(unknown)} events under new ids"
                complaints.append(Complaint(told, transcript))
            if twice:
                told = f"{case}: call {number} sent {len(twice)} accepted events again"
                complaints.append(Complaint(told, transcript))
            accepted |= set(_accepted(call.event_ids, call.answers))
        if case not in REFUSED_FOR_GOOD and len(transcript.calls) < 2:
            complaints.append(Complaint(f"{case}: nothing was sent again", transcript))
    return conclude(complaints, f"{again} refused entries were sent again, and no accepted one")


@check("EVENT-10.E2", "AWS EventBridge PutEvents, ASVS 5.0.0 16.3.4")
def refused_entries_arrive_in_the_end(seen: Record, parameters: Parameters) -> Judgement:
    complaints, arrived = [], 0
    for transcript in _transcripts(seen, (*REFUSED_FOR_NOW, *CALL_REFUSED)):
        accepted = _accepted_ids(transcript)
        lost = set(transcript.submitted) - accepted
        arrived += len(accepted)
        wrong = ""
        if lost:
            wrong = f"{len(lost)} events never arrived"
        elif accepted - set(transcript.submitted):
            wrong = "events arrived under other ids"
        elif sorted(transcript.reported_published) != sorted(transcript.submitted):
            wrong = f"{len(transcript.reported_published)} events are called published"
        complaints += [Complaint(f"{transcript.case}: {wrong}", transcript)] if wrong else []
    return conclude(complaints, f"{arrived} events arrived, each under its one id")


@check("EVENT-10.E3", "AWS EventBridge PutEvents, SOC 2 CC7.2")
def refused_for_good_is_a_dead_letter(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for transcript in _transcripts(seen, CALL_REFUSED):
        if false := set(transcript.reported_published) - _accepted_ids(transcript):
            told = f"{transcript.case}: {len(false)} events are called published that the bus did not take"
            complaints.append(Complaint(told, transcript))
        elif not transcript.alarms:
            complaints.append(Complaint(f"{transcript.case}: nobody is told that calls are refused", transcript))
    for transcript in _transcripts(seen, REFUSED_FOR_GOOD):
        refused = set(transcript.submitted) - _accepted_ids(transcript)
        if not refused:
            raise MissingObservation(f"{transcript.case}: the bus refused nothing for good")
        if wrong := _wrong_with_dead_letters(transcript, refused):
            complaints.append(Complaint(f"{transcript.case}: {wrong}", transcript))
    return conclude(
        complaints,
        f"{len(REFUSED_FOR_GOOD)} times what was refused for good became a dead letter, and could be redelivered; "
        f"{len(CALL_REFUSED)} times a call was refused, and nothing in it was called published for that",
    )


def _wrong_with_dead_letters(transcript: PublishTranscript, refused: set[str]) -> str:
    """What is wrong with what became of the events that the bus refused for good; "" where nothing is."""
    if not transcript.finished:
        return f"no end after {len(transcript.calls)} calls"
    if set(transcript.dead_letters) != refused:
        return f"{len(transcript.dead_letters)} dead letters"
    if refused & set(transcript.reported_published):
        return "what was refused is called published"
    if transcript.dead_letters_sha256 != _submitted_sha256(transcript, transcript.dead_letters):
        return "a dead letter is not what was submitted"
    if not all(any(id in alarm for alarm in transcript.alarms) for id in refused):
        return "no alarm names the dead letter"
    if set(transcript.redelivered) != refused:
        return f"of {len(refused)} dead letters {_again(transcript)} redelivered"
    if transcript.redelivered_sha256 != _submitted_sha256(transcript, transcript.redelivered):
        return "what was redelivered is not what was submitted"
    return ""


def _again(transcript: PublishTranscript) -> int:
    return len(set(transcript.redelivered) & set(transcript.dead_letters))


def _submitted_sha256(transcript: PublishTranscript, ids: Iterable[str]) -> tuple[str, ...]:
    """The digests that these events had when they were submitted."""
    if len(transcript.submitted_sha256) != len(transcript.submitted):
        raise MissingObservation(f"{transcript.case}: not every submitted event has a digest")
    known = dict(zip(transcript.submitted, transcript.submitted_sha256, strict=True))
    return tuple(known[id] for id in ids)


def _transcripts(seen: Record, cases: Iterable[str]) -> list[PublishTranscript]:
    """The transcripts of these cases, in each of which the bus refused something."""
    found = [seen.one(PublishTranscript, case) for case in cases]
    for transcript in found:
        if not any(answer for call in transcript.calls for answer in call.answers):
            raise MissingObservation(f"{transcript.case}: the bus refused nothing")
        if transcript.case in CALL_REFUSED and not transcript.calls[0].whole:
            raise MissingObservation(f"{transcript.case}: the bus refused no call as a whole")
        if len(transcript.submitted) != (1 if transcript.case.startswith("one,") else 10):
            raise MissingObservation(f"{transcript.case}: {len(transcript.submitted)} events were submitted")
    return found


def _accepted_ids(transcript: PublishTranscript) -> set[str]:
    return {id for call in transcript.calls for id in _accepted(call.event_ids, call.answers)}


def _accepted(event_ids: tuple[str, ...], answers: tuple[str, ...]) -> list[str]:
    return [id for id, answer in zip(event_ids, answers, strict=False) if not answer]
