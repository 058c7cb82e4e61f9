"""Judgements about the places in a request at which an API takes an access token."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.checks.common import Complaint, conclude, require_answer, short
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import HttpExchange, LogCapture
from harness.observe import MissingObservation, Record

GENUINE, AFTERWARDS = "the token as it is", "the token as it is, afterwards"
SPELLED, ELSEWHERE, TWICE = "another spelling", "the token elsewhere", "the token twice"
SPELLINGS = ("bearer", "BEARER")
PLACES = (
    "access_token in the query",
    "authorization in the query",
    "access_token in a form",
    "a header of its own",
    "a cookie",
)
FORM = "access_token in a form"
FIRST, SECOND = "in the first of two headers", "in the second of two headers"
QUERY_AGAINST_HEADER, BOTH = "in the query, with another in the header", "in both"
REFUSALS = (400, 401)  # RFC 6750 §3.1: no token, or not in the way in which tokens are taken here


@check("WEB-05.E1", "RFC 6750 §2.3, §3.1, RFC 9700 §4.3.2, ASVS 5.0.0 14.2.1", "api")
def a_token_elsewhere_is_no_token(seen: Record, parameters: Parameters) -> Judgement:
    ways = _open_ways(seen)
    complaints: list[str] = []
    for place in PLACES:
        complaints += _not_refused(_asked(seen, ELSEWHERE, place, ways), place)
    return conclude(complaints, f"in {len(PLACES)} other places the token was no token, at {len(ways)} routes")


def _open_ways(seen: Record) -> list[str]:
    """The ways at which the token was taken in the header, before and after. Raises MissingObservation where none."""
    taken = [
        {e.about["way"] for e in seen.of(HttpExchange, case) if 200 <= (require_answer(e).status or 0) < 300}
        for case in (GENUINE, AFTERWARDS)
    ]
    if not (open := sorted(taken[0] & taken[1])):
        raise MissingObservation("no route took the token in the header, before and after")
    return open


def _asked(seen: Record, case: str, place: str, ways: Sequence[str]) -> list[HttpExchange]:
    """The answers of these ways; a form goes to those only that take a body, which not every API has."""
    if place == FORM:
        ways = [way for way in ways if way.startswith("POST ")]
    return [require_answer(seen.one(HttpExchange, case, place=place, way=way)) for way in ways]


def _not_refused(answers: Iterable[HttpExchange], place: str) -> list[Complaint]:
    return [
        Complaint(f"{answer.about['way']}: {place}: {short(answer)} instead of 401", answer)
        for answer in answers
        if answer.status not in REFUSALS
    ]


@check("WEB-05.E2", "RFC 6750 §2, §3.1, ASVS 5.0.0 15.3.7", "api")
def the_header_decides(seen: Record, parameters: Parameters) -> Judgement:
    ways = _open_ways(seen)
    complaints: list[str] = []
    complaints += _not_refused(_asked(seen, TWICE, QUERY_AGAINST_HEADER, ways), QUERY_AGAINST_HEADER)
    complaints += [
        Complaint(f"{answer.about['way']}: {BOTH}: {short(answer)}", answer)
        for answer in _asked(seen, TWICE, BOTH, ways)
        if (answer.status or 0) >= 500
    ]
    for pair in zip(_asked(seen, TWICE, FIRST, ways), _asked(seen, TWICE, SECOND, ways), strict=True):
        complaints += _of_two_headers(*pair)
    return conclude(complaints, "what else came with the header changed nothing, and no token was picked out of two")


def _of_two_headers(first: HttpExchange, second: HttpExchange) -> Iterable[Complaint]:
    """One of the headers may count, always the same; a good one may not be looked for among them."""
    way = first.about["way"]
    if all((answer.status or 0) < 300 for answer in (first, second)):
        yield Complaint(f"{way}: a good token is picked out of two headers, whichever it is", first, second)
    for answer in (first, second):
        if (answer.status or 0) >= 500:
            yield Complaint(f"{way}: two headers: {short(answer)}", answer)


@check("WEB-05.E3", "RFC 6750 §5.3, RFC 9700 §4.3.2, ASVS 5.0.0 14.2.1", "api", "logs")
def the_access_log_holds_no_token(seen: Record, parameters: Parameters) -> Judgement:
    asked = sum("?" in e.url for e in seen.of(HttpExchange, ELSEWHERE, TWICE))
    log = seen.one(LogCapture, "the access log")
    if not asked or len(log.records) < asked:
        raise MissingObservation(f"{asked} requests had a token in their query; the log tells of {len(log.records)}")
    lines = [str(record.get("line", "")) for record in log.records]
    hits = [line for line in lines if "{{" in line]  # a mark stands where a secret stood
    complaints = [Complaint(f"{len(hits)} lines hold a secret, the first: {hits[0][:200]}", log)] if hits else []
    return conclude(complaints, f"{len(lines)} lines of the access log hold no secret")


@check("WEB-05.E4", "RFC 6750 §2.1, RFC 9110 §11.1", "api")
def the_scheme_knows_no_case(seen: Record, parameters: Parameters) -> Judgement:
    ways = _open_ways(seen)
    complaints = [
        Complaint(f"{answer.about['way']}: Authorization: {scheme} …: {short(answer)}", answer)
        for scheme in SPELLINGS
        for answer in _asked(seen, SPELLED, scheme, ways)
        if not 200 <= (answer.status or 0) < 300
    ]
    return conclude(complaints, f"{len(ways)} routes took the token in the header, in whatever letters the scheme came")
