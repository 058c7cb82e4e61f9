"""Judgements about requests that other people's pages have a user's browser send, and about CORS."""

from __future__ import annotations

from collections.abc import Iterable

from harness.checks.common import Complaint, conclude, require_answer
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import CrossSiteAttempt, HttpExchange, PageView
from harness.observe import MissingObservation, Record

ATTACK, OWN = "an attack", "the user's own"
ELSEWHERE = ("cross-site", "null", "unnamed")
SIBLING = "sibling"
FORMS = ("a form", "a form that takes the window", "a link")  # ways by which a sibling's request bears the cookie
REFUSALS = (403, 405)
CORS = ("web client", "API", "authorization endpoint")


@check("WEB-06.E1", "ASVS 5.0.0 3.5.1, 3.5.2, 3.5.3, NIST SP 800-63B-4 §5.1", "web")
def no_other_site_acts_with_the_session(seen: Record, parameters: Parameters) -> Judgement:
    attacks = _attacks(seen, *ELSEWHERE)
    effects = list(_effects(attacks))
    if not effects and not any(r.cookie for attack in attacks if attack.sender == "unnamed" for r in attack.received):
        raise MissingObservation("no request without a sender bore the session's cookie, so none could act with it")
    return conclude(effects, f"{len(attacks)} attacks from elsewhere were refused and changed nothing")


@check("WEB-06.E2", "ASVS 5.0.0 3.5.3, OAuth-BBA draft: Cross-Site Request Forgery Protections", "web")
def no_sibling_acts_with_the_session(seen: Record, parameters: Parameters) -> Judgement:
    attacks = _attacks(seen, SIBLING)
    effects = list(_effects(attacks))
    if not effects and not any(r.cookie for attack in attacks if attack.way in FORMS for r in attack.received):
        raise MissingObservation("no request of the sibling bore the session's cookie, so none could act with it")
    return conclude(effects, f"{len(attacks)} attacks of a sibling were refused and changed nothing")


def _attacks(seen: Record, *senders: str) -> list[CrossSiteAttempt]:
    """The attacks of these senders, of each at least one, on a session that there was, and that all came to the
    client."""
    if not seen.one(PageView, "login").signed_in:
        raise MissingObservation("nobody was signed in, so there was no session to act with")
    attacks = [attack for attack in seen.of(CrossSiteAttempt, ATTACK) if attack.sender in senders]
    if absent := sorted(set(senders) - {attack.sender for attack in attacks}):
        raise MissingObservation(f"no attack of: {', '.join(absent)}")
    if silent := [attack for attack in attacks if not attack.received]:
        raise MissingObservation(f"never came to the client: {', '.join(map(_name, silent))}")
    return attacks


def _name(attack: CrossSiteAttempt) -> str:
    return f"{attack.sender}, {attack.way}: {attack.action}"


def _effects(attacks: Iterable[CrossSiteAttempt]) -> Iterable[Complaint]:
    for attack in attacks:
        if attack.changed:
            yield Complaint(f"{_name(attack)}: changed {' and '.join(attack.changed)}", attack)
        for each in attack.received:
            if each.method != "OPTIONS" and each.status not in REFUSALS:  # a preflight does nothing; E3 judges it
                yield Complaint(f"{_name(attack)}: {each.method} was answered {each.status}", attack)


@check("WEB-06.E3", "RFC 9700 §2.6, ASVS 5.0.0 3.4.2", ("web", "api", "issuer"))
def no_other_origin_may_read(seen: Record, parameters: Parameters) -> Judgement:
    complaints: list[str] = []
    asked = [e for e in seen.of(HttpExchange) if e.case in CORS]
    endpoints = [e for e in asked if e.about["role"] == "authorize"]
    if not endpoints:
        raise MissingObservation("the authorization endpoint was not asked")
    for exchange in asked:
        allowed = require_answer(exchange).header("access-control-allow-origin")
        if allowed is not None and (why := _too_open(exchange, allowed)):
            complaints.append(Complaint(f"{exchange.case}: {exchange.method}: {why}", exchange))
    return conclude(complaints, f"{len(asked)} answers let no other origin read what credentials get")


def _too_open(exchange: HttpExchange, allowed: str) -> str:
    """Why an answer allows too much; "" where it does not. An API that takes no cookies may be open to all origins."""
    credentials = (exchange.header("access-control-allow-credentials") or "").lower() == "true"
    if exchange.about["role"] == "authorize":
        return "the authorization endpoint supports CORS"
    if credentials and allowed in ("*", exchange.about["origin"]):
        return f"Access-Control-Allow-Origin: {allowed} with credentials"
    if exchange.about["role"] == "web" and allowed == exchange.about["origin"]:
        return f"Access-Control-Allow-Origin: {allowed}"
    return ""


@check("WEB-06.E4", "ASVS 5.0.0 3.5.1", "web")
def the_clients_own_pages_may_act(seen: Record, parameters: Parameters) -> Judgement:
    complaints: list[str] = []
    for attempt in seen.of(CrossSiteAttempt, OWN):
        acted = [each for each in attempt.received if each.method == "POST"]
        if not acted:
            raise MissingObservation(f"{attempt.action}: the client's own page sent nothing")
        complaints += [
            Complaint(f"{attempt.action}: the client's own page was answered {each.status}", attempt)
            for each in acted
            if each.status >= 400
        ]
    return conclude(complaints, "what the client's own pages do is done")
