"""Judgements about credentials of one stage that are presented to another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import permutations
from urllib.parse import urlsplit

from harness.checks.common import Complaint, conclude, ends, is_invalid_grant, require_answer, short
from harness.checks.registry import Parameters, check
from harness.model import STAGES, Judgement
from harness.observations import BusCapture, HttpExchange
from harness.observe import MissingObservation, Record

PAIRS = tuple(permutations(STAGES, 2))
FIXTURE = ("off", "on")  # whether the other stage has been given the keys; "on" needs its administrator


@check("STAGE-07.E1", "RFC 9068 §4, RFC 8725 §3.8", "api")
def foreign_access_tokens_are_invalid(seen: Record, parameters: Parameters) -> Judgement:
    complaints: list[str] = []
    for exchange in _abroad(seen, "access token"):
        challenge = exchange.header("www-authenticate") or ""
        if exchange.status != 401 or not re.search(r"\berror=\"?invalid_token\b", challenge):
            complaints.append(Complaint(f"{_way(exchange)}: {short(exchange)} {challenge}".rstrip(), exchange))
    _worked_at_home(seen, "access token", complaints)
    told = "with and without the keys" if _fixtures(seen) == FIXTURE else "without the other stage's keys"
    return conclude(complaints, f"{len(PAIRS)} ways, {told}: every access token was refused")


@check("STAGE-07.E2", "ASVS 5.0.0 10.3.1, RFC 6749 §5.2")
def foreign_grants_are_invalid(seen: Record, parameters: Parameters) -> Judgement:
    complaints: list[str] = []
    for what in ("refresh token", "code"):
        complaints += [
            Complaint(f"{what}, {_way(e)}: {short(e)}", e) for e in _abroad(seen, what) if not is_invalid_grant(e)
        ]
        _worked_at_home(seen, what, complaints)
    _require_young(seen)
    return conclude(complaints, f"{len(PAIRS)} ways: refresh tokens and codes were refused, and still worked at home")


@check("STAGE-07.E3", "ASVS 5.0.0 9.2.3", "web")
def foreign_cookies_are_strangers(seen: Record, parameters: Parameters) -> Judgement:
    stranger = {stage: _pages(seen, "no cookie", stage) for stage in STAGES}
    for stage in STAGES:
        known = _pages(seen, "cookie at home", stage)
        same = [place for place, page in stranger[stage].items() if known.get(place, page) == page]
        if same:
            raise MissingObservation(f"{stage}: the cookie makes no difference at {', '.join(same)}")
    exchanges = _cookies_abroad(seen, stranger)
    complaints = [
        Complaint(f"{_way(e)}, {e.about['place']}: {short(e)}", e)
        for e in exchanges
        if _page(e) != stranger[e.about["stage"]][e.about["place"]]
    ]
    return conclude(complaints, f"{len(exchanges)} cookies were answered as if there were none")


def _pages(seen: Record, case: str, stage: str) -> dict[str, tuple[int | None, str]]:
    return {e.about["place"]: _page(e) for e in seen.of(HttpExchange, case, stage=stage)}


def _cookies_abroad(seen: Record, places: Mapping[str, Iterable[str]]) -> list[HttpExchange]:
    """Every presentation of a cookie: for each way that there is, one at each of the other stage's places."""
    _abroad(seen, "cookie")
    found = ends(seen.of(HttpExchange, "cookie abroad"), "origin", "stage", "keys", "place")
    asked = {(e.about["origin"], e.about["stage"], e.about["keys"], e.about["place"]) for e in found}
    absent = {(a, b, keys, place) for a, b in PAIRS for keys in _fixtures(seen) for place in places[b]} - asked
    if absent:
        raise MissingObservation(f"cookie: {len(absent)} presentations are missing")
    return found


@check("STAGE-07.E4", "ASVS 5.0.0 16.3.1", "bus")
def no_login_is_told(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for what in ("refresh token", "code"):
        _abroad(seen, what)  # where nobody answered, nothing could be told
    for fixture in _fixtures(seen):
        for stage in STAGES:
            capture = seen.one(BusCapture, f"attempts, keys {fixture}", stage=stage)
            if not capture.settled:
                raise MissingObservation(f"the bus of {stage} did not settle")
            if logins := capture.of_type("auth.login"):
                complaints.append(Complaint(f"the bus of {stage} tells of {len(logins)} logins", capture))
    return conclude(complaints, f"no bus of {len(STAGES)} told of a login")


def _fixtures(seen: Record) -> tuple[str, ...]:
    return FIXTURE[:1] if seen.lacks("admin") else FIXTURE


def _abroad(seen: Record, what: str) -> list[HttpExchange]:
    """The last presentation of each artefact for each ordered pair of stages, with and without the fixture."""
    found = ends(seen.of(HttpExchange, f"{what} abroad"), "origin", "stage", "keys")
    ways = {(e.about["origin"], e.about["stage"], e.about["keys"]) for e in found}
    absent = {(a, b, keys) for a, b in PAIRS for keys in _fixtures(seen)} - ways
    if absent:
        raise MissingObservation(f"{what}: {len(absent)} presentations are missing")
    return found


def _worked_at_home(seen: Record, what: str, complaints: list[str]) -> None:
    """Add a complaint for each credential that was presented elsewhere and then no longer worked at home."""
    found = ends(seen.of(HttpExchange, f"{what} at home"), "stage", "tried", "keys")
    if len(found) < len(_fixtures(seen)) * len(PAIRS):
        raise MissingObservation(f"{what}: it was tried at home {len(found)} times only")
    complaints += [Complaint(f"{what} of {e.about['stage']} at home: {short(e)}", e) for e in found if e.status != 200]


def _require_young(seen: Record) -> None:
    """A code that ends at home says nothing where one has ended too that is older and that no other stage was shown."""
    shown = [e for e in ends(seen.of(HttpExchange, "code at home"), "stage", "tried", "keys") if e.status != 200]
    kept = {(e.about["stage"], e.about["keys"]): e for e in seen.of(HttpExchange, "code shown to nobody")}
    for exchange in shown:
        control = kept.get((exchange.about["stage"], exchange.about["keys"]))
        if control is None or require_answer(control).status != 200:
            raise MissingObservation(f"{exchange.about['stage']}: a code that nobody was shown was not taken either")


def _way(exchange: HttpExchange) -> str:
    keys = ", keys known" if exchange.about["keys"] == "on" else ""
    return f"from {exchange.about['origin']} at {exchange.about['stage']}{keys}"


def _page(exchange: HttpExchange) -> tuple[int | None, str]:
    """What tells a page for a stranger from one for a user: the status, and where it leads."""
    answered = require_answer(exchange)
    return answered.status, urlsplit(answered.location or "").path
