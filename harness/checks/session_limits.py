"""Judgements about how long a session of the web client lasts."""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks.common import Complaint, conclude, require_answer, short
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import HttpExchange, LifetimeTable
from harness.observe import MissingObservation, Record

STILL, POLLING, ACTIVE, ONCE = "without traffic", "with background traffic", "active until the end", "active once"
FIRST, BEFORE_IDLE, AFTER_IDLE = "at first", "before the inactivity limit", "after the inactivity limit"
LATER = "the inactivity limit after a page"
BEFORE_END, AFTER_END, PAGE = "before the absolute limit", "after the absolute limit", "a page after the absolute limit"
NEEDS = ("web", "clock", "documented limits of web sessions")


@check("WEB-08.E1", "NIST SP 800-63B-4 §2.2.3, ASVS 5.0.0 7.3.1", *NEEDS)
def inactive_sessions_end(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for user in (STILL, POLLING):
        _require_alive(seen, FIRST, user)
        complaints += _not_ended(_asked(seen, AFTER_IDLE, user))
    return conclude(complaints, "sessions without their user ended at the inactivity limit, whatever their pages did")


@check("WEB-08.E2", "NIST SP 800-63B-4 §2.2.3, ASVS 5.0.0 7.3.2", *NEEDS)
def active_sessions_end_too(seen: Record, parameters: Parameters) -> Judgement:
    _require_alive(seen, AFTER_IDLE, ACTIVE)
    complaints = _not_ended(_asked(seen, AFTER_END, ACTIVE))
    page = require_answer(seen.one(HttpExchange, PAGE, user=ACTIVE))
    if page.status == 200:
        complaints.append(Complaint(f"{PAGE}: it is shown without a new login", page))
    return conclude(complaints, "the session ended at the absolute limit although its user was active")


@check("WEB-08.E3", "ASVS 5.0.0 7.3.1, OWASP Session CS: Automatic Session Expiration", *NEEDS)
def activity_extends_the_idle_timer_alone(seen: Record, parameters: Parameters) -> Judgement:
    complaints = [complaint for user in (ACTIVE, ONCE) for complaint in _ended(_asked(seen, AFTER_IDLE, user))]
    complaints += _not_ended(_asked(seen, LATER, ONCE))
    return conclude(complaints, "a page looked at began the inactivity limit anew, once")


@check("WEB-08.E4", "ASVS 5.0.0 7.1.1", *NEEDS)
def the_limits_are_those_documented(seen: Record, parameters: Parameters) -> Judgement:
    table = seen.one(LifetimeTable, "documented limits")
    complaints = [complaint for user in (STILL, POLLING) for complaint in _ended(_asked(seen, BEFORE_IDLE, user))]
    complaints += _ended(_asked(seen, BEFORE_END, ACTIVE))
    for name, most in (("web_idle", "session_idle"), ("web_absolute", "session_absolute")):
        stated = table.limits[name]
        if stated.seconds > parameters[most].value:
            told = f"{name}: documented are {stated.seconds:g} s, and the policy allows {parameters[most].value:g} s"
            complaints.append(Complaint(told, table))
        if not stated.justification:
            complaints.append(Complaint(f"{name}: documented without a justification", table))
    return conclude(complaints, "sessions lasted as long as is documented, which the policy allows")


def _asked(seen: Record, case: str, user: str) -> HttpExchange:
    return require_answer(seen.one(HttpExchange, case, user=user))


def _require_alive(seen: Record, case: str, user: str) -> None:
    if (answer := _asked(seen, case, user)).status != 200:
        raise MissingObservation(f"{case}, {user}: {short(answer)}, so there was no session to end")


def _not_ended(answer: HttpExchange) -> list[Complaint]:
    """Refused is 401; a redirect is how a page refuses (to its login)."""
    if answer.status in (401, 302, 303):
        return []
    told = f"{answer.case}, {answer.about['user']}: {short(answer)} after {answer.about.get('after', '?')} s"
    return [Complaint(told, answer)]


def _ended(answer: HttpExchange) -> Iterator[Complaint]:
    if answer.status != 200:
        told = f"{answer.case}, {answer.about['user']}: {short(answer)} after {answer.about.get('after', '?')} s"
        yield Complaint(told, answer)
