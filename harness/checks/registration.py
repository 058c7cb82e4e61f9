"""Judgements about what is registered at one stage and must be unknown to the others."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations

from harness.checks.common import Complaint, conclude, ends, not_an_error_page, require_answer, short
from harness.checks.registry import Parameters, check
from harness.model import STAGES, Judgement
from harness.observations import HttpExchange, TokenFacts
from harness.observe import MissingObservation, Record

PAIRS = tuple(permutations(STAGES, 2))
WAYS = ("resource", "audience")  # by which a token for another API is asked for
REFUSALS = ("invalid_target", "invalid_request")


@check("STAGE-10.E1", "RFC 9700 §2.1, RFC 6749 §4.1.2.1", "registration of one stage alone")
def foreign_registrations_get_an_error_page(seen: Record, parameters: Parameters) -> Judgement:
    _own_are_known(seen)
    asked = seen.of(HttpExchange)
    foreign = ends((e for e in asked if e.case == "foreign redirect URI"), "stage", "origin", "client", "uri")
    _each_pair(seen, foreign)
    clients = ends((e for e in asked if e.case == "foreign client"), "stage", "origin", "client")
    if not foreign and not clients:
        raise MissingObservation("no stage was asked with what another has registered")
    complaints = [
        Complaint(f"{e.about['stage']}, the {e.case} of {e.about['origin']} ({_which(e)}): {wrong}", e)
        for e in (*foreign, *clients)
        if (wrong := not_an_error_page(e))
    ]
    told = f"{len(foreign)} redirect URIs and {len(clients)} clients of other stages got an error page"
    return conclude(complaints, told)


@check("STAGE-10.E2", "RFC 9700 §2.6, RFC 8252 §8.3")
def no_answer_travels_unencrypted(seen: Record, parameters: Parameters) -> Judgement:
    known = _own_are_known(seen)
    found = ends(seen.of(HttpExchange, "unencrypted redirect URI"), "stage", "client", "shape")
    if absent := known - {(e.about["stage"], e.about["client"]) for e in found}:
        raise MissingObservation(f"{' at '.join(sorted(absent)[0][::-1])} was asked with no unencrypted redirect URI")
    complaints = [
        Complaint(f"{e.about['stage']}, {e.about['client']}, {e.about['shape']}: {wrong}", e)
        for e in found
        if (wrong := not_an_error_page(e))
    ]
    return conclude(complaints, f"{len(found)} unencrypted redirect URIs got an error page")


@check("STAGE-10.E3", "RFC 8707 §2, RFC 9068 §3", "api", "jwt access token")
def tokens_are_for_the_own_api(seen: Record, parameters: Parameters) -> Judgement:
    """A token for the other API, or one that does not say for which, is the failure. An issuer that does not know the
    parameter has to ignore it (RFC 6749 §3.2): a token for whom a login at home gives one is as good, also where both
    stages call that the same, as a client's id."""
    refused, ignored, complaints = 0, 0, []
    for stage, other in PAIRS:
        for exchange in _asked_for(seen, stage, other):
            if exchange.status != 200:
                refused += 1
                if exchange.status != 400 or exchange.json().get("error") not in REFUSALS:
                    complaints.append(Complaint(f"{stage}, {exchange.case}: {short(exchange)}", exchange))
                continue
            token = seen.one(TokenFacts, exchange.case, stage=stage)
            others = {exchange.about["target"], *_audiences(seen, other)} - {*_audiences(seen, stage)}
            named = _named(token)
            if not named or others & {*named}:
                told = f"{stage}, {exchange.case}: given, for {', '.join(named) or 'nobody'}"
                complaints.append(Complaint(told, exchange, token))
            ignored += 1
    return conclude(complaints, f"{refused} requests for another API were refused, {ignored} given a token of the own")


def _own_are_known(seen: Record) -> set[tuple[str, str]]:
    """The clients by stage. Raises MissingObservation unless each stage answers what is registered there."""
    found = ends(seen.of(HttpExchange, "own registration"), "stage", "client")
    refused = [e for e in found if e.status is None or e.status >= 400]
    if refused or {e.about["stage"] for e in found} != set(STAGES):
        told = short(refused[0]) if refused else "it was not asked"
        raise MissingObservation(f"a stage's own registration is not shown to work: {told}")
    return {(e.about["stage"], e.about["client"]) for e in found}


def _each_pair(seen: Record, found: Iterable[HttpExchange]) -> None:
    """Raises MissingObservation unless each pair of stages was tried that has a redirect URI to try."""
    asked = {(e.about["stage"], e.about["origin"]) for e in found}
    wanted = {
        (stage, origin)
        for stage, origin in PAIRS
        if not seen.lacks(f"redirect URI of {origin} that is foreign to {stage}")
    }
    if absent := wanted - asked:
        raise MissingObservation(f"redirect URI: {len(absent)} pairs of stages were not tried")


def _asked_for(seen: Record, stage: str, other: str) -> list[HttpExchange]:
    """The requests at a stage for tokens of another, by each way that the other's tokens name; one at the least."""
    cases = {f"a token for {other}, by {way}" for way in WAYS}
    found = [e for e in seen.of(HttpExchange) if e.case in cases and e.about.get("stage") == stage]
    if not found:
        raise MissingObservation(f"{stage} was not asked for a token of {other}")
    return [require_answer(e) for e in ends(found, "stage")]


def _audiences(seen: Record, stage: str) -> list[str]:
    return _named(seen.one(TokenFacts, "a login at home", stage=stage))


def _named(token: TokenFacts) -> list[str]:
    """For whom the token is (RFC 7519 §4.1.3)."""
    named = token.claims.get("aud")
    return [str(one) for one in (named if isinstance(named, list) else [named]) if one]


def _which(exchange: HttpExchange) -> str:
    """The client, and the redirect URI where there are several."""
    return " ".join(filter(None, (exchange.about["client"], exchange.about.get("uri", ""))))
