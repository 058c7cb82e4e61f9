"""Judgements about forged access tokens: algorithms, and hints at keys."""

from __future__ import annotations

import re
from collections.abc import Iterable

from harness.checks.common import Complaint, conclude, require_answer, short
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import HttpExchange, LogCapture, TokenFacts, Visits, Volley
from harness.observe import MissingObservation, Record

ALGORITHMS = (
    "the algorithm none",
    "the algorithm None",
    "the algorithm nONE",
    "the public key's PEM as secret",
    "the same without its last line end",
    "the public key's DER as secret",
    "the public JWK as secret",
    "the same with its members in order",
    "an empty secret",
    "another algorithm over the signature",
    "another algorithm by another's key",
    "the right algorithm by another's key",
    "no signature",
    "no third segment",
    "an edited payload",
    "the JSON serialisation",
)
KEY_HINTS = (
    "an unknown key id",
    "no key id",
    "a path as key id",
    "a path as key id, an empty secret",
    "SQL as key id",
    "SQL as key id, its answer as secret",
    "a key id of 10,000 characters",
    "a URL of keys",
    "a URL of a certificate",
    "a key",
    "a key, and its id",
    "a certificate",
    "a URL of keys, the issuer's key id",
    "a URL of a certificate, the issuer's key id",
    "a key, the issuer's key id",
    "a certificate, the issuer's key id",
    "a critical extension",
)
UNKNOWN_KEY = "an unknown key id"
URLS = tuple(name for name in KEY_HINTS if "URL" in name)
WELL_SIGNED = ("an unknown key id, well signed", "a critical extension, well signed")
NO_BEARER_TOKEN = ("the JSON serialisation",)  # not of the characters that RFC 6750 §2.1 allows
TOO_LONG = ("a key id of 10,000 characters",)
GENUINE, AFTERWARDS = "the token as it is", "the token as it is, afterwards"
FORGED, HINTED = "a forged token", "a hint at a key"
MANY = 200
BETWEEN_FETCHES = 30.0  # seconds: TOKEN-16.E3
BROKEN = re.compile(r"sqlite|\bSQL\b|syntax error|No such file|FileNotFound|NotADirectory|dev/null|Traceback", re.I)


def refuses(exchange: HttpExchange) -> bool:
    """Whether the answer refuses the token: 401, with invalid_token where the challenge names an error; or 400 or 403
    whose challenge or body names invalid_token, for RFC 6750 §3.1 only recommends 401 for that. What is no bearer token
    at all may be a malformed request (400), and a header that is too long may be refused for that (RFC 6585 §5, RFC
    9110 §15.5.14)."""
    forgery = exchange.about.get("forgery", "")
    if exchange.status == 400 and forgery in NO_BEARER_TOKEN:
        return True
    if exchange.status in (400, 413, 431) and forgery in TOO_LONG:
        return True
    errors = set(re.findall(r"\berror=\"?(\w+)", " ".join(exchange.header_values("www-authenticate"))))
    if exchange.status == 401:
        return errors <= {"invalid_token"}
    return exchange.status in (400, 403) and {*errors, exchange.json().get("error")} - {None} == {"invalid_token"}


def accepts(exchange: HttpExchange) -> bool:
    """Whether a token was taken: the answer may well find fault with the rest of the request."""
    if exchange.status is None or refuses(exchange):
        return False
    return exchange.status < 500 and exchange.status not in (401, 403)


def told(exchange: HttpExchange) -> str:
    challenge = " ".join(exchange.header_values("www-authenticate"))
    return f"at {exchange.about.get('way', exchange.url)}: {short(exchange)} {challenge}".rstrip()


def ways_of(seen: Record, case: str = GENUINE) -> list[str]:
    """The places at which the token was presented as it is. Raises MissingObservation without any."""
    return list(dict.fromkeys(e.about["way"] for e in seen.of(HttpExchange, case)))


def require_genuine(seen: Record, *cases: str) -> None:
    """Raises MissingObservation unless the token as it is was taken: else a refusal of a forged one says nothing."""
    for case in cases:
        for exchange in seen.of(HttpExchange, case):
            if not accepts(require_answer(exchange)):
                raise MissingObservation(f"{case}: it was not taken {told(exchange)}")


def presented(seen: Record, case: str, names: Iterable[str], ways: Iterable[str]) -> list[HttpExchange]:
    """Each of these forgeries at each of these places. Raises MissingObservation where one was not presented, or where
    what was presented is signed by a key that the issuer publishes."""
    ways = list(ways)
    found = [
        require_answer(e) for name in names for way in ways for e in seen.of(HttpExchange, case, forgery=name, way=way)
    ]
    for exchange in found:
        facts = facts_of(seen, exchange)
        if facts.signed_by and exchange.about["forgery"] not in WELL_SIGNED:
            raise MissingObservation(f"{exchange.about['forgery']}: it is no forgery, the signature holds")
    return found


def facts_of(seen: Record, exchange: HttpExchange) -> TokenFacts:
    """What was measured of the token that was presented. Raises MissingObservation where nothing was."""
    sent = next((value for name, value in exchange.request_headers if name.lower() == "authorization"), "")
    token = sent.partition(" ")[2].strip()
    for facts in seen.of(TokenFacts):
        if facts.token == token:
            return facts
    raise MissingObservation(f"{exchange.case}: nothing is known of the token that was presented")


