"""Judgements about ways to tokens that must not be there: through the browser, for a password."""

from __future__ import annotations

from itertools import product

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
from harness.observations import HttpExchange
from harness.observe import MissingObservation, Record

A_CODE, TOKENS = "a request for a code", "a request for tokens"
RESPONSE_TYPES = ("token", "id_token token", "code token", "code id_token token")
GRANTS = ("the password grant", "an unknown grant")
DOCUMENTS = ("metadata", "OpenID metadata")


@check("TOKEN-04.E1", "RFC 9700 §2.1.2, RFC 6749 §4.1.2.1")
def response_types_with_tokens_are_refused(seen: Record, parameters: Parameters) -> Judgement:
    complaints: list[Complaint] = []
    clients = clients_of(seen, A_CODE, TOKENS)
    for client in clients:
        if not delivers_code(ends(seen.of(HttpExchange, A_CODE, client=client))[0]):
            raise MissingObservation(
                f"{client}: a request for a code was not answered with one, so nothing can be told"
            )
    for client, response_type in product(clients, RESPONSE_TYPES):
        exchanges = seen.of(HttpExchange, TOKENS, client=client, response_type=response_type)
        end, told = ends(exchanges)[0], f"{client}, {response_type}"
        if given := [exchange for exchange in exchanges if gives_token(exchange)]:
            complaints.append(Complaint(f"{told}: tokens came through the browser", exchanges[0], given[0]))
        elif _error(end) not in ("unsupported_response_type", "unauthorized_client"):
            complaints.append(
                Complaint(f"{told}: {short(end)} instead of unsupported_response_type", exchanges[0], end)
            )
    return conclude(
        complaints, f"{len(clients) * len(RESPONSE_TYPES)} requests were refused, and no redirect had a token"
    )


def _error(exchange: HttpExchange) -> str:
    """The error that is told at the redirect URI, or in JSON."""
    return str(exchange.location_parameters().get("error") or exchange.json().get("error") or "")


@check("TOKEN-04.E2", "RFC 9700 §2.4, RFC 6749 §5.2")
def other_grants_are_unsupported(seen: Record, parameters: Parameters) -> Judgement:
    clients = clients_of(seen, *GRANTS)
    answers = [require_answer(seen.one(HttpExchange, grant, client=c)) for c, grant in product(clients, GRANTS)]
    complaints = [
        Complaint(f"{e.about['client']}, {e.case}: {answered(e)} instead of 400 unsupported_grant_type", e)
        for e in answers
        if gives_token(e) or e.status != 400 or e.json().get("error") != "unsupported_grant_type"
    ]
    return conclude(complaints, f"{len(answers)} requests were refused with unsupported_grant_type")


@check("TOKEN-04.E3", "RFC 9700 §2.1.2, RFC 8414 §2")
def no_response_type_with_tokens_is_named(seen: Record, parameters: Parameters) -> Judgement:
    """A response type is a list of words (RFC 6749 §8.4), of which `token` is one; `id_token` is another."""
    asked = [require_answer(seen.one(HttpExchange, document)) for document in DOCUMENTS]
    documents = [document for document in asked if document.status == 200 and document.json()]
    if not documents:
        raise MissingObservation(f"there is no metadata: {', '.join(short(document) for document in asked)}")
    complaints = []
    for document in documents:
        named = document.json().get("response_types_supported")
        if not isinstance(named, list) or not named:
            complaints.append(Complaint(f"{document.case}: no response_types_supported, which is required", document))
        elif wrong := [response_type for response_type in named if "token" in str(response_type).split()]:
            complaints.append(Complaint(f"{document.case} names {', '.join(map(repr, wrong))}", document))
    return conclude(complaints, f"none is named in {' and '.join(document.case for document in documents)}")
