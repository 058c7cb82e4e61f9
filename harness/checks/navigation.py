"""Judgements about credentials in addresses, in the history, and in what is told to others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import LogCapture
from harness.observations.navigation import NavigationTrail
from harness.observe import MissingObservation, Record

CASES = ("declined", "login", "back", "further back", "forward", "elsewhere")
TOKENS = re.compile(r"\{\{(?:unregistered_)?(access_token|refresh_token|id_token|jwt|bearer):")
ANSWERS = ("code", "state")


@check("WEB-04.E1", "RFC 9700 §4.3.2, RFC 6750 §5.3, ASVS 5.0.0 14.2.1", "web")
def no_token_is_in_an_address(seen: Record, parameters: Parameters) -> Judgement:
    trails, log = _trails(seen), seen.one(LogCapture, "access log")
    if not log.records:
        raise MissingObservation("the access log is empty")
    complaints = []
    for trail in trails:
        urls = {f"requested {_place(r.url)}": r.url for r in trail.requests}
        urls |= {f"history {number}": url for number, url in enumerate(trail.history)}
        complaints += [
            Complaint(f"{trail.case}: {found[1]} in {where}", trail)
            for where, url in urls.items()
            if (found := TOKENS.search(url))
        ]
    complaints += [
        Complaint(f"{found[1]} in the access log", log)
        for record in log.records
        if (found := TOKENS.search(str(record.get("line", ""))))
    ]
    count = sum(len(trail.requests) for trail in trails)
    told = f"no token in {count} addresses, the history and {len(log.records)} lines of access logs"
    return conclude(dict.fromkeys(complaints), told)


@check("WEB-04.E2", "RFC 9700 §4.3.1", "web")
def the_code_is_left_behind(seen: Record, parameters: Parameters) -> Judgement:
    trails = _trails(seen)
    complaints = []
    for trail in trails:
        if named := _answer_in(trail.location):
            complaints.append(Complaint(f"{trail.case}: the address bar shows {named}", trail))
        elif held := [named for url in trail.history if (named := _answer_in(url))]:
            complaints.append(Complaint(f"{trail.case}: the history holds {held[0]}", trail))
    redemptions = {trail.case: trail.redemptions for trail in trails if trail.redemptions}
    if redemptions != {"login": 1}:
        told = ", ".join(f"{count} in {case}" for case, count in redemptions.items()) or "none"
        complaints.append(Complaint(f"the code was to be redeemed once, in the login, and was: {told}", *trails))
    return conclude(complaints, "address bar and history hold no code, and it was redeemed once")


@check("WEB-04.E3", "RFC 9700 §4.2.4", "web")
def nobody_is_told_of_it(seen: Record, parameters: Parameters) -> Judgement:
    trails = _trails(seen)
    if not any(request.foreign for request in seen.one(NavigationTrail, "elsewhere").requests):
        raise MissingObservation("no link led elsewhere, so a Referer could not be seen")
    complaints = []
    for trail in trails:
        for request in trail.requests:
            named = _answer_in(request.referer) or (found[1] if (found := TOKENS.search(request.referer)) else "")
            if named:
                complaints.append(Complaint(f"{trail.case}: {_place(request.url)} is told {named} by Referer", trail))
            if request.foreign and trail.case != "elsewhere":
                told = f"{trail.case}: {_place(request.page)} asks {urlsplit(request.url).netloc}"
                complaints.append(Complaint(told, trail))
    return conclude(dict.fromkeys(complaints), "no Referer holds code, state or token, and no third party is asked")


def _trails(seen: Record) -> list[NavigationTrail]:
    """All of them; on the way of the login the callback must have been seen, with its code."""
    trails = [seen.one(NavigationTrail, case) for case in CASES]
    if not any("code" in set(_parameters(request.url)) for request in trails[1].requests):
        raise MissingObservation("no request with a code was seen")
    return trails


def _parameters(url: str) -> Iterator[str]:
    """The names of parameters, in query and fragment; those of an authorization request are none of its answer's."""
    parts = urlsplit(url)
    for text in (parts.query, parts.fragment):
        names = parse_qs(text, keep_blank_values=True)
        if "response_type" not in names:
            yield from names


def _answer_in(url: str) -> str:
    found = [name for name in _parameters(url) if name in ANSWERS]
    return " and ".join(dict.fromkeys(found))


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}"
