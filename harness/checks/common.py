"""What several checks share: pure readings of observations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeGuard
from urllib.parse import parse_qs, urlsplit

from harness.checks.registry import own_requirement, passed
from harness.checks.symptoms import reason_of, shown_by
from harness.model import Judgement, Symptom, Verdict
from harness.observations import HttpExchange, Observation, TokenFacts
from harness.observe import MissingObservation, Record

__all__ = [
    "INTROSPECTION",
    "UNTOLD",
    "Complaint",
    "answered",
    "came",
    "clients_of",
    "conclude",
    "delivers_code",
    "end_told",
    "ends",
    "gives_token",
    "is_invalid_grant",
    "is_number",
    "not_an_error_page",
    "only_unknown",
    "puts_off",
    "refused_in_time",
    "require_answer",
    "short",
    "taken_elsewhere",
]

INTROSPECTION = "introspection"  # a case
UNTOLD = (
    "no expires_in (RFC 6749 §5.1: recommended), and neither token nor introspection tells how long the token lives"
)
UNCOUNTED = 1e15  # seconds: 30 million years
TOKEN_NAMES = ("access_token", "refresh_token", "id_token")
_TOKEN_MARK = re.compile(r"\{\{(?:unregistered_)?(?:access_token|refresh_token|id_token|jwt|bearer):")
_TOKEN_FIELD = re.compile(r"name=[\"']?(?:access_token|refresh_token|id_token)\b")


class Complaint(str):
    """What is wrong, in a few words, with the observations that show it."""

    shown_by: tuple[str, ...]

    def __new__(cls, text: str, *shown_by: Observation) -> Complaint:
        complaint = super().__new__(cls, text)
        complaint.shown_by = tuple(observation.id for observation in shown_by)
        return complaint


def conclude(complaints: Iterable[str], otherwise: str) -> Judgement:
    """Failed with the complaints, of which the reason names the first few, and what shows these; else passed with
    `otherwise`."""
    found = tuple(Symptom(str(c), c.shown_by if isinstance(c, Complaint) else ()) for c in complaints)
    if not found:
        return passed(otherwise)
    return Judgement(Verdict.FAILED, reason_of(found), shown_by(found), found)


def came(exchange: HttpExchange) -> HttpExchange:
    """The exchange, if an answer came, whatever it says. No answer is nothing observed, not a pass."""
    if exchange.status is None:
        raise MissingObservation(f"{exchange.case}: no answer came ({exchange.error or 'no reason given'})")
    return exchange


def puts_off(exchange: HttpExchange) -> bool:
    """Whether the answer decides nothing of what was asked, only that it is not looked at now: 429 (RFC 6585 §4), or
    503 that says when to come again (RFC 9110 §15.6.4, §10.2.3). A 503 that does not is a breakdown, as 500 is."""
    return exchange.status == 429 or (exchange.status == 503 and exchange.header("retry-after") is not None)


def require_answer(exchange: HttpExchange) -> HttpExchange:
    """The exchange, if it was answered to what it asked: who is put off has observed nothing, neither a refusal nor a
    failure."""
    if puts_off(came(exchange)):
        raise MissingObservation(f"{exchange.case}: put off ({short(exchange)}), which decides nothing")
    return exchange


def ends(exchanges: Iterable[HttpExchange], *keys: str) -> list[HttpExchange]:
    """The last answered exchange of each request, requests being told apart by these entries of `about`."""
    last: dict[tuple[str, ...], HttpExchange] = {}
    for exchange in exchanges:
        last[exchange.case, *(exchange.about.get(key, "") for key in keys)] = exchange
    return [require_answer(exchange) for exchange in last.values()]


def delivers_code(exchange: HttpExchange) -> bool:
    """Whether the answer hands out an authorization code, by its Location or its page."""
    return "code" in exchange.location_parameters() or 'name="code"' in exchange.body


def gives_token(exchange: HttpExchange) -> bool:
    """Whether there is a token in an answer: in its JSON, its Location, a form field of its page, or wherever else a
    token's mark stands."""
    named = {**exchange.location_parameters(), **exchange.json()}
    texts = (exchange.body, *(value for _, value in exchange.headers))
    return (
        any(named.get(name) for name in TOKEN_NAMES)
        or any(_TOKEN_MARK.search(text) for text in texts)
        or bool(_TOKEN_FIELD.search(exchange.body))
    )


def is_invalid_grant(exchange: HttpExchange) -> bool:
    """400 with error invalid_grant (RFC 6749 §5.2)."""
    return require_answer(exchange).status == 400 and exchange.json().get("error") == "invalid_grant"


