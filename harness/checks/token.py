"""Judgements about authorization requests, codes and refresh tokens."""

from __future__ import annotations

from collections import Counter
from itertools import product
from urllib.parse import parse_qs, urlsplit

from harness.checks.common import conclude, delivers_code, ends, is_invalid_grant, require_answer, short
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import BusCapture, HttpExchange, Race, StoreState
from harness.observe import MissingObservation, Record

BAD_CODE_REQUESTS = (
    "no challenge",
    "the method plain",
    "a challenge without method",
    "the method s256",
    "a 42-character challenge",
)
STATES = ("sent", "absent")
REDIRECT_CHANGES = 20  # at least so many per client
OTHER_PORTS = 3
FURTHER_MISTAKES = 6
RACE = 20  # redemptions at once
RACE_ROUNDS = {"pr": 10, "full": 50}  # of one client at least, by the depth of the run
LEAST_ROUNDS = 3  # of every client
IN_A_ROW = 5  # refreshes
REPLAYS = ("at once", "after its life")
REPLAYED = ("the first token", "the last token but one")
OTHER_SESSIONS = ("of another client", "of the same client")


@check("TOKEN-01.E1", "RFC 7636 §4.4.1")
def refuses_requests_without_s256(seen: Record, parameters: Parameters) -> Judgement:
    exchanges = seen.of(HttpExchange, *BAD_CODE_REQUESTS)
    for client, state in product(_askers(seen), STATES):
        seen.of(HttpExchange, *BAD_CODE_REQUESTS, client=client, state=state)
    states = {_request(e): _query(e).get("state", "") for e in exchanges if e.about["state"] == "sent" and _asks(e)}
    complaints = []
    for end in ends(exchanges, "client", "state"):
        told = f"{end.about['client']}, {end.case}, state {end.about['state']}"
        if delivers_code(end):
            complaints.append(f"{told}: a code was issued")
        elif not _refused(end, states.get(_request(end), "")):
            complaints.append(f"{told}: {short(end)} instead of invalid_request with the same state")
    return conclude(complaints, f"{len(ends(exchanges, 'client', 'state'))} bad requests got invalid_request")


def _request(exchange: HttpExchange) -> tuple[str, str, str]:
    return exchange.case, exchange.about["client"], exchange.about["state"]


def _asks(exchange: HttpExchange) -> bool:
    """Whether this is the request itself, and not a step of the login after it."""
    return "state" in _query(exchange)


def _refused(end: HttpExchange, state: str) -> bool:
    """A 400 page without a redirect, or a redirect with invalid_request and the state sent, and none where none was
    sent (RFC 6749 §4.1.2.1)."""
    if end.status == 400:
        return end.location is None
    answered = end.location_parameters()
    if answered.get("error") != "invalid_request":
        return False
    return answered.get("state") == state != "" if end.about["state"] == "sent" else "state" not in answered


@check("TOKEN-01.E2", "RFC 8414 §2, RFC 7636 §4.2")
def metadata_names_only_s256(seen: Record, parameters: Parameters) -> Judgement:
    metadata = require_answer(seen.one(HttpExchange, "metadata")).json()
    named = metadata.get("code_challenge_methods_supported")
    return conclude([] if named == ["S256"] else [f"metadata names {named!r}"], "metadata names exactly S256")


@check("TOKEN-01.E3", "RFC 6749 §4.1.2")
def valid_request_yields_a_code(seen: Record, parameters: Parameters) -> Judgement:
    for client in _askers(seen):
        seen.of(HttpExchange, "a valid request", client=client)
    found = ends(seen.of(HttpExchange, "a valid request"), "client")
    complaints = [f"{e.about['client']}: {short(e)} to a valid request" for e in found if not delivers_code(e)]
    return conclude(complaints, f"{len(found)} clients got a code")


def _askers(seen: Record) -> list[str]:
    return _clients(seen, *BAD_CODE_REQUESTS, "a valid request")


def _clients(seen: Record, *cases: str) -> list[str]:
    """The clients that met any of these cases: none of them may lack one. Raises MissingObservation without any."""
    found = {o.about["client"] for o in seen if isinstance(o, HttpExchange) and o.case in cases}
    if not found:
        raise MissingObservation(f"no client met {', '.join(map(repr, cases))}")
    return sorted(found)


