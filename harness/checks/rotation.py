"""Judgements about refresh tokens: rotated, kept, presented again."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs

from harness.checks.common import (
    UNTOLD,
    Complaint,
    clients_of,
    conclude,
    end_told,
    ends,
    is_invalid_grant,
    is_number,
    refused_in_time,
    require_answer,
    short,
    taken_elsewhere,
)
from harness.checks.registry import OWN_REQUIREMENT, Parameters, check, unknown
from harness.model import Judgement
from harness.observations import BusCapture, HttpExchange, StoreState
from harness.observe import MissingObservation, Record

IN_A_ROW = 5  # refreshes
LONGEST = 60  # characters that are told of a wrong value
REPLAYED = ("the first token", "the last token but one")
OTHER_SESSIONS = ("of another client", "of the same client")


@check("TOKEN-09.E1", "RFC 9700 §2.2.2, §4.14.2, RFC 6749 §5.1", "public client")
def every_refresh_brings_a_new_token(seen: Record, parameters: Parameters) -> Judgement:
    complaints: list[str] = []
    silent: list[str] = []
    clients = clients_of(seen, "refresh in a row", for_want_of="refresh token")
    for client in clients:
        answers = [require_answer(e) for e in seen.of(HttpExchange, "refresh in a row", client=client)]
        if len(answers) < IN_A_ROW:
            raise MissingObservation(f"{client}: only {len(answers)} refreshes in a row")
        complaints += [Complaint(f"{client}, {text}", *shown) for text, *shown in _not_rotated(answers)]
        silent += [f"{client}, refresh {n}: {UNTOLD}" for n, e in enumerate(answers, 1) if not _tells_life(e, seen)]
    if silent and not complaints:
        return unknown(silent[0])
    told = "each with a new refresh token and token_type, the end of the access token told"
    return conclude(complaints, f"{', '.join(clients)}: at least {IN_A_ROW} refreshes, {told}")


def _not_rotated(answers: list[HttpExchange]) -> list[tuple[str, *tuple[HttpExchange, ...]]]:
    complaints: list[tuple[str, *tuple[HttpExchange, ...]]]
    complaints = [(f"refresh {n}: {short(e)}", e) for n, e in enumerate(answers, 1) if e.status != 200]
    tokens = [str(e.json().get("refresh_token", "")) for e in answers]
    presented = _presented(answers[0])
    if not presented:
        raise MissingObservation("the refresh token that was presented first is not in the record")
    if not complaints and (len({presented, *tokens}) != len(tokens) + 1 or not all(tokens)):
        complaints.append(("a refresh token came back again, or none came", *answers[:2]))
    for n, answer in enumerate(answers, 1):
        fields = answer.json()
        told = {
            "expires_in": fields.get("expires_in") is None or is_number(fields["expires_in"]),
            "token_type": str(fields.get("token_type")).lower() == "bearer",
        }
        if wrong := [_wrong(name, fields) for name, right in told.items() if not right]:
            complaints.append((f"refresh {n}: {' and '.join(wrong)}", answer))
    return complaints


def _tells_life(answer: HttpExchange, seen: Record) -> bool:
    return answer.json().get("expires_in") is not None or end_told(answer, seen) is not None


def _wrong(name: str, fields: Mapping[str, object]) -> str:
    """What is wrong with a member of a token answer: no number, or no Bearer (RFC 6749 §5.1, §7.1)."""
    meant = "a number" if name == "expires_in" else "Bearer"
    found = fields.get(name)
    return f"no {name}" if found is None else f"{name} is {repr(found)[:LONGEST]}, not {meant}"


def _presented(exchange: HttpExchange) -> str:
    return parse_qs(exchange.request_body).get("refresh_token", [""])[0]


@check("TOKEN-09.E2", "RFC 9700 §2.2.2, §4.14.2", "public client", "clock")
def earlier_tokens_are_dead(seen: Record, parameters: Parameters) -> Judgement:
    case = "earlier token after the grace"
    alive: list[str] = []
    clients = clients_of(seen, case, for_want_of="refresh token")
    for client in clients:
        answers = seen.of(HttpExchange, case, client=client)
        if len({e.about["session"] for e in answers}) < IN_A_ROW:
            raise MissingObservation(f"{client}: only {len(answers)} earlier tokens were presented")
        for answer in answers:
            _require_rotated(seen, client, answer)
        alive += [
            Complaint(f"{client}, session {e.about['session']}: {short(e)}", e)
            for e in answers
            if not is_invalid_grant(e)
        ]
    return conclude(alive, f"{', '.join(clients)}: the earlier tokens of {IN_A_ROW} sessions were refused")


def _require_rotated(seen: Record, client: str, answer: HttpExchange) -> None:
    """Raises MissingObservation unless what was presented is the last but one token of a session that was refreshed."""
    session = f"session {answer.about['session']}"
    rotations = [require_answer(e) for e in seen.of(HttpExchange, f"{session}: rotation", client=client)]
    done = [e for e in rotations if e.status == 200]
    if str(len(done)) != answer.about["session"]:
        raise MissingObservation(f"{client}, {session}: {len(done)} refreshes before it: {short(rotations[-1])}")
    if not _presented(answer) or _presented(answer) != _presented(rotations[-1]):
        raise MissingObservation(f"{client}, {session}: what was presented is no earlier token of it")


@check("TOKEN-09.E3", "RFC 9700 §4.14.2", "desktop")
def client_sends_only_the_newest_token(seen: Record, parameters: Parameters) -> Judgement:
    taps = _tapped(seen, "desktop refresh")
    if len(taps) < 3:
        raise MissingObservation(f"only {len(taps)} refreshes of the client were seen at the token endpoint")
    restarted = seen.one(StoreState, "desktop restart")
    modes = {seen.one(StoreState, "desktop login").mode, restarted.mode}
    if not modes <= {"secure", "memory-only"}:
        raise MissingObservation(f"the client does not say how it keeps its session: {restarted.error or modes}")
    kept = modes == {"secure"}
    if kept and restarted.signed_in is False:
        return conclude([Complaint("the restarted client has lost the newest token", restarted)], "")
    after = _tapped(seen, "desktop refresh after the restart") if kept else []
    if kept and not after:
        raise MissingObservation("no refresh of the restarted client was seen at the token endpoint")
    complaints = _not_the_newest([*taps, *after])
    told = "and after a restart" if kept else "(no restart: a client that keeps its session in memory only loses it)"
    return conclude(complaints, f"{len(taps)} refreshes of the client {told}, each with the token of the one before")


def _tapped(seen: Record, case: str) -> list[HttpExchange]:
    """What the client sent to the token endpoint, from where it was listened to."""
    found = [o for o in seen if isinstance(o, HttpExchange) and (o.case, o.about.get("role")) == (case, "tap")]
    return [require_answer(exchange) for exchange in found]


def _not_the_newest(taps: list[HttpExchange]) -> list[Complaint]:
    sent = [_presented(e) for e in taps]
    given = [str(e.json().get("refresh_token", "")) for e in taps]
    complaints = [
        Complaint(f"refresh {n}: an older token was sent", taps[n - 2], taps[n - 1])
        for n, (one, newest) in enumerate(zip(sent[1:], given[:-1], strict=True), 2)
        if one != newest
    ]
    complaints += [Complaint(f"refresh {n}: {short(e)}", e) for n, e in enumerate(taps, 1) if e.status != 200]
    if not complaints and len({sent[0], *given}) != len(taps) + 1:
        raise MissingObservation(
            "the issuer gave the same refresh token again: nothing tells which one the client keeps"
        )
    return complaints


@check("TOKEN-10.E1", "RFC 9700 §4.14.2")
def stolen_token_is_refused(seen: Record, parameters: Parameters) -> Judgement:
    answers = [seen.one(HttpExchange, "stolen token", replayed=which) for which in REPLAYED]
    accepted = [
        Complaint(f"{e.about['replayed']}, presented again: {short(e)}", e) for e in answers if not is_invalid_grant(e)
    ]
    return conclude(accepted, "each stolen token is refused with invalid_grant")


@check("TOKEN-10.E2", "RFC 9700 §4.14.2")
def the_family_is_revoked(seen: Record, parameters: Parameters) -> Judgement:
    bound = parameters["revoke_bound"].value
    complaints: list[str] = []
    for which in REPLAYED:
        newest = seen.one(HttpExchange, "newest token", replayed=which)
        if not is_invalid_grant(newest):
            complaints.append(Complaint(f"after reuse of {which} the newest refresh token: {short(newest)}", newest))
    try:
        complaints += _live_access_tokens(seen, bound)
    except MissingObservation:
        if not complaints:
            raise
    return conclude(complaints, f"newest refresh token and access token were refused within {bound:g} s")


def _live_access_tokens(seen: Record, bound: float) -> list[str]:
    complaints: list[str] = []
    for which in REPLAYED:
        cases = ("access before the theft", "access after the theft")
        before, after = (seen.one(HttpExchange, case, replayed=which) for case in cases)
        if require_answer(before).status != 200:
            raise MissingObservation("the newest access token was not accepted before the theft")
        if not refused_in_time(after, bound):
            complaints.append(Complaint(f"after reuse of {which} the newest access token: {short(after)}", after))
            continue
        for taken in taken_elsewhere(seen, cases[1], replayed=which):
            told = f"after reuse of {which} the newest access token at {taken.method} {taken.url}: {short(taken)}"
            complaints.append(Complaint(told, taken))
    return complaints


@check("TOKEN-10.E3", OWN_REQUIREMENT)
def other_sessions_go_on(seen: Record, parameters: Parameters) -> Judgement:
    answers = [require_answer(e) for e in ends(seen.of(HttpExchange, "other session"), "session")]
    theft = [o for o in seen if isinstance(o, HttpExchange) and o.case == "stolen token"]
    ended = [
        Complaint(f"the other session {e.about['session']}: {short(e)}", *theft, e) for e in answers if e.status != 200
    ]
    untried = set(OTHER_SESSIONS) - {e.about["session"] for e in answers}
    if untried and not ended:
        raise MissingObservation(f"no other session {', '.join(sorted(untried))} was tried")
    return conclude(ended, "the user's other sessions went on, at another client and at the same")


@check("TOKEN-10.E4", "OWASP Logging Vocabulary: authn_token_reuse", "bus")
def reuse_is_told_once(seen: Record, parameters: Parameters) -> Judgement:
    capture = seen.one(BusCapture, "events of the theft")
    if not capture.settled:
        raise MissingObservation("the bus did not settle")
    events = {
        e.properties.get("event_id") or number  # an event without an id is one of its own
        for number, e in enumerate(capture.of_type("auth.refresh_failed"))
        if e.properties.get("reason") == "reuse_detected"
    }
    told = Complaint(f"{len(events)} events tell of the reuse", capture)
    return conclude([] if len(events) == 1 else [told], "one event tells of the reuse")
