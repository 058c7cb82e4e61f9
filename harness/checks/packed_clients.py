"""Judgements about packed clients that somebody tries to lead elsewhere."""

from __future__ import annotations

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations.builds import PackedLogin, StageSelector
from harness.observe import MissingObservation, Record

CLIENTS = ("desktop", "web")
LOGIN = "an attacked login"
WAYS = ("message", "form")  # by IPC, and by the page


@check("STAGE-09.E1", "ASVS 5.0.0 13.2.4, RFC 9700 §4.9.1")
def nothing_reaches_the_attacker(seen: Record, parameters: Parameters) -> Judgement:
    complaints, attacks = [], 0
    for login in _logins(seen):
        if not login.listened:
            raise MissingObservation(f"{login.about['client']}: nobody listened at the attacker's address")
        attacks += len(login.attacks)
        if login.connections:
            told = f"{login.about['client']}: {login.connections} connections reached the attacker"
            complaints.append(Complaint(told, login))
    return conclude(complaints, f"{attacks} ways to lead a client elsewhere brought the attacker no connection")


@check("STAGE-09.E2", "ASVS 5.0.0 10.5.3")
def logins_go_where_the_build_says(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for login in _logins(seen):
        client = login.about["client"]
        if not login.started:
            complaints.append(Complaint(f"{client}: it does not start any more ({login.error})", login))
        elif login.login != login.configured:
            led = login.login or f"nowhere ({login.error or 'it began none'})"
            complaints.append(Complaint(f"{client}: the login goes to {led}", login))
    return conclude(complaints, f"the logins of {len(CLIENTS)} clients go where their build says")


@check("STAGE-09.E3", "ASVS 5.0.0 15.2.3")
def the_selector_has_the_stages_of_the_build(seen: Record, parameters: Parameters) -> Judgement:
    selector = seen.one(StageSelector, "the selector")
    tried = {way: {n for n in selector.answers if n.startswith(f"{way}: ")} for way in WAYS}
    own = {f"message: {stage}" for stage in selector.stages}
    if not own <= selector.answers.keys() or not all(names - own for names in tried.values()):
        raise MissingObservation("the selector was not tried with its own stages and with other values, both ways")
    complaints = []
    if sorted(selector.offered) != sorted(selector.stages):
        complaints.append(Complaint(f"it offers {', '.join(selector.offered) or 'nothing'}", selector))
    for name, answer in selector.answers.items():
        if (answer == "ok") != (name in own):
            complaints.append(Complaint(f"{name}: {answer}", selector))
        elif name not in own and not _is_typed(answer):
            complaints.append(Complaint(f"{name}: refused without a typed error ({answer})", selector))
    if selector.after != selector.before:
        complaints.append(Complaint(f"refused values moved it from {selector.before} to {selector.after}", selector))
    others = len(selector.answers.keys() - own)
    return conclude(complaints, f"it offers {len(selector.stages)} stages, and refused {others} other values")


def _is_typed(answer: str) -> bool:
    """Whether a refusal says what it is: an error's type, or a status of the client's fault."""
    return bool(answer) and answer not in ("None", "") and not answer.startswith("HTTP 5")


def _logins(seen: Record) -> list[PackedLogin]:
    """One attacked login of each client. Raises MissingObservation."""
    return [seen.one(PackedLogin, LOGIN, client=client) for client in CLIENTS]
