"""Judgements about whose answer an authorization response is: what issuers send, and what clients make of it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from harness.checks.common import Complaint, conclude, ends, require_answer, short
from harness.checks.registry import Parameters, check, own_requirement
from harness.model import Judgement
from harness.observations import CallbackDelivery, HttpExchange
from harness.observe import MissingObservation, Record

CASES = (
    "the honest issuer's code",
    "another issuer named",
    "no issuer named",
    "an error without issuer",
    "a trailing slash",
)
ISSUERS = ("honest", "attacker")
FLAG = "authorization_response_iss_parameter_supported"
AFTERWARDS = "{case}: the right answer afterwards"
SIGN_INS = {"honest": "a sign-in at the honest issuer", "attacker": "a sign-in at the attacker's issuer"}


@check("TOKEN-06.E1", "RFC 9207 §2.4, RFC 9700 §4.4.2.1", "relying party")
def mixed_up_answers_end_the_sign_in(seen: Record, parameters: Parameters) -> Judgement:
    _require_listening(seen)
    complaints = [complaint for case in CASES for complaint in _taken(seen, case)]
    for case in CASES:
        late = AFTERWARDS.format(case=case)
        went_on = [f"the sign-in went on after it: {complaint}" for complaint in _taken(seen, late)]
        complaints += [Complaint(text, *_exchanges(seen, case, late)) for text in went_on]
    return conclude(complaints, f"{len(CASES)} answers of the wrong kind: no token request, and each sign-in has ended")


def _require_listening(seen: Record) -> None:
    """Raises MissingObservation unless right answers were followed by token requests that were heard: what is deaf
    hears no wrong ones either."""
    for issuer in ISSUERS:
        delivered = seen.one(CallbackDelivery, f"the right answer of the {issuer} issuer")
        if not delivered.token_requests.get(issuer):
            raise MissingObservation(f"after {delivered.case} no token request came to it: nothing shows one would")
    if not seen.one(CallbackDelivery, "the right answer of the honest issuer").signed_in:
        raise MissingObservation("the right answer of the honest issuer signed nobody in")


def _taken(seen: Record, case: str) -> Iterator[Complaint]:
    """What the client did with an answer that it had to refuse."""
    delivered = seen.one(CallbackDelivery, case)
    if delivered.status is None and not delivered.nobody_there:
        raise MissingObservation(f"{case}: the client did not answer")
    shown = _exchanges(seen, case)
    for issuer in ISSUERS:
        if delivered.token_requests.get(issuer):
            yield Complaint(f"{case}: a token request to the {issuer} issuer", *shown)
    if delivered.signed_in:
        yield Complaint(f"{case}: somebody is signed in", *shown)


def _exchanges(seen: Record, *cases: str) -> list[HttpExchange]:
    """The callbacks, and the token requests that followed them."""
    return [
        e for e in seen if isinstance(e, HttpExchange) and e.case in cases and e.about["role"] in ("callback", "tap")
    ]


@check("TOKEN-06.E2", "RFC 9207 §2, §2.3")
def responses_name_their_issuer(seen: Record, parameters: Parameters) -> Judgement:
    document = require_answer(seen.one(HttpExchange, "metadata"))
    metadata = document.json()
    issuer = metadata.get("issuer")
    if not isinstance(issuer, str):
        raise MissingObservation("the metadata name no issuer to compare with")
    reads_only = seen.lacks("writing")
    successes, errors = [] if reads_only else _successes(seen), _errors(seen, reads_only)
    supported = metadata.get(FLAG) is True  # else nothing that it does not send is demanded of it: RFC 9207 is optional
    complaints = [] if supported else [Complaint(own_requirement(f"the metadata's {FLAG} is not true"), document)]
    for end in (*successes, *errors):
        named = end.location_parameters().get("iss")
        told = f"{end.about['client']}, {end.about.get('mistake', end.case)}"
        if named is None:
            lacking = f"{told}: the response has no iss"
            complaints.append(Complaint(lacking if supported else own_requirement(lacking), end))
        elif named != issuer:
            complaints.append(Complaint(f"{told}: iss is {named}, the metadata's issuer {issuer}", end))
    if reads_only and not complaints:
        raise MissingObservation("what a login brings to a client was not seen", "writing")
    return conclude(complaints, f"{len(successes)} success and {len(errors)} error responses name {issuer}")


def _successes(seen: Record) -> list[HttpExchange]:
    found = ends(seen.of(HttpExchange, "a login"), "client")
    for end in found:
        if "code" not in end.location_parameters():
            raise MissingObservation(f"{end.about['client']}: the login brought no code by redirect ({short(end)})")
    return found


def _errors(seen: Record, may_be_none: bool) -> list[HttpExchange]:
    """The error responses that came to a client. A page of the issuer's own is none."""
    requests = ends(seen.of(HttpExchange, "an error"), "client", "mistake")
    found = [end for end in requests if "error" in end.location_parameters()]
    if not found and not may_be_none:
        raise MissingObservation(f"none of {len(requests)} refused requests brought an error to a client")
    return found


@check("TOKEN-06.E3", "RFC 9700 §4.4.2.2, RFC 8252 §8.10", "relying party")
def each_issuer_has_its_own_address(seen: Record, parameters: Parameters) -> Judgement:
    _require_listening(seen)
    asked = {issuer: _addresses(seen, case) for issuer, case in SIGN_INS.items()}
    complaints: list[str] = [
        Complaint(f"both issuers answer at {urlsplit(uri).path}", asked["honest"][uri], asked["attacker"][uri])
        for uri in sorted(asked["honest"].keys() & asked["attacker"].keys())
    ]
    for issuer in ISSUERS:
        complaints += _taken(seen, f"the answer of the {issuer} issuer at the other's address")
    return conclude(complaints, "each issuer has its own redirect URI, and an answer at the other's is refused")


def _addresses(seen: Record, case: str) -> dict[str, HttpExchange]:
    """The redirect URIs that the client's requests to an issuer named, each with a request."""
    found = {}
    for exchange in seen.of(HttpExchange, case, role="authorize"):
        for uri in parse_qs(urlsplit(exchange.url).query).get("redirect_uri", []):
            found[uri] = exchange
    if not found:
        raise MissingObservation(f"{case}: no request with a redirect URI")
    return found
