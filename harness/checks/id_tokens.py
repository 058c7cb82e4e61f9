"""Judgements about ID tokens: what a client makes of one that does not hold (OpenID Connect Core 1.0 §3.1.3.7)."""

from __future__ import annotations

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import CallbackDelivery, HttpExchange
from harness.observe import MissingObservation, Record

SOUND = "nothing"
MISTAKES = (
    "no ID token",
    "no nonce",
    "the nonce of an earlier login",
    "the audience of another client",
    "an audience besides",
    "the issuer of another stage",
    "expired",
    "a wrong signature",
    "an unknown key",
    "no signature",
)
ACCESS_TOKENS = ("the access token", "an access token for the client, with the nonce")
AFTERWARDS = "{mistake}: the right answer afterwards"


@check("TOKEN-07.E1", "OIDC Core 1.0 §3.1.3.7, ASVS 5.0.0 10.5.1, 10.5.4", "relying party")
def a_bad_id_token_signs_nobody_in(seen: Record, parameters: Parameters) -> Judgement:
    _require_sound(seen)
    complaints = [
        Complaint(f"{mistake}: somebody is signed in", delivered, *_exchanges(seen, mistake))
        for mistake in MISTAKES
        if (delivered := _tried(seen, mistake)).signed_in
    ]
    return conclude(complaints, f"{len(MISTAKES)} mistakes in ID tokens signed nobody in")


@check("TOKEN-07.E2", "OIDC Core 1.0 §15.5.2, RFC 9700 §4.5.3.2", "relying party")
def the_sign_in_ends_with_a_bad_id_token(seen: Record, parameters: Parameters) -> Judgement:
    _require_sound(seen)
    complaints = []
    for mistake in MISTAKES:
        _tried(seen, mistake)
        late = _delivered(seen, AFTERWARDS.format(mistake=mistake))
        if late.signed_in or late.token_requests.get("attacker"):
            told = "a right answer signed somebody in" if late.signed_in else "the code was sent once more"
            complaints.append(Complaint(f"after {mistake}: {told}", late, *_exchanges(seen, late.case)))
    return conclude(complaints, "each sign-in had ended, and the right answer came too late")


@check("TOKEN-07.E3", "OIDC Core 1.0 §3.1.3.5, ASVS 5.0.0 10.5.1", "relying party")
def no_access_token_of_a_bad_answer_is_used(seen: Record, parameters: Parameters) -> Judgement:
    if not _require_sound(seen).api_calls:
        raise MissingObservation("no call of the API was seen after a sound ID token: nothing shows that one would be")
    complaints = [
        Complaint(f"{mistake}: the access token was used {delivered.api_calls} times", delivered)
        for mistake in MISTAKES
        if (delivered := _tried(seen, mistake)).api_calls
    ]
    return conclude(complaints, f"with {len(MISTAKES)} mistakes in ID tokens the API was never called")


@check("TOKEN-18.E2", "RFC 9068 §2.1, RFC 8725 §3.11, §3.12", "relying party")
def no_access_token_is_taken_for_an_id_token(seen: Record, parameters: Parameters) -> Judgement:
    _require_sound(seen)
    complaints = []
    for token in ACCESS_TOKENS:
        delivered, exchanges = _tried(seen, token), _exchanges(seen, token)
        if not any(_is_both(exchange) for exchange in exchanges):
            raise MissingObservation(f"{token}: the answer with it in the ID token's place was not seen")
        if delivered.signed_in:
            told = f"{token} signed somebody in, in the place of an ID token"
            complaints.append(Complaint(told, delivered, *exchanges))
    return conclude(complaints, "access tokens in the place of ID tokens signed nobody in")


def _is_both(exchange: HttpExchange) -> bool:
    """Whether one token was given as access token and as ID token."""
    answer = exchange.json() if exchange.about.get("role") == "tap" else {}
    return bool(answer.get("id_token")) and answer["id_token"] == answer.get("access_token")


def _require_sound(seen: Record) -> CallbackDelivery:
    """Raises MissingObservation unless a sound ID token signed somebody in: what takes none refuses the others too."""
    delivered = _delivered(seen, SOUND)
    if not delivered.signed_in or not delivered.token_requests.get("attacker"):
        raise MissingObservation("a sound ID token signed nobody in")
    return delivered


def _tried(seen: Record, mistake: str) -> CallbackDelivery:
    """The delivery. Raises MissingObservation unless the client came for the tokens, and so met the mistake."""
    delivered = _delivered(seen, mistake)
    if not delivered.token_requests.get("attacker"):
        raise MissingObservation(f"{mistake}: the client did not come for the tokens")
    return delivered


def _delivered(seen: Record, case: str) -> CallbackDelivery:
    delivered = seen.one(CallbackDelivery, case)
    if delivered.status is None and not delivered.nobody_there:
        raise MissingObservation(f"{case}: the client did not answer")
    return delivered


def _exchanges(seen: Record, case: str) -> list[HttpExchange]:
    roles = ("callback", "tap")
    return [e for e in seen if isinstance(e, HttpExchange) and e.case == case and e.about.get("role") in roles]