@check("TOKEN-03.E1", "RFC 9700 §2.1, RFC 6749 §3.1.2.4")
def changed_redirect_uris_get_an_error_page(seen: Record, parameters: Parameters) -> Judgement:
    exchanges = seen.of(HttpExchange, "changed redirect URI")
    found = ends(exchanges, "client", "change")
    _require_each(seen, found, REDIRECT_CHANGES, "changes")
    complaints = [
        f"{e.about['client']}, {e.about['change']}: {_not_an_error_page(e)}" for e in found if _not_an_error_page(e)
    ]
    kept = [
        f"{e.about['client']}, {e.about['change']}: a cookie keeps the redirect" for e in exchanges if _cookie_keeps(e)
    ]
    return conclude([*complaints, *kept], f"{len(found)} changed redirect URIs were answered with an error page")


def _require_each(seen: Record, found: list[HttpExchange], least: int, what: str) -> None:
    """Raises MissingObservation unless every client was tried with so many."""
    tried = Counter(end.about["client"] for end in found)
    cases = ("changed redirect URI", "further mistake")
    for client in {e.about["client"] for e in seen.of(HttpExchange) if e.case in cases}:
        if tried[client] < least:
            raise MissingObservation(f"only {tried[client]} {what} were tried with {client}")


def _not_an_error_page(end: HttpExchange) -> str:
    if delivers_code(end):
        return "a code was sent there"
    if end.location is not None:
        return f"a redirect (HTTP {end.status})"
    return "" if end.status == 400 else f"HTTP {end.status} instead of 400"


def _cookie_keeps(exchange: HttpExchange) -> bool:
    return any("evil.example" in cookie for cookie in exchange.header_values("set-cookie"))


@check("TOKEN-03.E2", "RFC 8252 §7.3")
def native_client_may_use_another_port(seen: Record, parameters: Parameters) -> Judgement:
    found = ends(seen.of(HttpExchange, "another port"), "client", "port")
    if len(found) < OTHER_PORTS:
        raise MissingObservation(f"only {len(found)} other ports were tried")
    complaints = []
    for end in found:
        port = urlsplit(end.location or "").port
        if not delivers_code(end) or str(port) != end.about["port"]:
            complaints.append(f"port {end.about['port']}: {short(end)}")
    return conclude(complaints, f"a code was sent to each of {len(found)} ports")


@check("TOKEN-03.E3", "RFC 9700 §4.11.2")
def mistakes_do_not_redirect_elsewhere(seen: Record, parameters: Parameters) -> Judgement:
    found = ends(seen.of(HttpExchange, "further mistake"), "client", "mistake")
    _require_each(seen, found, FURTHER_MISTAKES, "mistakes")
    complaints = [
        f"{e.about['client']}, {e.about['mistake']}: redirected to {urlsplit(e.location).netloc}"
        for e in found
        if e.location is not None and urlsplit(e.location).netloc != urlsplit(e.url).netloc
    ]
    return conclude(complaints, f"none of {len(found)} mistaken requests was redirected to an unregistered URI")


@check("TOKEN-08.E1", "RFC 6749 §4.1.2")
def one_redemption_succeeds(seen: Record, parameters: Parameters) -> Judgement:
    clients = sorted({client for race in seen.of(Race, "race") for client in race.about["clients"].split()})
    races = [seen.one(Race, "race", client=client) for client in clients]
    for race in races:
        _require_rounds(race, max(int(race.about["demanded"]), LEAST_ROUNDS))
    _require_rounds(max(races, key=lambda race: len(race.rounds)), RACE_ROUNDS[races[0].about["depth"]])
    wrong = [
        f"{race.about['client']}, round {n}: {statuses.count(200)} successes"
        for race in races
        for n, statuses in enumerate(race.rounds, 1)
        if statuses.count(200) != 1
    ]
    told = ", ".join(f"{race.about['client']}: {len(race.rounds)} rounds" for race in races)
    return conclude(wrong, f"{told}, {RACE} redemptions at once in each: one success in every round")


def _require_rounds(race: Race, least: int) -> None:
    """Raises MissingObservation unless so many rounds were played to their end."""
    told = f"{race.about['client']}: only {len(race.rounds)} rounds of {race.parallel}, not {least} of {RACE}"
    if race.parallel < RACE or len(race.rounds) < least:
        raise MissingObservation(told)
    if any(0 in statuses or len(statuses) != race.parallel for statuses in race.rounds):
        raise MissingObservation(f"{race.about['client']}: in some rounds a redemption got no answer")


