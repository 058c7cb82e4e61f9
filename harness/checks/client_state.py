"""Judgements about the state by which a client knows the answers to its own sign-ins."""

from __future__ import annotations

from collections.abc import Iterable

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import CallbackDelivery, HttpExchange, SecretSample
from harness.observe import MissingObservation, Record

USER, ATTACKER = "the user", "the attacker"
RIGHT, HIS_OWN = "the right answer", "the attacker's own answer"
REPLAY = "the right answer once more"
SILENT = ("no state", "a random state", "an answer that comes too late", "the attacker's answer in another browser")
SWAPPED = ("the second browser's answer in the first", "the first browser's answer in the second")
INJECTED = "the attacker's code with the user's state"
SAMPLES, BITS = 1000, 128


@check("TOKEN-05.E1", "RFC 6749 §10.12, RFC 9700 §2.1, §4.7.1", "relying party")
def only_its_own_answer_makes_a_token_request(seen: Record, parameters: Parameters) -> Judgement:
    _require_listening(seen)
    complaints: list[str] = []
    for case in (*SILENT, *SWAPPED, REPLAY):
        delivered = _delivered(seen, case)
        if sum(delivered.token_requests.values()):
            complaints.append(Complaint(f"{case}: a token request was made", delivered, *_exchanges(seen, case)))
        if delivered.signed_in and case != REPLAY:
            complaints.append(Complaint(f"{case}: somebody is signed in", delivered, *_exchanges(seen, case)))
    injected = _delivered(seen, INJECTED)
    if sum(injected.token_requests.values()) > 1 or injected.signed_in:
        complaints.append(Complaint(f"{INJECTED}: it did not fail", injected, *_exchanges(seen, INJECTED)))
    return conclude(complaints, "none of these answers made a token request that was of use")


@check("TOKEN-05.E2", "RFC 6749 §10.12, RFC 9700 §4.7.1", "relying party")
def nobody_becomes_the_attacker(seen: Record, parameters: Parameters) -> Judgement:
    attacker = _require_listening(seen)
    cases = (*SILENT, *SWAPPED, REPLAY, INJECTED)
    complaints = [
        Complaint(f"{case}: the attacker's account is signed in", delivered, *_exchanges(seen, case))
        for case in cases
        if (delivered := _delivered(seen, case)).account == attacker
    ]
    return conclude(complaints, f"after {len(cases)} deliveries nobody was signed in as the attacker")


@check("TOKEN-05.E3", "RFC 6749 §10.10, ASVS 5.0.0 10.1.2", "relying party")
def states_cannot_be_guessed(seen: Record, parameters: Parameters) -> Judgement:
    complaints: list[str] = []
    samples = seen.of(SecretSample, "states")
    for sample in samples:
        client = sample.about.get("client", "")
        if sample.count < SAMPLES:
            raise MissingObservation(f"{client}: only {sample.count} states were sampled, and {SAMPLES} count")
        if sample.distinct < sample.count:
            complaints.append(Complaint(f"{client}: {sample.count - sample.distinct} states came again", sample))
        if sample.bits < BITS:
            complaints.append(Complaint(f"{client}: states hold {sample.bits:.0f} bits at most", sample))
    told = ", ".join(f"{sample.about.get('client', '')} {sample.bits:.0f} bits" for sample in samples)
    return conclude(complaints, f"{SAMPLES} states without a repetition: {told}")


@check("TOKEN-05.E4", "this catalog's own requirement (no RFC makes it)", "relying party")
def a_refusal_is_told_and_leads_on(seen: Record, parameters: Parameters) -> Judgement:
    complaints: list[str] = []
    for case in (*SILENT, INJECTED):
        delivered = _delivered(seen, case)
        shown = (delivered, *_exchanges(seen, case))
        if delivered.signed_in:
            continue  # E1 tells of it
        if not delivered.message:
            complaints.append(Complaint(f"{case}: the user is told nothing", *shown))
        if not delivered.offers_login:
            complaints.append(Complaint(f"{case}: nothing offers a new login", *shown))
    return conclude(complaints, "each refusal is told to the user, and leads on to a new login")


def _require_listening(seen: Record) -> str:
    """The attacker's name as the client shows it. Raises MissingObservation unless right answers were seen to sign in
    the one whose they were, each by a token request that was heard."""
    right, his = _delivered(seen, RIGHT), _delivered(seen, HIS_OWN)
    for delivered in (right, his):
        if not delivered.signed_in or not delivered.token_requests.get("honest"):
            raise MissingObservation(f"{delivered.case}: it signed nobody in by a token request that was heard")
    if not his.account or his.account == right.account:
        raise MissingObservation("the client does not tell the attacker's account from the user's")
    return his.account


def _delivered(seen: Record, case: str) -> CallbackDelivery:
    delivered = seen.one(CallbackDelivery, case)
    if delivered.status is None and not delivered.nobody_there:
        raise MissingObservation(f"{case}: the client did not answer")
    return delivered


def _exchanges(seen: Record, case: str) -> Iterable[HttpExchange]:
    """The callback, and the token requests that followed it."""
    roles = ("callback", "tap")
    return [e for e in seen if isinstance(e, HttpExchange) and e.case == case and e.about.get("role") in roles]
