"""Judgements about what an authorization code is bound to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl

from harness.checks.common import (
    Complaint,
    answered,
    clients_of,
    conclude,
    delivers_code,
    ends,
    gives_token,
    is_invalid_grant,
    only_unknown,
    require_answer,
    short,
)
from harness.checks.registry import OWN_REQUIREMENT, Parameters, check
from harness.model import Judgement
from harness.observations import HttpExchange
from harness.observe import MissingObservation, Record

FLAWLESS, MISTAKEN = "a flawless redemption", "a redemption with a mistake"
AFTERWARDS, NO_CHALLENGE = "the same code without the mistake", "a code without a challenge"
NO_VERIFIER, NO_REDIRECT = ("no verifier", "an empty verifier"), ("no redirect URI", "an empty redirect URI")
OTHER_REDIRECT, WITHOUT_CHALLENGE = "another registered redirect URI", "a verifier without a challenge"
AT_ONCE = 20.0  # seconds: no code that is of use to people expires sooner
IDENTIFICATION = frozenset({"client_id", "client_secret", "authorization"})
MISTAKES: Mapping[str, frozenset[str]] = {  # what each of them changes of the request
    **dict.fromkeys(NO_VERIFIER, frozenset({"code_verifier"})),
    "a verifier with one bit changed": frozenset({"code_verifier"}),
    "the verifier of a parallel login": frozenset({"code_verifier"}),
    "the challenge as verifier": frozenset({"code_verifier"}),
    "by another client": IDENTIFICATION,
    OTHER_REDIRECT: frozenset({"redirect_uri"}),
    **dict.fromkeys(NO_REDIRECT, frozenset({"redirect_uri"})),
    WITHOUT_CHALLENGE: frozenset({"code_verifier"}),
}


class Attempt(NamedTuple):
    """A redemption with a mistake, and that of the same code without it."""

    mistaken: HttpExchange
    afterwards: HttpExchange

    @property
    def seconds(self) -> float:
        """From the first request until the answer to the second, waits that the target asked for among them."""
        return self.afterwards.began + self.afterwards.seconds - self.mistaken.began

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


@check("TOKEN-02.E2", OWN_REQUIREMENT)
def mistakes_burn_the_code(seen: Record, parameters: Parameters) -> Judgement:
    """RFC 6749 §4.1.2 has a code used at most once; that a failed attempt uses it up, no RFC demands.

    A client that is not known, and a request that lacks a parameter or its value, may be refused before the code is
    looked at (RFC 6749 §3.2, §3.2.1, §5.2): there nothing was redeemed, and no verifier was guessed.
    """
    tried = [attempt for attempt in _attempts(seen) if not _is_refused_unread(attempt.mistaken)]
    complaints = [
        Complaint(f"{attempt.told}: afterwards the code still works", *attempt)
        for attempt in tried
        if attempt.afterwards.status == 200
    ]
    for attempt in tried if not complaints else ():
        if not is_invalid_grant(attempt.afterwards):  # it may be of the request, and the code still good
            raise MissingObservation(f"{attempt.told}: afterwards {short(attempt.afterwards)}, which decides nothing")
        if attempt.seconds > AT_ONCE:
            raise MissingObservation(
                f"{attempt.told}: refused {attempt.seconds:.0f} s later, when codes may have expired"
            )
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
    invalid_request, which RFC 6749 §5.2 defines for just that. A verifier too many may be called so as well: RFC 9700
    §4.8.2 has it refused, by no certain error."""
    invalid_grant = exchange.status == 400 and exchange.json().get("error") == "invalid_grant"
    return (invalid_grant or _is_refused_unread(exchange)) and not gives_token(exchange)


def _is_refused_unread(exchange: HttpExchange) -> bool:
    amiss = exchange.about.get("mistake") in (*NO_VERIFIER, *NO_REDIRECT, WITHOUT_CHALLENGE)
    malformed = exchange.status == 400 and exchange.json().get("error") == "invalid_request"
    return _is_unknown_client(exchange) or (amiss and malformed)


def _left_out(seen: Record, attempts: Iterable[Attempt]) -> str:
    made = {attempt.mistaken.about["mistake"] for attempt in attempts}
    notes = [
        *(["no client has a second redirect URI"] if OTHER_REDIRECT not in made else []),
        *(["no code is given without a challenge"] if WITHOUT_CHALLENGE not in made else []),
        *(["the other client was one that nobody registered"] if only_unknown(seen, MISTAKEN) else []),
    ]
    return f" ({'; '.join(notes)})" if notes else ""
