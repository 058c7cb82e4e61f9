"""Judgements about what a refresh token is bound to."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from urllib.parse import parse_qs

from harness.checks.common import (
    Complaint,
    answered,
    conclude,
    gives_token,
    only_unknown,
    require_answer,
    short,
)
from harness.checks.registry import OWN_REQUIREMENT, Parameters, check
from harness.model import Judgement
from harness.observations import HttpExchange, TokenFacts
from harness.observe import MissingObservation, Record

SESSION, PRESENTED, WIDER = "a session", "a refresh token presented", "a wider scope"
THEN, WIDENED = "a refresh by the client afterwards", "with a wider scope"
NOBODY, JUST_ROTATED, ROTATION = "by nobody", "by another client, just rotated", "a rotation"
NOBODY_NAMED = (NOBODY, "with an empty client id")
STRANGERS = ("by another client", *NOBODY_NAMED, "by an unknown client", "by one whose id begins with its")
OTHERS = ("by another client", JUST_ROTATED)
NO_REFRESH = (400, "unauthorized_client")
REFUSALS = ((400, "invalid_grant"), (401, "invalid_client"), (400, "invalid_client"))
MISSING = (400, "invalid_request")


@check("TOKEN-12.E1", "RFC 6749 §6, RFC 6749 §10.4")
def strangers_are_refused(seen: Record, parameters: Parameters) -> Judgement:
    """invalid_client may come with 400 as well: the status is the server's choice (RFC 6749 §5.2). A request in which
    nobody is named may be invalid_request: it lacks a parameter (§5.2, §3.2.1). One that names somebody lacks none.
    Another client may be unauthorized_client: to one that may not refresh at all nothing else need be said (§5.2).

    A token that its client has just used is no less bound to it: where a second use is answered for a while, for a
    client that lost the answer, nobody else may get that successor (RFC 6749 §6).
    """
    clients, ways = _owners(seen), (*STRANGERS, JUST_ROTATED)
    found = [_presented(seen, PRESENTED, client, stranger) for client, stranger in product(clients, ways)]
    complaints = [
        Complaint(f"the token of {e.about['client']}, {e.about['presented']}: {answered(e)}", e)
        for e in found
        if gives_token(e) or not _refuses_stranger(e)
    ]
    if not complaints:
        _require_rotations(seen, clients)
    note = " (the other client was one that nobody registered)" if only_unknown(seen, PRESENTED) else ""
    return conclude(complaints, f"{len(found)} presentations by strangers were refused{note}")


def _require_rotations(seen: Record, clients: Iterable[str]) -> None:
    for client in clients:
        rotation = require_answer(seen.one(HttpExchange, ROTATION, client=client))
        if rotation.status != 200:
            raise MissingObservation(f"{client}: no token was rotated: {short(rotation)}")


def _refuses_stranger(answer: HttpExchange) -> bool:
    said = (answer.status, answer.json().get("error"))
    presented, known = answer.about["presented"], answer.about.get("by") == "registered"
    lacking = said == MISSING and presented in NOBODY_NAMED
    return said in REFUSALS or lacking or (said == NO_REFRESH and presented in OTHERS and known)


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


@check("TOKEN-12.E3", OWN_REQUIREMENT)
def the_client_goes_on(seen: Record, parameters: Parameters) -> Judgement:
    """RFC 6749 §6 lets an issuer end the session because a stranger presented its token; then whoever has seen a token
    can end it. Not where a rotated token was presented: to end the session for that is a remedy (RFC 9700 §4.14.2)."""
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
        raise MissingObservation("no client was given a refresh token", "refresh token")
    return sorted(owners)


def _presented(seen: Record, case: str, client: str, presented: str) -> HttpExchange:
    """Raises MissingObservation unless it is the token of the session that was opened for it."""
    about = {"client": client, "presented": presented}
    exchange = require_answer(seen.one(HttpExchange, case, **about))
    if not parse_qs(exchange.request_body).get("refresh_token"):
        raise MissingObservation(f"{client}, {presented}: no refresh token was sent")
    return exchange
