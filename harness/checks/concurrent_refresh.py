"""Judgements about refresh tokens that are used several times at once, or again because an answer was lost."""

from __future__ import annotations

from urllib.parse import parse_qs

from harness.checks.common import (
    Complaint,
    came,
    clients_of,
    conclude,
    is_invalid_grant,
    puts_off,
    require_answer,
    short,
)
from harness.checks.registry import Parameters, check
from harness.model import Judgement, Verdict
from harness.observations import HttpExchange, LifetimeTable
from harness.observe import MissingObservation, Record

AT_ONCE = "refresh at once"
PARALLEL = 30
WITHIN, AFTER = "lost answer within the grace", "lost answer after the grace"


@check("TOKEN-11.E1", "RFC 9700 §4.14.2, ASVS 5.0.0 15.4.2", "public client")
def one_successor_at_most(seen: Record, parameters: Parameters) -> Judgement:
    complaints: list[str] = []
    put_off: list[HttpExchange] = []
    for client in (clients := clients_of(seen, AT_ONCE, for_want_of="refresh token")):
        answers = _parallel(seen, client)
        successes = [answer for answer in answers if answer.status == 200]
        refused = [answer for answer in answers if answer.status != 200 and not puts_off(answer)]
        put_off += [answer for answer in answers if puts_off(answer)]
        if not successes and len(refused) == len(answers):
            complaints.append(Complaint(f"{client}: none of {len(answers)} succeeded: {short(answers[0])}", answers[0]))
        by_token = {_given(answer): answer for answer in successes}
        if len(by_token) > 1:
            told = f"{client}: {len(successes)} of {len(answers)} succeeded, with {len(by_token)} different successors"
            complaints.append(Complaint(told, *list(by_token.values())[:2]))
        others = [answer for answer in refused if not is_invalid_grant(answer)]
        complaints += [Complaint(f"{client}: {short(answer)}", answer) for answer in others[:1]]
    if put_off and not complaints:
        require_answer(put_off[0])
    return conclude(complaints, f"{', '.join(clients)}: {PARALLEL} refreshes at once gave one successor")


@check("TOKEN-11.E2", "RFC 9700 §4.14.2, ASVS 5.0.0 15.4.1", "public client")
def one_leaf_lives(seen: Record, parameters: Parameters) -> Judgement:
    complaints: list[str] = []
    put_off: list[HttpExchange] = []
    for client in (clients := clients_of(seen, AT_ONCE, for_want_of="refresh token")):
        answers = _parallel(seen, client)
        successes = [answer for answer in answers if answer.status == 200]
        leaves = _leaves(seen, client) if successes else []
        live = [leaf for leaf in leaves if leaf.status == 200]
        later = [answer for answer in answers if puts_off(answer)]
        put_off += later
        if len(live) == 1 or (not live and (later or (len(successes) == 1 and not _grace(seen)))):
            continue
        told = f"{client}: {len(live)} live refresh tokens are left of the session"
        complaints.append(Complaint(told, *(live or leaves or answers)[:3]))
    if put_off and not complaints:
        require_answer(put_off[0])
    return conclude(complaints, f"{', '.join(clients)}: the session has one live refresh token, and no second line")


@check("TOKEN-11.E3", "RFC 9700 §4.14.2, this catalog's own requirement", "public client", "clock")
def a_lost_answer_can_be_had_again(seen: Record, parameters: Parameters) -> Judgement:
    documented = _grace(seen)
    if documented == 0:
        return Judgement(Verdict.NOT_APPLICABLE, "it documents a reuse grace of 0 s: a lost answer cannot be had again")
    complaints: list[str] = []
    for client in (clients := clients_of(seen, f"{WITHIN}: again", for_want_of="refresh token")):
        first, again = _lost(seen, WITHIN, client)
        if again.status != 200 and documented is None:
            told = "nothing is documented of a reuse grace; a description says it by [lifetimes] reuse_grace"
            raise MissingObservation(f"{client}: {short(again)}, and {told}")
        if again.status != 200:
            complaints.append(Complaint(f"{client}: asked again within the grace: {short(again)}", first, again))
        elif _given(again) != _given(first):
            complaints.append(Complaint(f"{client}: the second answer has another successor", first, again))
    return conclude(complaints, f"{', '.join(clients)}: the second answer within the grace has the same successor")


@check("TOKEN-11.E4", "RFC 9700 §4.14.2", "public client", "clock")
def after_the_grace_it_is_theft(seen: Record, parameters: Parameters) -> Judgement:
    complaints: list[str] = []
    for client in (clients := clients_of(seen, f"{AFTER}: again", for_want_of="refresh token")):
        _, again = _lost(seen, AFTER, client)
        successor = require_answer(seen.one(HttpExchange, f"{AFTER}: successor", client=client))
        if not is_invalid_grant(again):
            complaints.append(Complaint(f"{client}: asked again after the grace: {short(again)}", again))
        if not is_invalid_grant(successor):
            complaints.append(Complaint(f"{client}: the successor afterwards: {short(successor)}", again, successor))
    return conclude(
        complaints, f"{', '.join(clients)}: after the grace the token is refused, and its session has ended"
    )


def _parallel(seen: Record, client: str) -> list[HttpExchange]:
    """The answers of the race. Raises MissingObservation unless all came, to requests with the same token."""
    answers = [came(e) for e in seen.of(HttpExchange, AT_ONCE, client=client)]
    if len(answers) < PARALLEL:
        raise MissingObservation(f"{client}: only {len(answers)} refreshes at once")
    if len({_presented(answer) for answer in answers}) != 1:
        raise MissingObservation(f"{client}: the refreshes at once were not made with one and the same token")
    return answers


def _leaves(seen: Record, client: str) -> list[HttpExchange]:
    """What became of the newest token of each line, once all lines had been followed."""
    used = [require_answer(e) for e in seen.of(HttpExchange, "successor used", client=client)]
    last = [e for e in seen if isinstance(e, HttpExchange) and (e.case, e.about.get("client")) == ("leaf used", client)]
    if any(answer.status == 200 for answer in used) and not last:
        raise MissingObservation(f"{client}: the newest tokens of the lines were not used")
    return [require_answer(e) for e in last] or used


def _lost(seen: Record, case: str, client: str) -> tuple[HttpExchange, HttpExchange]:
    """The refresh whose answer was lost, and the same request again."""
    first, again = (
        require_answer(seen.one(HttpExchange, f"{case}: {which}", client=client)) for which in ("first", "again")
    )
    if first.status != 200 or not _given(first):
        raise MissingObservation(f"{client}: the first refresh gave no successor: {short(first)}")
    if _presented(first) != _presented(again):
        raise MissingObservation(f"{client}: the second request was not made with the same token")
    return first, again


def _grace(seen: Record) -> float | None:
    """For how many seconds a lost answer may be asked for again, as the target documents it; None where it does not."""
    tables = [o for o in seen if isinstance(o, LifetimeTable)]
    return max((table.limits["reuse_grace"].seconds for table in tables if "reuse_grace" in table.limits), default=None)


def _given(exchange: HttpExchange) -> str:
    return str(exchange.json().get("refresh_token", ""))


def _presented(exchange: HttpExchange) -> str:
    return parse_qs(exchange.request_body).get("refresh_token", [""])[0]
