"""Judgements about authorization requests and where they lead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import product
from urllib.parse import parse_qs, urlsplit

from harness.checks.common import (
    Complaint,
    clients_of,
    conclude,
    delivers_code,
    ends,
    not_an_error_page,
    require_answer,
    short,
)
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import HttpExchange
from harness.observe import MissingObservation, Record

BAD_CODE_REQUESTS = (
    "no challenge",
    "the method plain",
    "a challenge without method",
    "the method s256",
    "a 42-character challenge",
    "no challenge, but a nonce",
    "no challenge, but a DPoP key",
)
INSTEAD_OF_PKCE = ("no challenge, but a nonce",)  # of a client with a secret: RFC 9700 §2.1.1
STATES = ("sent", "absent")
REDIRECT_CHANGES = 20  # at least so many per client
OTHER_PORTS = 3
FURTHER_MISTAKES = 6
TWICE = "given twice"


@check("TOKEN-01.E1", "RFC 7636 §4.4.1")
def refuses_requests_without_s256(seen: Record, parameters: Parameters) -> Judgement:
    """What came of a bad request tells something only of a client whose valid request came to its end by the same way:
    an issuer may authenticate the user first."""
    exchanges = seen.of(HttpExchange, *BAD_CODE_REQUESTS)
    for client, state, case in product(_askers(seen), STATES, BAD_CODE_REQUESTS):
        seen.of(HttpExchange, case, client=client, state=state)
    states = {_request(e): _query(e).get("state", "") for e in exchanges if e.about["state"] == "sent" and _asks(e)}
    lost = _lost(seen)
    complaints, untold = [], list[str]()
    for end in ends(exchanges, "client", "state"):
        told = f"{end.about['client']}, {end.case}, state {end.about['state']}"
        if end.case in INSTEAD_OF_PKCE and end.about.get("authentication", "none") != "none":
            continue
        if delivers_code(end):
            complaints.append(Complaint(f"{told}: a code was issued", end))
        elif end.status == 200 and seen.lacks("writing"):
            raise MissingObservation(f"{told}: a page, and what comes after it needs a login", "writing")
        elif _refused(end, states.get(_request(end), "")):
            continue
        elif valid := lost.get(end.about["client"]):
            untold.append(f"{told}: {short(end)}, and the way of a valid request ended with {short(valid)}")
        else:
            complaints.append(Complaint(f"{told}: {short(end)} instead of invalid_request with the same state", end))
    if untold and not complaints:
        raise MissingObservation(untold[0])
    return conclude(complaints, f"{len(ends(exchanges, 'client', 'state'))} bad requests got invalid_request")


def _lost(seen: Record) -> dict[str, HttpExchange]:
    """By client, what a valid request came to that brought no code."""
    tried = [o for o in seen if isinstance(o, HttpExchange) and o.case == "a valid request" and "client" in o.about]
    last = {o.about["client"]: o for o in tried}
    return {client: end for client, end in last.items() if not delivers_code(end)}


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
    metadata = require_answer(seen.one(HttpExchange, "metadata"))
    named = metadata.json().get("code_challenge_methods_supported")
    told = f"metadata names {named!r}" if named is not None else "metadata names no method at all"
    return conclude([] if named == ["S256"] else [Complaint(told, metadata)], "metadata names exactly S256")


@check("TOKEN-01.E3", "RFC 6749 §4.1.2", "writing")
def valid_request_yields_a_code(seen: Record, parameters: Parameters) -> Judgement:
    for client in _askers(seen):
        seen.of(HttpExchange, "a valid request", client=client)
    found = ends(seen.of(HttpExchange, "a valid request"), "client")
    if stuck := [e.about["client"] for e in found if _goes_on(e)]:
        raise MissingObservation(f"{', '.join(stuck)}: the login led from page to page and came to no end")
    complaints = [
        Complaint(f"{e.about['client']}: {short(e)} to a valid request", e) for e in found if not delivers_code(e)
    ]
    return conclude(complaints, f"{len(found)} clients got a code")


def _goes_on(exchange: HttpExchange) -> bool:
    """Whether a login stopped half-way: at one more page, or at a redirect that is no authorization response."""
    if delivers_code(exchange):
        return False
    redirect = exchange.status in (301, 302, 303, 307, 308)
    return exchange.status == 200 or (redirect and "error" not in exchange.location_parameters())


def _askers(seen: Record) -> list[str]:
    return clients_of(seen, *BAD_CODE_REQUESTS, "a valid request")


@check("TOKEN-03.E1", "RFC 9700 §2.1, RFC 6749 §3.1, §3.1.2.4")
def changed_redirect_uris_get_an_error_page(seen: Record, parameters: Parameters) -> Judgement:
    """Where a redirect URI is given twice, an error may go to the registered one: RFC 6749 §4.1.2.1 has it told there
    that a parameter is repeated, and forbids a redirect to the invalid one only."""
    exchanges = seen.of(HttpExchange, "changed redirect URI")
    found = ends(exchanges, "client", "change")
    _require_each(seen, found, REDIRECT_CHANGES, "changes")
    complaints = [
        Complaint(f"{e.about['client']}, {_change(e)}: {wrong}", e)
        for e in found
        if not _tells_the_registered(e, exchanges) and (wrong := not_an_error_page(e))
    ]
    kept = [
        Complaint(f"{e.about['client']}, {_change(e)}: a cookie keeps the redirect", e)
        for e in exchanges
        if _cookie_keeps(e)
    ]
    if not complaints and not kept:
        _require_foreign(found, exchanges)
    return conclude([*complaints, *kept], f"{len(found)} changed redirect URIs were answered with an error page")


def _require_each(seen: Record, found: list[HttpExchange], least: int, what: str) -> None:
    """Raises MissingObservation unless every client was tried with so many."""
    tried = Counter(end.about["client"] for end in found)
    cases = ("changed redirect URI", "further mistake")
    for client in {e.about["client"] for e in seen.of(HttpExchange) if e.case in cases}:
        if tried[client] < least:
            raise MissingObservation(f"only {tried[client]} {what} were tried with {client}")


def _tells_the_registered(end: HttpExchange, exchanges: Iterable[HttpExchange]) -> bool:
    """Whether an error, and no code, was sent to the registered one of two redirect URIs."""
    if end.about["change"] != TWICE or delivers_code(end) or "error" not in end.location_parameters():
        return False
    request = _given_twice(exchanges).get(end.about["client"])
    return _place(end.location or "") in [_place(uri) for uri in _redirect_uris(request)[:1]] if request else False


def _place(uri: str) -> str:
    return uri.partition("#")[0].partition("?")[0]


def _given_twice(exchanges: Iterable[HttpExchange]) -> dict[str, HttpExchange]:
    """The requests that gave a redirect URI twice, by their client."""
    requests: dict[str, HttpExchange] = {}
    for exchange in exchanges:
        if exchange.about["change"] == TWICE:
            requests.setdefault(exchange.about["client"], exchange)  # what follows are steps of the login after it
    return requests


def _require_foreign(found: Iterable[HttpExchange], exchanges: Iterable[HttpExchange]) -> None:
    """Raises MissingObservation where a client's redirect URI was not given twice, or twice the same: then it is the
    registered one, and what is wrong is the repetition alone."""
    requests = _given_twice(exchanges)
    for client in sorted({end.about["client"] for end in found}):
        if client not in requests or len(set(_redirect_uris(requests[client]))) < 2:
            raise MissingObservation(f"{client}: the redirect URI was not given twice, once a foreign one")


def _redirect_uris(request: HttpExchange) -> list[str]:
    """Those that a code request names, the registered one first."""
    return parse_qs(urlsplit(request.url).query).get("redirect_uri", [])


def _change(exchange: HttpExchange) -> str:
    """What was changed, in a few words; with the clause where it is not the redirect URI itself."""
    what = exchange.about["change"]
    return f"{what}, which no parameter may be (RFC 6749 §3.1)" if what == TWICE else what


def _cookie_keeps(exchange: HttpExchange) -> bool:
    return any("evil.example" in cookie for cookie in exchange.header_values("set-cookie"))


@check("TOKEN-03.E2", "RFC 8252 §7.3", "native client")
def native_client_may_use_another_port(seen: Record, parameters: Parameters) -> Judgement:
    found = ends(seen.of(HttpExchange, "another port"), "client", "port")
    if len(found) < OTHER_PORTS:
        raise MissingObservation(f"only {len(found)} other ports were tried")
    complaints = []
    for end in found:
        port = urlsplit(end.location or "").port
        if not delivers_code(end) or str(port) != end.about["port"]:
            complaints.append(Complaint(f"port {end.about['port']}: {short(end)}", end))
    return conclude(complaints, f"a code was sent to each of {len(found)} ports")


@check("TOKEN-03.E3", "RFC 9700 §4.11.2")
def mistakes_do_not_redirect_elsewhere(seen: Record, parameters: Parameters) -> Judgement:
    found = ends(seen.of(HttpExchange, "further mistake"), "client", "mistake")
    _require_each(seen, found, FURTHER_MISTAKES, "mistakes")
    complaints = [
        Complaint(f"{e.about['client']}, {e.about['mistake']}: redirected to {urlsplit(e.location).netloc}", e)
        for e in found
        if e.location is not None and urlsplit(e.location).netloc != urlsplit(e.url).netloc
    ]
    return conclude(complaints, f"none of {len(found)} mistaken requests was redirected to an unregistered URI")


def _query(exchange: HttpExchange) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(exchange.url).query).items()}