@check("TOKEN-15.E1", "RFC 8725 §3.1, §3.2, RFC 9068 §4, RFC 6750 §3.1", "api")
def forgeries_are_refused(seen: Record, parameters: Parameters) -> Judgement:
    found = presented(seen, FORGED, ALGORITHMS, ways_of(seen))
    complaints = [Complaint(f"{e.about['forgery']} {told(e)}", e) for e in found if not refuses(e)]
    if not complaints:
        require_genuine(seen, GENUINE, AFTERWARDS)
    return conclude(complaints, f"{len(ALGORITHMS)} forgeries at {len(ways_of(seen))} places were refused")


@check("TOKEN-15.E2", "RFC 9068 §4", "api")
def the_token_itself_is_accepted(seen: Record, parameters: Parameters) -> Judgement:
    found = [require_answer(e) for case in (GENUINE, AFTERWARDS) for e in seen.of(HttpExchange, case)]
    complaints = [Complaint(f"the token as it is {told(e)}", e) for e in found if not accepts(e)]
    return conclude(complaints, f"the token as it is was taken at {len(ways_of(seen))} places")


@check("TOKEN-16.E1", "RFC 8725 §3.10, RFC 7515 §4.1.11", "api")
def hints_at_keys_are_of_no_use(seen: Record, parameters: Parameters) -> Judgement:
    ways = list(dict.fromkeys(e.about["way"] for e in seen.of(HttpExchange, HINTED)))
    signed = () if seen.lacks("signing key") else WELL_SIGNED
    found = presented(seen, HINTED, (*KEY_HINTS, *signed), ways)
    complaints = [Complaint(f"{e.about['forgery']} {told(e)}", e) for e in found if not refuses(e)]
    volley = seen.one(Volley, "many unknown key ids")
    alike = {str(e.status) for e in found if e.about["forgery"] == UNKNOWN_KEY and refuses(e)}  # one of the many
    others = {status: n for status, n in volley.statuses.items() if status not in {"401", *alike}}
    if others.pop("0", 0):
        raise MissingObservation("some of the many requests were not answered")
    if others.pop("429", 0) and not complaints and not others:
        raise MissingObservation("some of the many requests were put off (HTTP 429)")
    for status, number in others.items():
        complaints.append(Complaint(f"{number} of {volley.sent} unknown key ids: HTTP {status}", volley))
    if not complaints:
        require_genuine(seen, GENUINE, AFTERWARDS)
    note = "" if signed else " (none of them signed by the issuer's own key, which the harness lacks)"
    return conclude(complaints, f"{len(KEY_HINTS) + len(signed)} hints and {volley.sent} unknown key ids refused{note}")


@check("TOKEN-16.E2", "RFC 8725 §3.10, RFC 7515 §4.1.2, §4.1.5", "api", "listener that the API could come to")
def nobody_comes_to_the_listener(seen: Record, parameters: Parameters) -> Judgement:
    log = seen.one(Visits, "who came to the listener")
    if not log.noticed:
        raise MissingObservation("the listener did not notice the harness's own visit")
    urls = [require_answer(e) for name in URLS for e in seen.of(HttpExchange, HINTED, forgery=name)]
    if {e.about.get("scheme") for e in urls} != {"http", "https"}:
        raise MissingObservation("not each scheme of a URL was tried")
    complaints = [Complaint(f"somebody came: {visit}", log, *urls) for visit in log.visits]
    return conclude(complaints, f"nobody came to the listener that {len(urls)} tokens named")


@check("TOKEN-16.E3", "RFC 8725 §3.10", "api", "logs")
def keys_are_not_fetched_for_each_unknown_id(seen: Record, parameters: Parameters) -> Judgement:
    requests, volley = seen.one(Visits, "requests for the key set"), seen.one(Volley, "many unknown key ids")
    if not requests.noticed:
        raise MissingObservation("a request for the key set would not have been noticed")
    if volley.sent < MANY:
        raise MissingObservation(f"only {volley.sent} tokens with unknown key ids were sent")
    allowed = 1 + int(requests.seconds // BETWEEN_FETCHES)
    count = len(requests.visits)
    tale = f"{count} requests for the key set in {requests.seconds:g} s, while {volley.sent} unknown key ids came"
    return conclude([Complaint(tale, requests, volley)] if count > allowed else [], tale)


@check("TOKEN-16.E4", "RFC 8725 §3.10", "api", "logs")
def nothing_breaks(seen: Record, parameters: Parameters) -> Judgement:
    log = seen.one(LogCapture, "the logs of the attack")
    broken = [
        record
        for record in log.records
        if record.get("level") in ("ERROR", "CRITICAL") or BROKEN.search(str(record.get("message", "")))
    ]
    complaints = [Complaint(f"the log of {r.get('logger')}: {str(r.get('message'))[:120]}", log) for r in broken]
    healthy = seen.of(HttpExchange, AFTERWARDS)
    complaints += [Complaint(f"after the attack the token as it is {told(e)}", e) for e in healthy if not accepts(e)]
    if not complaints:
        require_genuine(seen, AFTERWARDS)
    return conclude(complaints, f"{len(log.records)} log records, none of an error; the API goes on")
