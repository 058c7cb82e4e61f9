"""Judgements about access tokens that the issuer signed, and in which one thing is not as it should be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.checks.common import Complaint, conclude, require_answer
from harness.checks.forgeries import AFTERWARDS, GENUINE, accepts, facts_of, refuses, require_genuine, told
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import HttpExchange, TokenFacts
from harness.observe import MissingObservation, Record

TIMES = "a token with times"
LIVING = ("about to expire", "to be used now", "by a clock that is 5 minutes slow")
OVER = (
    "expired, and the leeway over",
    "expired two minutes ago",
    "expired five minutes ago",
    "expired an hour ago",
    "expired a day ago",
    "expired, the end with a fraction",
)
LADDER = ("about to expire", "just expired", "expired half the leeway ago", *OVER)
NO_END = ("without an end", "an end that is text", "an end in milliseconds", "an end beyond any lifetime")
FUTURE = (
    "not to be used yet",
    "not to be used yet, by a fraction",
    "made tomorrow",
    "made just beyond the leeway",
    "by a clock that is 5 minutes fast",
)
AUDIENCE = "a token for an audience"
OWN = ("its own", "a list with its own")
OTHERS = (
    "a list without its own",
    "another API",
    "a client",
    "its own with something after it",
    "its own with something before it",
    "its own without the last letter",
    "its own in other letters",
    "its own with a slash",
    "a text with its own in it",
    "none",
    "an empty list",
    "a list of lists",
    "a number",
)
OF_CLIENT = "a token of a client"
TYPED, KIND = "a token of a type", "another token of the login"
ACCESS_TYPE = "at+jwt"
OTHER_TYPES = ("JWT", "secevent+jwt", "logout+jwt", "dpop+jwt", "none")


def signed(seen: Record, case: str, entry: str, names: Iterable[str]) -> list[HttpExchange]:
    """What was answered to each of these tokens. Raises MissingObservation where one was not presented, or where its
    signature does not hold: then it was refused for that."""
    found = [require_answer(seen.one(HttpExchange, case, **{entry: name})) for name in names]
    for exchange in found:
        if not facts_of(seen, exchange).signed_by:
            raise MissingObservation(f"{exchange.about[entry]}: no key that the issuer publishes signed it")
    return found


def taken(found: Iterable[HttpExchange], entry: str) -> list[Complaint]:
    return [Complaint(f"{e.about[entry]}: taken {told(e)}", e) for e in found if not refuses(e)]


def not_taken(found: Iterable[HttpExchange], entry: str) -> list[Complaint]:
    return [Complaint(f"{e.about[entry]}: not taken {told(e)}", e) for e in found if not accepts(e)]


@check("TOKEN-14.E1", "RFC 9068 §4, RFC 7519 §4.1.4", "api", "signing key", "clock")
def expired_tokens_are_refused(seen: Record, parameters: Parameters) -> Judgement:
    living, over = signed(seen, TIMES, "time", LIVING), signed(seen, TIMES, "time", OVER)
    leeway = parameters["leeway"].value
    for exchange in over:
        if _age(seen, exchange) < leeway:
            raise MissingObservation(f"{exchange.about['time']}: it expired {_age(seen, exchange):g} s ago only")
    complaints = [*not_taken(living, "time"), *taken(over, "time")]
    return conclude(complaints, f"{len(living)} living tokens were taken, {len(over)} that expired were refused")


def _age(seen: Record, exchange: HttpExchange) -> float:
    """Seconds since the end of the token, by the target's clock, when it was sent."""
    return float(exchange.about["sent"]) - float(facts_of(seen, exchange).claims["exp"])


def _all_refused(seen: Record, times: Sequence[str], words: str) -> Judgement:
    """None of these was taken, while the genuine token was, before and after."""
    complaints = taken(signed(seen, TIMES, "time", times), "time")
    if not complaints:
        require_genuine(seen, GENUINE, AFTERWARDS)
    return conclude(complaints, f"{len(times)} {words}")


@check("TOKEN-14.E2", "RFC 9068 §2.2, §4, RFC 7519 §4.1.4, RFC 6750 §5.3", "api", "signing key", "clock")
def a_token_has_an_end(seen: Record, parameters: Parameters) -> Judgement:
    return _all_refused(seen, NO_END, "tokens without a sensible end were refused")


