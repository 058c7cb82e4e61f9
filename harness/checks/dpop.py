"""Judgements about tokens that are bound to a key (RFC 9449)."""

from __future__ import annotations

from harness.checks.common import Complaint, clients_of, conclude, gives_token, require_answer, short
from harness.checks.forgeries import accepts, told
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import HttpExchange, TokenFacts
from harness.observe import MissingObservation, Record

LOGIN = "a bound login"
GOOD, BAD, AFTERWARDS = "with its proof", "with something else", "with its proof, afterwards"
REFRESHED, REFUSED, GOES_ON = (
    "a refresh with its proof",
    "a refresh with something else",
    "a refresh with its proof, afterwards",
)
AT_API = (
    "no proof",
    "as a bearer token",
    "as a bearer token with its proof",
    "a proof of another key",
    "a proof for another method",
    "a proof for another URL",
    "a proof for another token",
    "a proof for no token",
    "a proof of an hour ago",
    "a proof from tomorrow",
    "a proof without a time",
    "a proof without an id",
    "a token of another type",
    "a proof signed by another key",
    "the same proof again",
)
AT_TOKEN_ENDPOINT = (
    "no proof",
    "a proof of another key",
    "a proof for another method",
    "a proof for another URL",
    "a proof of an hour ago",
    "a proof signed by another key",
    "the same proof again",
)
OTHER_KEY = ("no proof", "a proof of another key", "a proof signed by another key")
REFUSALS = ("invalid_dpop_proof", "invalid_grant", "invalid_request")


@check("TOKEN-22.E1", "RFC 9449 §4.3, §7.1, §7.2, §11.1", "dpop", "public client")
def bad_proofs_are_refused(seen: Record, parameters: Parameters) -> Judgement:
    """The token endpoint may call a missing proof an invalid request (RFC 6749 §5.2)."""
    complaints, count = [], 0
    for client in clients_of(seen, LOGIN):
        for way in _ways(seen, client):
            for name in AT_API:
                answer = require_answer(seen.one(HttpExchange, BAD, client=client, way=way, instead=name))
                count += 1
                if answer.status != 401 and not (answer.status == 400 and _is_bad_request(answer)):
                    complaints.append(Complaint(f"{client}, {name} {told(answer)}", answer))
        for name in AT_TOKEN_ENDPOINT:
            answer = require_answer(seen.one(HttpExchange, REFUSED, client=client, instead=name))
            count += 1
            if not _refuses(answer):
                complaints.append(Complaint(f"{client}, a refresh with {name}: {short(answer)}", answer))
    if not complaints:
        _require_good(seen, GOOD, AFTERWARDS, REFRESHED, GOES_ON)
    return conclude(complaints, f"{count} requests without a proof that holds were refused")


def _ways(seen: Record, client: str) -> list[str]:
    return list(dict.fromkeys(e.about["way"] for e in seen.of(HttpExchange, GOOD, client=client)))


def _is_bad_request(answer: HttpExchange) -> bool:
    """A proof that is malformed, or lacks what it must have, may be told so (RFC 6750 §3.1)."""
    return answer.json().get("error") in ("invalid_dpop_proof", "invalid_request")


def _refuses(answer: HttpExchange) -> bool:
    return answer.status in (400, 401) and answer.json().get("error") in REFUSALS and not gives_token(answer)


def _require_good(seen: Record, *cases: str) -> None:
    """Raises MissingObservation unless a good proof was taken: else the refusals of others say nothing."""
    for case in cases:
        for answer in seen.of(HttpExchange, case):
            if not accepts(require_answer(answer)) or (case in (REFRESHED, GOES_ON) and answer.status != 200):
                raise MissingObservation(f"{case}: {short(answer)}")


@check("TOKEN-22.E2", "RFC 9449 §5, §6.1, §7.1", "dpop", "public client")
def good_proofs_are_taken(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    clients = clients_of(seen, LOGIN)
    for client in clients:
        login = require_answer(seen.one(HttpExchange, LOGIN, client=client))
        complaints += [Complaint(f"{client}: {text}", login, *shown) for text, *shown in _not_bound(seen, login)]
        for case in (GOOD, AFTERWARDS):
            found = [require_answer(e) for e in seen.of(HttpExchange, case, client=client)]
            complaints += [Complaint(f"{client}: its proof {told(e)}", e) for e in found if not accepts(e)]
        for case in (REFRESHED, GOES_ON):
            refreshed = require_answer(seen.one(HttpExchange, case, client=client))
            if refreshed.status != 200:
                complaints.append(Complaint(f"{client}: {case}: {short(refreshed)}", refreshed))
    return conclude(complaints, f"{', '.join(clients)}: tokens are bound to the key, and its proofs are taken")


def _not_bound(seen: Record, login: HttpExchange) -> list[tuple[str, *tuple[TokenFacts, ...]]]:
    """What is wrong with the answer to a login with a proof; of an opaque token its binding cannot be seen."""
    answer = login.json()
    facts = next((f for f in seen.of(TokenFacts) if f.token == answer.get("access_token")), None)
    if facts is None:
        raise MissingObservation(f"{login.about['client']}: its access token was not read")
    wrong: list[tuple[str, *tuple[TokenFacts, ...]]] = []
    if str(answer.get("token_type")).lower() != "dpop":
        wrong.append((f"token_type is {answer.get('token_type')!r}", facts))
    if facts.form == "jwt" and facts.claims.get("cnf.jkt") != login.about["key"]:
        wrong.append(("the token's cnf.jkt is not the thumbprint of the key", facts))
    return wrong


@check("TOKEN-22.E3", "RFC 9449 §5", "dpop", "public client")
def refresh_tokens_are_bound(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    clients = clients_of(seen, LOGIN)
    for client in clients:
        found = [require_answer(seen.one(HttpExchange, REFUSED, client=client, instead=name)) for name in OTHER_KEY]
        complaints += [Complaint(f"{client}, {e.about['instead']}: {short(e)}", e) for e in found if not _refuses(e)]
    if not complaints:
        _require_good(seen, REFRESHED, GOES_ON)
    return conclude(complaints, f"{', '.join(clients)}: no other key refreshes the session")
