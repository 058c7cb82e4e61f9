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
UNSUPPORTED = "unsupported_grant_type"
REFUSALS = {GRANTS[0]: (UNSUPPORTED, "unauthorized_client"), GRANTS[1]: (UNSUPPORTED,)}
DOCUMENTS = ("metadata", "OpenID metadata")


@check("TOKEN-04.E1", "RFC 9700 §2.1.2, RFC 6749 §4.1.2.1", "writing")
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


@check("TOKEN-04.E2", "RFC 9700 §2.4, RFC 6749 §5.2", "writing")
def other_grants_are_unsupported(seen: Record, parameters: Parameters) -> Judgement:
    """A server that knows the password grant, and lets no such client use it, says unauthorized_client (RFC 6749 §5.2);
    of a grant that nobody knows it cannot say so."""
    clients = clients_of(seen, *GRANTS)
    answers = [require_answer(seen.one(HttpExchange, grant, client=c)) for c, grant in product(clients, GRANTS)]
    complaints = [
        Complaint(f"{e.about['client']}, {e.case}: {answered(e)} instead of 400 {UNSUPPORTED}", e)
        for e in answers
        if gives_token(e) or e.status != 400 or e.json().get("error") not in REFUSALS[e.case]
    ]
    return conclude(complaints, f"{len(answers)} requests were refused with an error that says so")


@check("TOKEN-04.E3", "RFC 9700 §2.1.2, §2.4, RFC 8414 §2")
def no_such_way_to_tokens_is_named(seen: Record, parameters: Parameters) -> Judgement:
    """A response type is a list of words (RFC 6749 §8.4), of which `token` is one; `id_token` is another.

    Grant types need not be named: RFC 8414 §2 gives a default, of which many issuers that omit them know nothing.
    """
    asked = [require_answer(seen.one(HttpExchange, document)) for document in DOCUMENTS]
    documents = [document for document in asked if document.status == 200 and document.json()]
    if not documents:
        raise MissingObservation(f"there is no metadata: {', '.join(short(document) for document in asked)}")
    complaints = []
    for document in documents:
        named = _named(document, "response_types")
        if not named:
            complaints.append(Complaint(f"{document.case}: no response_types_supported, which is required", document))
        elif wrong := [" ".join(words) for words in named if "token" in words]:
            complaints.append(Complaint(f"{document.case} names {', '.join(map(repr, wrong))}", document))
        if grants := _forbidden_grants(document):
            complaints.append(Complaint(f"{document.case} names the grant {' and '.join(grants)}", document))
    return conclude(complaints, f"none is named in {' and '.join(document.case for document in documents)}")


def _forbidden_grants(document: HttpExchange) -> list[str]:
    """The grants named that serve nothing but what is forbidden. An ID token that comes through the browser is a matter
    of the grant `implicit` as well (OpenID Connect Dynamic Client Registration 1.0 §2)."""
    id_token_alone = any("id_token" in words and "token" not in words for words in _named(document, "response_types"))
    forbidden = {"password"} if id_token_alone else {"implicit", "password"}
    return sorted(forbidden.intersection(word for words in _named(document, "grant_types") for word in words))


def _named(document: HttpExchange, what: str) -> list[list[str]]:
    """The words of each one that a document names as supported; none where it names no list."""
    named = document.json().get(f"{what}_supported")
    return [str(one).split() for one in named] if isinstance(named, list) else []
