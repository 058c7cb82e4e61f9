"""Judgements about what codes and refresh tokens are bound to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import NamedTuple
from urllib.parse import parse_qs, parse_qsl

from harness.checks.common import (
    Complaint,
    answered,
    clients_of,
    conclude,
    delivers_code,
    ends,
    gives_token,
    require_answer,
    short,
)
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import HttpExchange, TokenFacts
from harness.observe import MissingObservation, Record

FLAWLESS, MISTAKEN = "a flawless redemption", "a redemption with a mistake"
AFTERWARDS, NO_CHALLENGE = "the same code without the mistake", "a code without a challenge"
NO_VERIFIER, NO_REDIRECT = "no verifier", "no redirect URI"
OTHER_REDIRECT, WITHOUT_CHALLENGE = "another registered redirect URI", "a verifier without a challenge"
IDENTIFICATION = frozenset({"client_id", "client_secret", "authorization"})
MISTAKES: Mapping[str, frozenset[str]] = {  # what each of them changes of the request
    NO_VERIFIER: frozenset({"code_verifier"}),
    "a verifier with one bit changed": frozenset({"code_verifier"}),
    "the verifier of a parallel login": frozenset({"code_verifier"}),
    "the challenge as verifier": frozenset({"code_verifier"}),
    "by another client": IDENTIFICATION,
    OTHER_REDIRECT: frozenset({"redirect_uri"}),
    NO_REDIRECT: frozenset({"redirect_uri"}),
    WITHOUT_CHALLENGE: frozenset({"code_verifier"}),
}
SESSION, PRESENTED, WIDER = "a session", "a refresh token presented", "a wider scope"
THEN, WIDENED = "a refresh by the client afterwards", "with a wider scope"
STRANGERS = ("by another client", "by nobody", "by an unknown client")
REFUSALS = ((400, "invalid_grant"), (401, "invalid_client"), (400, "invalid_client"))


class Attempt(NamedTuple):
    """A redemption with a mistake, and that of the same code without it."""

    mistaken: HttpExchange
    afterwards: HttpExchange

    @property
    def told(self) -> str:
        return f"{self.mistaken.about['client']}, {self.mistaken.about['mistake']}"


@check("TOKEN-02.E1", "RFC 6749 §5.2, RFC 7636 §4.6, RFC 9700 §4.8.2")
def mistakes_are_invalid_grants(seen: Record, parameters: Parameters) -> Judgement:
    attempts = _attempts(seen)
    complaints = [
        Complaint(f"{attempt.told}: {answered(attempt.mistaken)} instead of 400 invalid_grant", attempt.mistaken)
        for attempt in attempts
        if not _refused_by(attempt.mistaken)
    ]
    return conclude(complaints, f"{len(attempts)} mistaken redemptions got invalid_grant{_left_out(seen, attempts)}")


@check("TOKEN-02.E2", "RFC 9700 §2.1.1, RFC 6749 §4.1.2")
def mistakes_burn_the_code(seen: Record, parameters: Parameters) -> Judgement:
    """A client that is not known, and a request that lacks a parameter, may be refused before the code is looked at
    (RFC 6749 §3.2.1, §5.2): there nothing was redeemed, and no verifier was guessed."""
    tried = [attempt for attempt in _attempts(seen) if not _is_refused_unread(attempt.mistaken)]
    complaints = [
        Complaint(f"{attempt.told}: afterwards the code still works", *attempt)
        for attempt in tried
        if attempt.afterwards.status == 200
    ]
    faults = [attempt for attempt in tried if (attempt.afterwards.status or 0) >= 500]
    if faults and not complaints:
        raise MissingObservation(f"{faults[0].told}: afterwards {short(faults[0].afterwards)}, which decides nothing")
    return conclude(complaints, f"after each of {len(tried)} mistakes the code was worth nothing")


@check("TOKEN-02.E3", "RFC 6749 §5.2")
def refusals_give_no_token_away(seen: Record, parameters: Parameters) -> Judgement:
    """What was granted is no refusal: that is for the other two to tell."""
    refusals = [exchange for attempt in _attempts(seen) for exchange in attempt if exchange.status != 200]
    if not refusals:
        raise MissingObservation("nothing was refused")
    complaints = [
        Complaint(f"{e.about['client']}, {e.about['mistake']}: {short(e)}", e) for e in refusals if gives_token(e)
    ]
    return conclude(complaints, f"no token in {len(refusals)} answers")


def _attempts(seen: Record) -> list[Attempt]:
    """All that each client was to try. Raises MissingObservation where one is missing, or is not what it is called."""
    attempts = []
    for client in clients_of(seen, FLAWLESS, MISTAKEN, NO_CHALLENGE):
        flawless = require_answer(seen.one(HttpExchange, FLAWLESS, client=client))
        if flawless.status != 200:
            raise MissingObservation(f"{client}: a code without any mistake was not redeemed: {short(flawless)}")
        attempts += [_attempt(seen, client, mistake) for mistake in _mistakes(seen, client, flawless)]
    return attempts


def _mistakes(seen: Record, client: str, flawless: HttpExchange) -> Iterator[str]:
    """Those that the client can make: not every client has a second redirect URI, nor is given a code without a
    challenge."""
    for mistake in MISTAKES:
        if mistake == OTHER_REDIRECT and flawless.about.get("redirect_uris") == "1":
            continue
        if mistake == WITHOUT_CHALLENGE and not any(map(delivers_code, _without_challenge(seen, client))):
            continue
        yield mistake


def _without_challenge(seen: Record, client: str) -> list[HttpExchange]:
    return ends(seen.of(HttpExchange, NO_CHALLENGE, client=client))


def _attempt(seen: Record, client: str, mistake: str) -> Attempt:
    """Raises MissingObservation unless both requests are about one code, and differ in what the mistake is about."""
    found = (seen.one(HttpExchange, case, client=client, mistake=mistake) for case in (MISTAKEN, AFTERWARDS))
    attempt = Attempt(*(require_answer(exchange) for exchange in found))
    one, other = map(_sent, attempt)
    if "code" not in one or one["code"] != other.get("code"):
        raise MissingObservation(f"{attempt.told}: there was no one code to be redeemed")
    differs = {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}
    if not differs or not differs <= MISTAKES[mistake]:
        raise MissingObservation(f"{attempt.told}: the requests differ in {', '.join(sorted(differs)) or 'nothing'}")
    return attempt


def _sent(exchange: HttpExchange) -> dict[str, str]:
    """The parameters of a token request, and how its client authenticated where that is in a header."""
    headers = {name.lower(): value for name, value in exchange.request_headers}
    authorization = {"authorization": headers["authorization"]} if "authorization" in headers else {}
    return {**dict(parse_qsl(exchange.request_body)), **authorization}


def _is_unknown_client(exchange: HttpExchange) -> bool:
    """invalid_client, to a client that is not known; 400 or, at the server's choice, 401 (RFC 6749 §5.2)."""
    refused = exchange.status in (400, 401) and exchange.json().get("error") == "invalid_client"
    return refused and exchange.about.get("by") == "unknown"


