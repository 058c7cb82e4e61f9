"""Judgements about which account a login leads to: the upstream's issuer and subject decide, and no e-mail address."""

from __future__ import annotations

from harness.checks.common import Complaint, conclude, ends, require_answer, short
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import HttpExchange
from harness.observe import MissingObservation, Record

FIRST, AGAIN = "the first login", "the same login again"
CHANGED = "the same subject with another e-mail"
UNVERIFIED = ("another subject, unverified e-mail", "another subject, nothing said of the e-mail")
OTHERS = (
    "another subject, verified e-mail",
    "another subject, e-mail in small letters",
    "the same subject of another upstream",
)


@check("TOKEN-21.E1", "ASVS 5.0.0 6.8.1, 10.5.2, OIDC Core 1.0 §5.7", "admin")
def nobody_else_reaches_the_account(seen: Record, parameters: Parameters) -> Judgement:
    first = _first(seen)
    reached = [
        Complaint(f"{case}: it reaches the first login's account", *shown)
        for case in (*UNVERIFIED, *OTHERS)
        for account, *shown in [_account(seen, case)]
        if account == first
    ]
    return conclude(reached, f"{len(UNVERIFIED) + len(OTHERS)} other identities reach no account but their own")


@check("TOKEN-21.E2", "ASVS 5.0.0 10.5.2, OIDC Core 1.0 §5.7", "admin")
def a_changed_address_changes_no_account(seen: Record, parameters: Parameters) -> Judgement:
    first = _first(seen)
    account, *shown = _account(seen, CHANGED)
    if account == first:
        return conclude([], "the same subject with another e-mail address reaches the same account")
    told = "another account" if account else f"none: {short(shown[0])}"
    return conclude([Complaint(f"{CHANGED}: it reaches {told}", *shown)], "")


@check("TOKEN-21.E3", "ASVS 5.0.0 6.8.1, 10.3.3", "admin")
def an_unverified_address_opens_nothing(seen: Record, parameters: Parameters) -> Judgement:
    first = _first(seen)
    complaints, told = [], []
    for case in UNVERIFIED:
        account, *shown = _account(seen, case)
        told.append("a separate account" if account else "a refusal")
        if account == first:
            complaints.append(Complaint(f"{case}: it logs in to the account of the address", *shown))
    return conclude(complaints, f"an address that nobody verified leads to {' and '.join(dict.fromkeys(told))}")


def _first(seen: Record) -> str:
    """The account of the first login. Raises MissingObservation unless a second one of the same identity reached it:
    what tells every login apart shows nothing."""
    (first, *_), (again, *_) = _account(seen, FIRST), _account(seen, AGAIN)
    if not first or first != again:
        raise MissingObservation("two logins of one identity were not seen to reach one account")
    return first


def _account(seen: Record, case: str) -> tuple[str, *tuple[HttpExchange, ...]]:
    """Whose account a login led to, with what shows it; "" where the issuer refused it."""
    (end,) = ends(seen.of(HttpExchange, "login", login=case))
    if "code" not in end.location_parameters():
        return "", end
    answer = require_answer(seen.one(HttpExchange, "account", login=case))
    account = answer.json().get("sub")
    if answer.status != 200 or not isinstance(account, str):
        raise MissingObservation(f"{case}: the API does not say whose account it is: {short(answer)}")
    return account, answer
