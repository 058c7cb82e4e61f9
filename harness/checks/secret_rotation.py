"""Judgements about the rotation of keys and secrets."""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks.common import Complaint, conclude, require_answer, short
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import HttpExchange, RotationPlan, TokenFacts
from harness.observe import MissingObservation, Record

LOAD = (
    "load: code",
    "load: refresh",
    "load: API",
    "load: answer that gets lost",
    "load: the lost answer again",
    "load: refresh after the lost answer",
)
ROTATED = {"signing-key", "client-secret", "refresh-key", "subject-key"}


@check("OPS-02.E1", "ASVS 13.3.4, RFC 9700 §2.6", "admin", "clock")
def no_request_failed(seen: Record, parameters: Parameters) -> Judgement:
    _require_rotations(seen)
    exchanges = seen.of(HttpExchange, *LOAD)
    _require_old_and_new(seen)
    complaints = [
        Complaint(f"{e.case[6:]} at {_after(seen, e)}: {short(e) if e.status else e.error}", e)
        for e in exchanges
        if e.status != 200
    ]
    return conclude(complaints, f"{len(exchanges)} requests before, during and after 5 rotations: none failed")


def _require_rotations(seen: Record) -> None:
    """Every secret was rotated, and one rotation was taken back."""
    rotated = {plan.secret for plan in seen.of(RotationPlan, "planned rotation")}
    if absent := ROTATED - rotated:
        raise MissingObservation(f"not rotated: {', '.join(sorted(absent))}")
    seen.one(RotationPlan, "taken back")


def _require_old_and_new(seen: Record) -> None:
    """The load went on over the change of the signing key."""
    change = _signing(seen)
    moments = [float(e.about["at"]) for e in seen.of(HttpExchange, "load: API")]
    if not min(moments) < change.used_from < max(moments):
        raise MissingObservation("no load on both sides of the signing key's change")


def _signing(seen: Record) -> RotationPlan:
    return next(p for p in seen.of(RotationPlan, "planned rotation") if p.secret == "signing-key")


def _after(seen: Record, exchange: HttpExchange) -> str:
    """When it was, by the signing key's planned rotation."""
    seconds = float(exchange.about.get("at", "nan")) - _signing(seen).at
    return f"{seconds:.0f} s after the rotation was announced"


@check("OPS-02.E2", "RFC 9700 §2.6, ASVS 13.3.4", "admin", "clock")
def new_keys_are_published_before_use(seen: Record, parameters: Parameters) -> Judgement:
    cache = parameters["jwks_cache"].value
    plan = _signing(seen)
    snapshots = [(float(e.about["at"]), e) for e in seen.of(HttpExchange, "published keys")]
    signed = _first_signed(seen, plan.generation)
    published = [(at, e) for at, e in snapshots if plan.generation in _kids(e)]
    if not published:
        return conclude([Complaint("the new key signs and is not published", signed)], "")
    first, shown_by = published[0]
    lead = float(signed.claims["iat"]) - first
    told = f"published {lead:.0f} s before its first token; verifiers may keep the old keys for {cache:g} s"
    return conclude([Complaint(told, signed, shown_by)] if lead < cache else [], told)


def _first_signed(seen: Record, kid: str) -> TokenFacts:
    found = [facts for facts in seen.of(TokenFacts, "load: token") if facts.header.get("kid") == kid]
    if not found:
        raise MissingObservation("no token was signed with the new key")
    return min(found, key=lambda facts: float(facts.claims["iat"]))


def _kids(exchange: HttpExchange) -> list[str]:
    keys = require_answer(exchange).json().get("keys")
    return [str(key.get("kid")) for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []


@check("OPS-02.E3", "ASVS 13.3.4, RFC 6749 §5.2, RFC 9068 §4", "admin", "clock")
def the_old_ends(seen: Record, parameters: Parameters) -> Judgement:
    _control(seen, "the new secret after that", "a token of the newest key after that")
    secret = require_answer(seen.one(HttpExchange, "the old secret after its end"))
    token = require_answer(seen.one(HttpExchange, "a token of the old key after its end"))
    complaints = []
    if (secret.status, secret.json().get("error")) != (401, "invalid_client"):
        complaints.append(Complaint(f"the old client secret: {short(secret)}, not 401 invalid_client", secret))
    if token.status != 401:
        complaints.append(Complaint(f"a token of the old signing key: {short(token)}, not 401", token))
    return conclude(complaints, "the old client secret is an invalid_client, a token of the old key is refused")


def _control(seen: Record, *cases: str) -> None:
    """What must work for a refusal to mean anything."""
    for case in cases:
        answer = require_answer(seen.one(HttpExchange, case))
        if answer.status != 200:
            raise MissingObservation(f"{case}: {short(answer)}, so a refusal says nothing")


@check("OPS-02.E4", "RFC 9700 §2.6, ASVS 13.3.4", "admin", "clock")
def withdrawn_keys_are_worthless(seen: Record, parameters: Parameters) -> Judgement:
    _control(seen, "before the withdrawal", "a new token after the withdrawal")
    complaints = list(_still_taken(seen))
    refreshed = require_answer(seen.one(HttpExchange, "withdrawn: refresh token"))
    if refreshed.status != 400:
        complaints.append(Complaint(f"a refresh token of the withdrawn key: {short(refreshed)}", refreshed))
    kid = str(seen.one(TokenFacts, "before the withdrawal").header.get("kid"))
    keys = seen.one(HttpExchange, "published keys after the withdrawal")
    if not kid or kid in _kids(keys):
        complaints.append(Complaint("the withdrawn key is still published", keys))
    bound = parameters["jwks_cache"].value
    return conclude(complaints, f"{bound:g} s after the withdrawal every route refuses what the old keys made")


def _still_taken(seen: Record) -> Iterator[Complaint]:
    for how in ("issued", "forged"):
        first = require_answer(seen.one(HttpExchange, "withdrawn: API", token=how))
        listed = int(first.about["elsewhere"])
        others = seen.of(HttpExchange, "withdrawn: elsewhere", token=how) if listed else ()
        if len(others) < listed:
            raise MissingObservation(f"only {len(others)} of {listed} other routes were asked")
        for answer in map(require_answer, (first, *others)):
            if answer.status != 401:
                yield Complaint(f"a token {how} with the withdrawn key: {short(answer)}, not 401", answer)