def _refused_by(exchange: HttpExchange) -> bool:
    """400 invalid_grant; for a client that is not known also invalid_client, and for a parameter that is missing also
    invalid_request, which RFC 6749 §5.2 defines for just that."""
    invalid_grant = exchange.status == 400 and exchange.json().get("error") == "invalid_grant"
    return (invalid_grant or _is_refused_unread(exchange)) and not gives_token(exchange)


def _is_refused_unread(exchange: HttpExchange) -> bool:
    lacking = exchange.about.get("mistake") in (NO_VERIFIER, NO_REDIRECT)
    malformed = exchange.status == 400 and exchange.json().get("error") == "invalid_request"
    return _is_unknown_client(exchange) or (lacking and malformed)


def _left_out(seen: Record, attempts: Iterable[Attempt]) -> str:
    made = {attempt.mistaken.about["mistake"] for attempt in attempts}
    notes = [
        *(["no client has a second redirect URI"] if OTHER_REDIRECT not in made else []),
        *(["no code is given without a challenge"] if WITHOUT_CHALLENGE not in made else []),
        *(["the other client was one that nobody registered"] if _only_unknown(seen, MISTAKEN) else []),
    ]
    return f" ({'; '.join(notes)})" if notes else ""


def _only_unknown(seen: Record, case: str) -> bool:
    """Whether the target has no second client that could play the other one."""
    others = [e for e in seen.of(HttpExchange, case) if "by another client" in e.about.values()]
    return bool(others) and all(e.about.get("by") == "unknown" for e in others)