@check("TOKEN-14.E3", "RFC 7519 §4.1.5, ASVS 5.0.0 9.2.1", "api", "signing key", "clock")
def the_future_is_refused(seen: Record, parameters: Parameters) -> Judgement:
    return _all_refused(seen, FUTURE, "tokens of the future were refused")


@check("TOKEN-14.E4", "RFC 9068 §4, RFC 7519 §4.1.4", "api", "signing key", "clock")
def the_leeway_is_short(seen: Record, parameters: Parameters) -> Judgement:
    """The leeway lies between the age of the oldest token that was taken and that of the youngest that was refused."""
    found, leeway = signed(seen, TIMES, "time", LADDER), parameters["leeway"].value
    ages = [(_age(seen, e), e) for e in found]
    took = [(age, e) for age, e in ages if accepts(e)]
    left = [age for age, e in ages if not accepts(e)]
    if not took:
        raise MissingObservation("no token was taken, not even one that lives")
    oldest, exchange = max(took, key=lambda one: one[0])
    beyond = f"{min(left):.0f} s" if left else "any age that was tried"
    tale = f"the leeway is more than {max(oldest, 0):.0f} s and less than {beyond}"
    return conclude([Complaint(tale, exchange)] if oldest > leeway else [], tale)


@check("TOKEN-17.E1", "RFC 9068 §4, RFC 8725 §3.9", "api", "signing key", "audience")
def only_its_own_audience(seen: Record, parameters: Parameters) -> Judgement:
    own, others = signed(seen, AUDIENCE, "audience", OWN), signed(seen, AUDIENCE, "audience", OTHERS)
    complaints = [*not_taken(own, "audience"), *taken(others, "audience")]
    return conclude(complaints, f"{len(own)} tokens for the API were taken, {len(others)} for others were refused")


@check("TOKEN-17.E2", "RFC 9068 §2.2, RFC 9700 §2.3", "api", "signing key", "audience")
def tokens_of_clients_are_for_the_api(seen: Record, parameters: Parameters) -> Judgement:
    complaints, clients = [], set()
    facts = {one.token: one for one in seen.of(TokenFacts)}
    for answer in seen.of(HttpExchange, OF_CLIENT):
        token = facts.get(str(require_answer(answer).json().get("access_token", "")))
        if token is None or token.form != "jwt":
            raise MissingObservation(f"{answer.about['client']}: its access token was not read")
        audience, own = token.claims.get("aud"), answer.about["own"]
        clients.add(answer.about["client"])
        if own not in (audience if isinstance(audience, list) else [audience]):
            told = f"{answer.about['client']}, at {answer.about['moment']}: its token is for {audience!r}, not {own!r}"
            complaints.append(Complaint(told, answer, token))
    return conclude(complaints, f"the access tokens of {', '.join(sorted(clients))} are for the API")


@check("TOKEN-18.E1", "RFC 9068 §2.1, §4, RFC 8725 §3.11, §3.12", "api")
def only_access_tokens_are_taken(seen: Record, parameters: Parameters) -> Judgement:
    """Of an issuer whose key the harness lacks only what its logins give can be presented: that may fail, not pass."""
    kinds = [o for o in seen if isinstance(o, HttpExchange) and o.case == KIND]
    complaints = taken([require_answer(e) for e in kinds], "kind")
    if not seen.lacks("signing key") and not seen.lacks("jwt access token"):
        complaints += not_taken(signed(seen, TYPED, "typ", (ACCESS_TYPE,)), "typ")
        complaints += taken(signed(seen, TYPED, "typ", OTHER_TYPES), "typ")
    elif not complaints:
        told = "tokens of other types, signed by the issuer's key, could not be presented"
        raise MissingObservation(told, "signing key", "jwt access token")
    if not complaints:
        require_genuine(seen, GENUINE, AFTERWARDS)
    names = [e.about["kind"] for e in kinds] + list(OTHER_TYPES)
    return conclude(complaints, f"{', '.join(dict.fromkeys(names))}: refused")
