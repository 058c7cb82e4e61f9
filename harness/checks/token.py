"""Judgements about authorization requests, codes and refresh tokens."""

from __future__ import annotations

from collections import Counter
from urllib.parse import parse_qs, urlsplit

from harness.checks.common import conclude, delivers_code, ends, is_invalid_grant, require_answer, short
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import BusCapture, HttpExchange, Race
from harness.observe import MissingObservation, Record

BAD_CODE_REQUESTS = (
    "no challenge",
    "the method plain",
    "a challenge without method",
    "the method s256",
    "a 42-character challenge",
)
REDIRECT_CHANGES = 15  # at least so many per client
OTHER_PORTS = 3
FURTHER_MISTAKES = 4


@check("TOKEN-01.E1", "RFC 7636 §4.4.1")
def refuses_requests_without_s256(seen: Record, parameters: Parameters) -> Judgement:
    exchanges = seen.of(HttpExchange, *BAD_CODE_REQUESTS)
    for client in _clients(seen):
        seen.of(HttpExchange, *BAD_CODE_REQUESTS, client=client)
    sent = {(e.case, e.about["client"]): _query(e).get("state", "") for e in exchanges if "state" in _query(e)}
    complaints = []
    for end in ends(exchanges, "client"):
        client = end.about["client"]
        if delivers_code(end):
            complaints.append(f"{client}, {end.case}: a code was issued")
        elif not _refused(end, sent.get((end.case, client), "")):
            complaints.append(f"{client}, {end.case}: {short(end)} instead of invalid_request with the same state")
    return conclude(complaints, f"{len(ends(exchanges, 'client'))} bad requests were refused with invalid_request")


def _refused(end: HttpExchange, state: str) -> bool:
    """A 400 page without a redirect, or a redirect with invalid_request and the state sent (RFC 6749 §4.1.2.1)."""
    if end.status == 400:
        return end.location is None
    answered = end.location_parameters()
    return answered.get("error") == "invalid_request" and answered.get("state") == state != ""


@check("TOKEN-01.E2", "RFC 8414 §2, RFC 7636 §4.2")
def metadata_names_only_s256(seen: Record, parameters: Parameters) -> Judgement:
    metadata = require_answer(seen.one(HttpExchange, "metadata")).json()
    named = metadata.get("code_challenge_methods_supported")
    return conclude([] if named == ["S256"] else [f"metadata names {named!r}"], "metadata names exactly S256")


@check("TOKEN-01.E3", "RFC 6749 §4.1.2")
def valid_request_yields_a_code(seen: Record, parameters: Parameters) -> Judgement:
    for client in _clients(seen):
        seen.of(HttpExchange, "a valid request", client=client)
    found = ends(seen.of(HttpExchange, "a valid request"), "client")
    complaints = [f"{e.about['client']}: {short(e)} to a valid request" for e in found if not delivers_code(e)]
    return conclude(complaints, f"{len(found)} clients got a code")


def _clients(seen: Record) -> set[str]:
    """The clients that sent any of the code requests: none of them may lack one."""
    return {e.about["client"] for e in seen.of(HttpExchange) if e.case in (*BAD_CODE_REQUESTS, "a valid request")}


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
    race = seen.one(Race, "race")
    if race.parallel < 20 or len(race.rounds) < 10:
        raise MissingObservation(f"only {len(race.rounds)} rounds of {race.parallel}")
    if any(0 in statuses or len(statuses) != race.parallel for statuses in race.rounds):
        raise MissingObservation("in some rounds a redemption got no answer")
    successes = [statuses.count(200) for statuses in race.rounds]
    wrong = [f"round {n}: {count} successes" for n, count in enumerate(successes, 1) if count != 1]
    return conclude(wrong, f"{len(race.rounds)} rounds of {race.parallel} redemptions at once: one success in each")


@check("TOKEN-08.E2", "RFC 6749 §4.1.2, RFC 9700 §4.13")
def replay_takes_the_tokens_back(seen: Record, parameters: Parameters) -> Judgement:
    first = require_answer(seen.one(HttpExchange, "first redemption"))
    used = require_answer(seen.one(HttpExchange, "first use of the access token"))
    if first.status != 200 or used.status != 200:
        raise MissingObservation("the first redemption or the first use did not succeed")
    refresh, access = (
        seen.one(HttpExchange, "refresh after the replay"),
        seen.one(HttpExchange, "access after the replay"),
    )
    complaints = []
    if not is_invalid_grant(seen.one(HttpExchange, "second redemption")):
        complaints.append(f"the second redemption: {short(seen.one(HttpExchange, 'second redemption'))}")
    if not is_invalid_grant(refresh):
        complaints.append(f"the refresh token of the first redemption lives on: {short(refresh)}")
    if require_answer(access).status != 401:
        complaints.append(f"the access token of the first redemption lives on: {short(access)}")
    return conclude(complaints, "the replay was refused, and refresh token and access token of the first are dead")