@check("TOKEN-12.E1", "RFC 6749 §6, RFC 6749 §10.4")
def strangers_are_refused(seen: Record, parameters: Parameters) -> Judgement:
    """invalid_client may come with 400 as well: the status is the server's choice (RFC 6749 §5.2)."""
    clients = _owners(seen)
    found = [_presented(seen, PRESENTED, client, stranger) for client, stranger in product(clients, STRANGERS)]
    complaints = [
        Complaint(f"the token of {e.about['client']}, {e.about['presented']}: {answered(e)}", e)
        for e in found
        if gives_token(e) or (e.status, e.json().get("error")) not in REFUSALS
    ]
    note = " (the other client was one that nobody registered)" if _only_unknown(seen, PRESENTED) else ""
    return conclude(complaints, f"{len(found)} presentations by strangers were refused{note}")


@check("TOKEN-12.E2", "RFC 6749 §6, RFC 6749 §5.1")
def scopes_do_not_widen(seen: Record, parameters: Parameters) -> Judgement:
    complaints, told = [], []
    for client in _owners(seen):
        answer = _presented(seen, WIDER, client, WIDENED)
        wider = answer.about["wider"]
        if answer.status == 200:
            scope = _scope(seen, answer)
            told.append(f"{client}: {f'the scope stays {scope!r}' if scope else 'the token has no scope'}")
            if wider in scope.split():
                complaints.append(Complaint(f"{client}: {wider!r} was granted, which the login was not", answer))
        elif answer.status == 400 and answer.json().get("error") == "invalid_scope" and not gives_token(answer):
            told.append(f"{client}: invalid_scope")
        else:
            complaints.append(Complaint(f"{client}: {short(answer)} to a wider scope", answer))
    return conclude(complaints, "; ".join(told))


def _scope(seen: Record, answer: HttpExchange) -> str:
    """The scope that a refresh gave, by the answer and by the token's claim, which is what an API goes by; "" where
    neither names one.

    Raises MissingObservation where nothing tells.
    """
    named = str(answer.json().get("scope") or "")
    tokens = {o.token: o for o in seen if isinstance(o, TokenFacts)}
    facts = tokens.get(str(answer.json().get("access_token", "")))
    readable = facts is not None and facts.form == "jwt"
    if not named and not readable:
        raise MissingObservation(f"{answer.about['client']}: neither the answer nor the token tells its scope")
    claimed = str(facts.claims.get("scope", "")) if facts is not None and readable else ""
    return f"{named} {claimed}".strip()


@check("TOKEN-12.E3", "RFC 6749 §6")
def the_client_goes_on(seen: Record, parameters: Parameters) -> Judgement:
    clients = _owners(seen)
    found = [_presented(seen, THEN, client, presented) for client, presented in product(clients, (*STRANGERS, WIDENED))]
    complaints = []
    for answer in found:
        if answer.status != 200 or not answer.json().get("access_token"):
            about = {name: answer.about[name] for name in ("client", "presented")}
            earlier = seen.of(HttpExchange, WIDER if about["presented"] == WIDENED else PRESENTED, **about)
            told = f"{about['client']}, after its token was presented {about['presented']}: {short(answer)}"
            complaints.append(Complaint(told, *earlier, answer))
    return conclude(complaints, f"{len(found)} sessions went on")


def _owners(seen: Record) -> list[str]:
    """The clients that are given refresh tokens. Raises MissingObservation where there is none, or no session."""
    owners = set()
    for opened in seen.of(HttpExchange, SESSION, role="token"):
        if require_answer(opened).status != 200:
            raise MissingObservation(f"{opened.about['client']}: no session was opened: {short(opened)}")
        if opened.json().get("refresh_token"):
            owners.add(opened.about["client"])
    if not owners:
        raise MissingObservation("no client was given a refresh token")
    return sorted(owners)


def _presented(seen: Record, case: str, client: str, presented: str) -> HttpExchange:
    """Raises MissingObservation unless it is the token of the session that was opened for it."""
    about = {"client": client, "presented": presented}
    exchange = require_answer(seen.one(HttpExchange, case, **about))
    if not parse_qs(exchange.request_body).get("refresh_token"):
        raise MissingObservation(f"{client}, {presented}: no refresh token was sent")
    return exchange
