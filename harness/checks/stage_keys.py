"""Judgements about keys and cookies that must be a stage's own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from itertools import combinations, permutations
from typing import Any
from urllib.parse import urlsplit

from harness.checks.common import Complaint, conclude, delivers_code, require_answer, short
from harness.checks.registry import Parameters, check
from harness.model import STAGES, Judgement, Verdict
from harness.observations import HttpExchange
from harness.observe import MissingObservation, Record

THUMBPRINT = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n"), "OKP": ("crv", "kty", "x"), "oct": ("k", "kty")}
PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")  # RFC 7518 §6.2.2, §6.3.2, §6.4.1
PAIRS = tuple(permutations(STAGES, 2))
PRESENTED = {"login form": "a form under way", "callback": "web", "session": "web"}  # and what is needed for each

Jwk = Mapping[str, Any]  # read from JSON


@check("STAGE-06.E1", "RFC 7638 §3, ASVS 5.0.0 11.1.1")
def no_key_is_published_twice(seen: Record, parameters: Parameters) -> Judgement:
    return _disjoint(seen, _thumbprint, "key")


@check("STAGE-06.E2", "RFC 7517 §4.5")
def no_kid_is_published_twice(seen: Record, parameters: Parameters) -> Judgement:
    return _disjoint(seen, lambda jwk: str(jwk.get("kid", "")), "kid")


@check("STAGE-06.E4", "RFC 7517 §9.2, ISO 27001:2022 A.8.24")
def keys_are_public(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for stage in STAGES:
        exchange, keys = _published(seen, stage)
        named = sorted({member for jwk in keys for member in PRIVATE if member in jwk})
        if named:
            complaints.append(Complaint(f"{stage} publishes {', '.join(named)}", exchange))
    return conclude(complaints, f"the keys of {len(STAGES)} stages have public members only")


@check("STAGE-06.E3", "RFC 8725 §3.8, ISO 27001:2022 A.8.31", ("web", "a form under way"))
def foreign_cookies_are_absent(seen: Record, parameters: Parameters) -> Judgement:
    """A cookie of another stage is worth what no cookie is: the same status, leading to the same place. Where a pair of
    cookie and field that somebody invented does as well (double submit), it is no stage's own, and not judged."""
    complaints, count, anybodys = [], 0, 0
    for what, needed in PRESENTED.items():
        if seen.lacks(needed) or not any(o.case == f"{what} with a foreign cookie" for o in seen):
            continue
        for origin, stage in PAIRS:
            for exchange, stranger in _presented(seen, what, origin, stage):
                differs = delivers_code(exchange) or _answer(exchange) != _answer(stranger)
                if differs and _does_as_well(seen, what, exchange):
                    anybodys += 1
                    continue
                count += 1
                if differs:
                    told = f"{what} of {origin} at {stage}: {short(exchange)}, {short(stranger)} without the cookie"
                    complaints.append(Complaint(told, exchange, stranger))
    if not count and anybodys:
        told = "its login form takes any cookie and field that are alike, also invented ones: they are no stage's own"
        return Judgement(Verdict.NOT_APPLICABLE, told)
    if not count:
        raise MissingObservation("no cookie of any stage was presented to another")
    besides = f"; {anybodys} besides are no stage's own, for an invented one does as well" if anybodys else ""
    return conclude(complaints, f"{count} foreign cookies were answered as if there were none{besides}")


def _does_as_well(seen: Record, what: str, exchange: HttpExchange) -> bool:
    """Whether an invented pair was answered as what the other stage gave out. False where none could be invented."""
    about = {key: exchange.about[key] for key in ("origin", "stage")}
    case = f"{what} with an invented pair"
    if not any(o.case == case and about.items() <= o.about.items() for o in seen):
        return False
    invented = require_answer(seen.one(HttpExchange, case, **about))
    return _answer(invented) == _answer(exchange) and delivers_code(invented) == delivers_code(exchange)


def _disjoint(seen: Record, name: Any, what: str) -> Judgement:
    published = {stage: _published(seen, stage) for stage in STAGES}
    names = {stage: {name(jwk) for jwk in keys} - {""} for stage, (_, keys) in published.items()}
    complaints = [
        Complaint(f"{one} and {other} publish the same {what} {shared[:16]}", published[one][0], published[other][0])
        for one, other in combinations(STAGES, 2)
        for shared in sorted(names[one] & names[other])
    ]
    count = sum(len(keys) for _, keys in published.values())
    return conclude(complaints, f"{count} keys of {len(STAGES)} stages: none has a {what} of another")


def _published(seen: Record, stage: str) -> tuple[HttpExchange, list[Jwk]]:
    """The stage's JWK set (RFC 7517 §5). Raises MissingObservation where it holds no key."""
    exchange = require_answer(seen.one(HttpExchange, "published keys", stage=stage))
    keys = exchange.json().get("keys")
    found: list[Jwk] = [jwk for jwk in keys if isinstance(jwk, dict)] if isinstance(keys, list) else []
    if exchange.status != 200 or not found or exchange.truncated:
        raise MissingObservation(f"{stage}: no keys are published ({short(exchange)})")
    return exchange, found


def _thumbprint(jwk: Jwk) -> str:
    """RFC 7638 §3, in hexadecimal digits; of a kind that is not known here, of all its members."""
    members = THUMBPRINT.get(str(jwk.get("kty")), tuple(jwk))
    canonical = json.dumps({name: jwk.get(name) for name in sorted(members)}, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _presented(seen: Record, what: str, origin: str, stage: str) -> list[tuple[HttpExchange, HttpExchange]]:
    """Each presentation at a stage of what another gave out, with what a stranger is answered in its place."""
    about = {"origin": origin, "stage": stage}
    found = seen.of(HttpExchange, f"{what} with a foreign cookie", **about)
    pairs = []
    for exchange in found:
        place = {"place": exchange.about["place"]} if "place" in exchange.about else {}
        stranger = seen.one(HttpExchange, f"{what} without a foreign cookie", **about, **place)
        if place:
            home = require_answer(seen.one(HttpExchange, "session at home", stage=stage, **place))
            if _answer(home) == _answer(stranger):
                raise MissingObservation(f"{stage}: the cookie makes no difference at {place['place']}")
        pairs.append((require_answer(exchange), require_answer(stranger)))
    return pairs


def _answer(exchange: HttpExchange) -> tuple[int | None, str]:
    return exchange.status, urlsplit(exchange.location or "").path