@check("TOKEN-08.E3", "RFC 6749 §4.1.2, ASVS 10.4.3")
def codes_are_short_lived(seen: Record, parameters: Parameters) -> Judgement:
    before, after = (require_answer(seen.one(HttpExchange, c)) for c in ("one second before", "two seconds after"))
    complaints = [] if before.status == 200 else [f"a code within its life: {short(before)}"]
    complaints += [] if is_invalid_grant(after) else [f"a code after its life: {short(after)}"]
    return conclude(complaints, f"a code lives {parameters['code_lifetime'].value:g} s and no longer")


@check("TOKEN-09.E1", "RFC 9700 §4.14.2, RFC 6749 §5.1")
def every_refresh_brings_a_new_token(seen: Record, parameters: Parameters) -> Judgement:
    answers = [require_answer(e) for e in seen.of(HttpExchange, "refresh in a row")]
    if len(answers) < 5:
        raise MissingObservation(f"only {len(answers)} refreshes in a row")
    complaints = [f"refresh {n}: {short(e)}" for n, e in enumerate(answers, 1) if e.status != 200]
    tokens = [str(e.json().get("refresh_token", "")) for e in answers]
    presented = [parse_qs(e.request_body).get("refresh_token", [""])[0] for e in answers]
    if not presented[0]:
        raise MissingObservation("the refresh token that was presented first is not in the record")
    if not complaints and (len({presented[0], *tokens}) != len(tokens) + 1 or not all(tokens)):
        complaints.append("a refresh token came back again, or none came")
    for n, answer in enumerate(answers, 1):
        fields = answer.json()
        if not isinstance(fields.get("expires_in"), int | float) or str(fields.get("token_type")).lower() != "bearer":
            complaints.append(f"refresh {n}: no expires_in or token_type")
    told = "new refresh tokens, each with expires_in and token_type"
    return conclude(complaints, f"{len(answers)} refreshes brought {len(answers)} {told}")


@check("TOKEN-09.E2", "RFC 9700 §4.14.2")
def earlier_tokens_are_dead(seen: Record, parameters: Parameters) -> Judgement:
    answers = seen.of(HttpExchange, "earlier token after the grace")
    if len(answers) < 5:
        raise MissingObservation(f"only {len(answers)} earlier tokens were presented")
    alive = [f"session {e.about['session']}: {short(e)}" for e in answers if not is_invalid_grant(e)]
    return conclude(alive, f"{len(answers)} earlier refresh tokens were refused after the grace")


@check("TOKEN-09.E3", "RFC 9700 §4.14.2")
def client_sends_only_the_newest_token(seen: Record, parameters: Parameters) -> Judgement:
    taps = [require_answer(e) for e in seen.of(HttpExchange, "desktop refresh") if e.about.get("role") == "tap"]
    if len(taps) < 3:
        raise MissingObservation(f"only {len(taps)} refreshes of the client were seen at the token endpoint")
    sent = [parse_qs(e.request_body).get("refresh_token", [""])[0] for e in taps]
    given = [str(e.json().get("refresh_token", "")) for e in taps]
    complaints = [
        f"refresh {n + 2}: an older token was sent" for n, token in enumerate(given[:-1]) if sent[n + 1] != token
    ]
    complaints += [f"refresh {n}: {short(e)}" for n, e in enumerate(taps, 1) if e.status != 200]
    return conclude(complaints, f"{len(taps)} refreshes of the client, each with the token of the one before")


@check("TOKEN-10.E1", "RFC 9700 §4.14.2")
def stolen_token_is_refused(seen: Record, parameters: Parameters) -> Judgement:
    answer = seen.one(HttpExchange, "stolen token")
    return conclude([] if is_invalid_grant(answer) else [f"the stolen token: {short(answer)}"], "invalid_grant")


@check("TOKEN-10.E2", "RFC 9700 §4.14.2")
def the_family_is_revoked(seen: Record, parameters: Parameters) -> Judgement:
    newest = seen.one(HttpExchange, "newest token")
    before, after = (seen.one(HttpExchange, f"access {when} the theft") for when in ("before", "after"))
    if require_answer(before).status != 200:
        raise MissingObservation("the newest access token was not accepted before the theft")
    complaints = [] if is_invalid_grant(newest) else [f"the newest refresh token: {short(newest)}"]
    complaints += [] if require_answer(after).status == 401 else [f"the newest access token: {short(after)}"]
    bound = parameters["revoke_bound"].value
    return conclude(complaints, f"newest refresh token and access token were refused within {bound:g} s")


@check("TOKEN-10.E3", "RFC 9700 §4.14.2")
def other_sessions_go_on(seen: Record, parameters: Parameters) -> Judgement:
    answer = require_answer(seen.one(HttpExchange, "other session"))
    return conclude(
        [] if answer.status == 200 else [f"the other session: {short(answer)}"], "the other session went on"
    )


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