@check("TOKEN-08.E2", "RFC 6749 §4.1.2, RFC 9700 §4.13")
def replay_takes_the_tokens_back(seen: Record, parameters: Parameters) -> Judgement:
    bound = parameters["revoke_bound"].value
    complaints: list[str] = []
    for client, when in product(_clients(seen, "first redemption", "second redemption"), REPLAYS):
        found = _after_the_replay(seen, bound, client=client, replay=when)
        complaints += [f"{client}, {when}: {complaint}" for complaint in found]
    return conclude(complaints, f"each replay was refused, and took the tokens of the first along within {bound:g} s")


def _after_the_replay(seen: Record, bound: float, **about: str) -> list[str]:
    first, used = (seen.one(HttpExchange, c, **about) for c in ("first redemption", "first use of the access token"))
    if require_answer(first).status != 200 or require_answer(used).status != 200:
        raise MissingObservation("the first redemption or the first use did not succeed")
    cases = ("second redemption", "refresh after the replay", "access after the replay")
    second, refresh, access = (seen.one(HttpExchange, c, **about) for c in cases)
    complaints = [] if is_invalid_grant(second) else [f"the second redemption: {short(second)}"]
    if not is_invalid_grant(refresh):
        complaints.append(f"the refresh token of the first redemption lives on: {short(refresh)}")
    if not _refused_in_time(access, bound):
        complaints.append(f"the access token of the first redemption lives on: {short(access)}")
    return complaints


def _refused_in_time(access: HttpExchange, bound: float) -> bool:
    """Whether the API refused the token. Raises MissingObservation where it refused it, but was asked or answered so
    late that nothing shows it would have done so within the bound."""
    if require_answer(access).status != 401:
        return False
    if "after" not in access.about:
        raise MissingObservation(f"{access.case}: nothing tells how long after the stimulus")
    seconds = float(access.about["after"]) + access.seconds
    if seconds > bound:
        raise MissingObservation(
            f"{access.case}: refused, but seen {seconds:g} s after the stimulus; {bound:g} s count"
        )
    return True


@check("TOKEN-08.E3", "RFC 6749 §4.1.2, ASVS 10.4.3")
def codes_are_short_lived(seen: Record, parameters: Parameters) -> Judgement:
    edge = ("one second before", "two seconds after")
    complaints: list[str] = []
    for client in _clients(seen, *edge):
        before, after = (require_answer(seen.one(HttpExchange, case, client=client)) for case in edge)
        complaints += [] if before.status == 200 else [f"{client}: a code within its life: {short(before)}"]
        complaints += [] if is_invalid_grant(after) else [f"{client}: a code after its life: {short(after)}"]
    return conclude(complaints, f"a code lives {parameters['code_lifetime'].value:g} s and no longer")


@check("TOKEN-09.E1", "RFC 9700 §4.14.2, RFC 6749 §5.1")
def every_refresh_brings_a_new_token(seen: Record, parameters: Parameters) -> Judgement:
    complaints: list[str] = []
    clients = _clients(seen, "refresh in a row")
    for client in clients:
        answers = [require_answer(e) for e in seen.of(HttpExchange, "refresh in a row", client=client)]
        if len(answers) < IN_A_ROW:
            raise MissingObservation(f"{client}: only {len(answers)} refreshes in a row")
        complaints += [f"{client}, {complaint}" for complaint in _not_rotated(answers)]
    told = "each with a new refresh token, expires_in and token_type"
    return conclude(complaints, f"{', '.join(clients)}: at least {IN_A_ROW} refreshes, {told}")


def _not_rotated(answers: list[HttpExchange]) -> list[str]:
    complaints = [f"refresh {n}: {short(e)}" for n, e in enumerate(answers, 1) if e.status != 200]
    tokens = [str(e.json().get("refresh_token", "")) for e in answers]
    presented = _presented(answers[0])
    if not presented:
        raise MissingObservation("the refresh token that was presented first is not in the record")
    if not complaints and (len({presented, *tokens}) != len(tokens) + 1 or not all(tokens)):
        complaints.append("a refresh token came back again, or none came")
    for n, fields in enumerate((answer.json() for answer in answers), 1):
        if not isinstance(fields.get("expires_in"), int | float) or str(fields.get("token_type")).lower() != "bearer":
            complaints.append(f"refresh {n}: no expires_in or token_type")
    return complaints