def not_an_error_page(end: HttpExchange) -> str:
    """What an answer is instead of an error page (HTTP 400) without a redirect; "" where it is one. That the page has
    this status and not another one of a client's mistake is the catalog's own wish: RFC 6749 §4.1.2.1 names none."""
    if delivers_code(end):
        return f"a code was sent to {urlsplit(end.location or '').netloc}"
    if end.location is not None:
        return f"a redirect (HTTP {end.status})"
    if end.status == 400:
        return ""
    told = f"HTTP {end.status} instead of 400"
    return own_requirement(told) if 400 < (end.status or 0) < 500 else told


def short(exchange: HttpExchange) -> str:
    """The answer in a few words."""
    error = exchange.json().get("error") or exchange.location_parameters().get("error") or ""
    given = [what for what, has in (("a code", delivers_code), ("a token", gives_token)) if has(exchange)]
    return (
        f"HTTP {exchange.status}" + (f" {error}" if error else "") + (f" with {' and '.join(given)}" if given else "")
    )


def answered(exchange: HttpExchange) -> str:
    """The answer of a token endpoint in a few words; it names its errors in JSON (RFC 6749 §5.2)."""
    silent = exchange.status != 200 and "error" not in exchange.json()
    return short(exchange) + (" without an error in JSON" if silent else "")


def end_told(answer: HttpExchange, seen: Record) -> tuple[Mapping[str, object], Observation] | None:
    """The claims that tell when an answer's access token ends, beside its expires_in, which RFC 6749 §5.1 only
    recommends: the token's own where it is a JWT, else its introspection's (RFC 7662 §2.2). None where neither does."""
    token = answer.json().get("access_token")
    for one in seen:
        claims: Mapping[str, object] = {}
        if isinstance(one, TokenFacts) and one.token == token and one.form == "jwt":
            claims = one.claims
        elif isinstance(one, HttpExchange) and one.case == INTROSPECTION and one.status == 200:
            asked = parse_qs(one.request_body).get("token") == [token]
            claims = one.json() if asked and one.json().get("active") is True else {}
        if is_number(claims.get("exp")):
            return claims, one
    return None


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether it is a number of seconds: JSON may hold an infinity, or what no clock counts to."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < UNCOUNTED


def clients_of(seen: Record, *cases: str, for_want_of: str = "") -> list[str]:
    """The clients that met any of these cases: none of them may lack one. Raises MissingObservation without any, for
    want of this capability where the target has none of it."""
    found = {o.about["client"] for o in seen if isinstance(o, HttpExchange) and o.case in cases}
    if not found:
        raise MissingObservation(f"no client met {', '.join(map(repr, cases))}", for_want_of)
    return sorted(found)


def refused_in_time(access: HttpExchange, bound: float) -> bool:
    """Whether the API refused the token. Raises MissingObservation where nothing shows that it did so within the bound:
    it was asked or answered too late, or it still accepted the token and nobody waited as long as the bound."""
    if require_answer(access).status != 401:
        if access.about.get("waited") == "in part":
            after = float(access.about["after"])
            raise MissingObservation(f"{access.case}: accepted after {after:.0f} s, and {bound:g} s count")
        return False
    if "after" not in access.about:
        raise MissingObservation(f"{access.case}: nothing tells how long after the stimulus")
    seconds = float(access.about["after"]) + access.seconds
    if seconds > bound:
        raise MissingObservation(
            f"{access.case}: refused, but seen {seconds:g} s after the stimulus; {bound:g} s count"
        )
    return True


def taken_elsewhere(seen: Record, case: str, **about: str) -> list[HttpExchange]:
    """The answers of other routes of the API that took a token which the first one refused. Raises MissingObservation
    unless as many were asked as the target lists."""
    listed = int(seen.one(HttpExchange, case, **about).about.get("elsewhere", "0"))
    asked = [require_answer(e) for e in seen.of(HttpExchange, f"{case}: elsewhere", **about)] if listed else []
    if len(asked) < listed:
        raise MissingObservation(f"{case}: only {len(asked)} of {listed} other routes of the API were asked")
    return [exchange for exchange in asked if exchange.status != 401]


def only_unknown(seen: Record, case: str) -> bool:
    """Whether the target has no second client that could play the other one."""
    others = [e for e in seen.of(HttpExchange, case) if "by another client" in e.about.values()]
    return bool(others) and all(e.about.get("by") == "unknown" for e in others)