def _presented(exchange: HttpExchange) -> str:
    return parse_qs(exchange.request_body).get("refresh_token", [""])[0]


@check("TOKEN-09.E2", "RFC 9700 §4.14.2")
def earlier_tokens_are_dead(seen: Record, parameters: Parameters) -> Judgement:
    case = "earlier token after the grace"
    alive: list[str] = []
    clients = _clients(seen, case)
    for client in clients:
        answers = seen.of(HttpExchange, case, client=client)
        if len({e.about["session"] for e in answers}) < IN_A_ROW:
            raise MissingObservation(f"{client}: only {len(answers)} earlier tokens were presented")
        alive += [f"{client}, session {e.about['session']}: {short(e)}" for e in answers if not is_invalid_grant(e)]
    return conclude(alive, f"{', '.join(clients)}: the earlier tokens of {IN_A_ROW} sessions were refused")


@check("TOKEN-09.E3", "RFC 9700 §4.14.2")
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
        return conclude(["the restarted client has lost the newest token"], "")
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


def _not_the_newest(taps: list[HttpExchange]) -> list[str]:
    sent = [_presented(e) for e in taps]
    given = [str(e.json().get("refresh_token", "")) for e in taps]
    complaints = [
        f"refresh {n}: an older token was sent"
        for n, (one, newest) in enumerate(zip(sent[1:], given[:-1], strict=True), 2)
        if one != newest
    ]
    complaints += [f"refresh {n}: {short(e)}" for n, e in enumerate(taps, 1) if e.status != 200]
    if not complaints and len({sent[0], *given}) != len(taps) + 1:
        raise MissingObservation(
            "the issuer gave the same refresh token again: nothing tells which one the client keeps"
        )
    return complaints


@check("TOKEN-10.E1", "RFC 9700 §4.14.2")
def stolen_token_is_refused(seen: Record, parameters: Parameters) -> Judgement:
    answers = [seen.one(HttpExchange, "stolen token", replayed=which) for which in REPLAYED]
    accepted = [f"{e.about['replayed']}, presented again: {short(e)}" for e in answers if not is_invalid_grant(e)]
    return conclude(accepted, "each stolen token is refused with invalid_grant")


@check("TOKEN-10.E2", "RFC 9700 §4.14.2")
def the_family_is_revoked(seen: Record, parameters: Parameters) -> Judgement:
    bound = parameters["revoke_bound"].value
    complaints: list[str] = []
    for which in REPLAYED:
        cases = ("newest token", "access before the theft", "access after the theft")
        newest, before, after = (seen.one(HttpExchange, case, replayed=which) for case in cases)
        if require_answer(before).status != 200:
            raise MissingObservation("the newest access token was not accepted before the theft")
        told = f"after reuse of {which}"
        complaints += [] if is_invalid_grant(newest) else [f"{told} the newest refresh token: {short(newest)}"]
        complaints += [] if _refused_in_time(after, bound) else [f"{told} the newest access token: {short(after)}"]
    return conclude(complaints, f"newest refresh token and access token were refused within {bound:g} s")


@check("TOKEN-10.E3", "RFC 9700 §4.14.2")
def other_sessions_go_on(seen: Record, parameters: Parameters) -> Judgement:
    answers = [require_answer(seen.one(HttpExchange, "other session", session=which)) for which in OTHER_SESSIONS]
    ended = [f"the other session {e.about['session']}: {short(e)}" for e in answers if e.status != 200]
    return conclude(ended, "the user's other sessions went on, at another client and at the same")


@check("TOKEN-10.E4", "OWASP Logging Vocabulary: authn_token_reuse")
def reuse_is_told_once(seen: Record, parameters: Parameters) -> Judgement:
    capture = seen.one(BusCapture, "events of the theft")
    if not capture.settled:
        raise MissingObservation("the bus did not settle")
    events = {
        e.properties.get("event_id") or number  # an event without an id is one of its own
        for number, e in enumerate(capture.of_type("auth.refresh_failed"))
        if e.properties.get("reason") == "reuse_detected"
    }
    return conclude(
        [] if len(events) == 1 else [f"{len(events)} events tell of the reuse"], "one event tells of the reuse"
    )


def _query(exchange: HttpExchange) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(exchange.url).query).items()}
