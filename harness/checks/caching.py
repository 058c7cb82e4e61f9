"""Judgements about caches: what must say that nobody may keep it, what a browser keeps, what a shared cache gives away.

RFC 6749 §5.1 demands no-store of answers with tokens, ASVS 14.3.2 of sensitive data; that refusals and redirects bear
it as well is the catalog's own requirement.

An answer is in scope where keeping it would keep a credential or somebody's data: what the token endpoint answers, its
refusals included (RFC 6749 §5.2 shows them so), what sets a cookie, what carries a code, a page whose form holds a
secret of this browser's login, and whatever a signed-in user or a bearer of a token is answered with. Metadata, key
sets, static files, pages for everybody, and answers without content that set no cookie are not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from harness.checks.common import Complaint, conclude, delivers_code, require_answer
from harness.checks.registry import Parameters, check, own_requirement
from harness.model import Judgement
from harness.observations import Absence, HttpExchange, PageView, SecretScan
from harness.observe import MissingObservation, Record

CACHES = ("disk cache", "Cache Storage")
CANARIES = ("access_token", "refresh_token", "session_cookie", "user_name")
TOKENS, CODE, COOKIE, SIGNED_IN, BEARER, FORM, REFUSAL = REASONS = (
    "it holds tokens (RFC 6749 §5.1)",
    "it carries an authorization code",
    "it sets a cookie",
    "it answers a signed-in user",
    "it answers the bearer of a token",
    "its form holds a secret of this login",
    "it is of an endpoint that takes credentials",
)
"""Why an answer is in scope, the worst first."""

FOR_CDNS = ("CDN-Cache-Control", "Surrogate-Control")
"""Fields by which caches of one kind go instead of Cache-Control (RFC 9213, W3C's Edge Architecture)."""

KEPT_BY_DEFAULT = frozenset((200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501))  # RFC 9110 §15.1
SECRET_FIELD = 16  # characters; a hidden field of so many is no constant of the page

_HIDDEN = re.compile(r"<input\b[^<>]*>", re.IGNORECASE)  # without `<`, time is linear
_VALUE = re.compile(r"""\bvalue\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""", re.IGNORECASE)
_STATIC = ("text/css", "image/", "font/", "application/font", "text/javascript", "application/javascript")


@check("WEB-09.E1", "RFC 6749 §5.1, ASVS 5.0.0 14.3.2")
def nobody_may_keep_it(seen: Record, parameters: Parameters) -> Judgement:
    answers = [(e, why) for e in seen.of(HttpExchange) if e.about.get("role") not in ("tap", "metadata")
               and "asker" not in e.about and e.status is not None and (why := in_scope(e))]  # fmt: skip
    _require_each_kind(seen, [exchange for exchange, _ in answers])
    complaints = [*_keepable(answers), *_untyped([exchange for exchange, _ in answers])]
    if not complaints:
        _require_each_route(seen, [exchange for exchange, _ in answers])
    places = Counter(_place(exchange) for exchange, _ in answers)
    return conclude(complaints, f"{len(answers)} answers of {len(places)} addresses may be kept by nobody")


def in_scope(exchange: HttpExchange) -> str:
    """Why nobody may keep the answer; "" where anybody may."""
    role, status = exchange.about.get("role"), exchange.status or 0
    if exchange.about.get("advertised") == "no":
        return ""  # an address that was tried, and is no endpoint
    if role == "token" and exchange.json().get("access_token"):
        return TOKENS
    if delivers_code(exchange):
        return CODE
    if exchange.header_values("set-cookie"):
        return COOKIE
    if role == "web" and exchange.about.get("session") == "yes" and _is_content(exchange) and status != 401:
        return SIGNED_IN
    if role in ("api", "userinfo") and _bearer(exchange) and status != 401:
        return BEARER
    if _has_secret_form(exchange):
        return FORM
    return REFUSAL if role == "token" and exchange.body else ""


def _bearer(exchange: HttpExchange) -> bool:
    return any(name.lower() == "authorization" for name, _ in exchange.request_headers)


def _is_content(exchange: HttpExchange) -> bool:
    """Whether it has content that is no static file."""
    kind = (exchange.header("content-type") or "").lower()
    return bool(exchange.body) and not 300 <= (exchange.status or 0) < 400 and not kind.startswith(_STATIC)


def _has_secret_form(exchange: HttpExchange) -> bool:
    if exchange.about.get("role") not in ("authorize", "login", "web"):
        return False
    hidden = (field for field in _HIDDEN.findall(exchange.body) if re.search(r"type\s*=\s*[\"']?hidden", field, re.I))
    values = ("".join(match.groups("")) for field in hidden if (match := _VALUE.search(field)))
    return any(len(value) >= SECRET_FIELD and not value.startswith(("http://", "https://", "/")) for value in values)


def _require_each_kind(seen: Record, answers: list[HttpExchange]) -> None:
    """Each surface that the target has must have answered rightly, and the token endpoint wrongly, too."""
    kinds = {
        "tokens": any(e.about.get("role") == "token" and e.status == 200 for e in answers),
        "refusals of the token endpoint": any(e.about.get("role") == "token" and e.status != 200 for e in answers),
        "codes": any(delivers_code(e) for e in answers),
    }
    absent = {absence.capability for absence in seen if isinstance(absence, Absence)}
    if "api" not in absent:
        kinds["data of the API"] = any(e.about.get("role") == "api" and e.status == 200 for e in answers)
    if "web" not in absent:
        pages = [e for e in answers if e.about.get("session") == "yes"]
        kinds["pages of the web client"] = any(e.status == 200 for e in pages)
        kinds["its logout"] = any(e.case == "logout" and e.header_values("set-cookie") for e in pages)
    if lacking := [kind for kind, seen_one in kinds.items() if not seen_one]:
        raise MissingObservation(f"never answered: {', '.join(lacking)}")
    for exchange in (e for e in seen.of(HttpExchange) if e.about.get("role") in ("token", "api")):
        require_answer(exchange)


def _require_each_route(seen: Record, answers: Iterable[HttpExchange]) -> None:
    """Each route that the target lists must have answered its user: not by a fault, nor that it is not there, nor that
    he may not."""
    met = {f"{e.method} {e.url}" for e in answers if (e.status or 0) < 500 and e.status not in (403, 404, 405)}
    listed = {route for e in seen.of(HttpExchange) for route in e.about.get("routes", "").split(", ") if route}
    if unmet := sorted(listed - met):
        raise MissingObservation(f"routes that never answered their user: {', '.join(unmet)}")


def _keepable(answers: Iterable[tuple[HttpExchange, str]]) -> Iterator[Complaint]:
    """One complaint for each address and status."""
    told: set[tuple[str, int | None]] = set()
    for exchange, why in sorted(answers, key=lambda answer: REASONS.index(answer[1])):
        if not forbids_keeping(exchange) and (key := (_place(exchange), exchange.status)) not in told:
            told.add(key)
            said = ", ".join(exchange.header_values("cache-control")) or "no Cache-Control"
            wrong = f"{key[0]}, HTTP {exchange.status}: {said} instead of no-store, although {why}"
            demanded = why == TOKENS or may_be_kept(exchange)
            yield Complaint(wrong if demanded else own_requirement(wrong), exchange)


def _place(exchange: HttpExchange) -> str:
    parts = urlsplit(exchange.url)
    return f"{exchange.method} {parts.netloc}{parts.path}"


def may_be_kept(exchange: HttpExchange) -> bool:
    """Whether a cache may keep the answer where nothing forbids it: one to a GET by its status, any by what it says of
    its life (RFC 9111 §3, RFC 9110 §9.3.3, §15.1)."""
    said = ",".join(exchange.header_values("cache-control")).lower()
    lives = bool(re.search(r"\b(?:s-maxage|max-age|public)\b", said) or exchange.header_values("expires"))
    return lives or (exchange.method in ("GET", "HEAD") and exchange.status in KEPT_BY_DEFAULT)


def forbids_keeping(exchange: HttpExchange) -> bool:
    """Whether Cache-Control names no-store, in whichever of its fields (RFC 9111 §5.2.2.5)."""
    said = ",".join(exchange.header_values("cache-control")).lower()
    return "no-store" in [word.strip() for word in re.sub(r'"[^"]*"', "", said).split(",")]


def _untyped(answers: Iterable[HttpExchange]) -> Iterator[Complaint]:
    """Answers with tokens that are no JSON, or lack a token_type, which is REQUIRED (RFC 6749 §5.1)."""
    told: set[str] = set()
    for exchange in answers:
        if exchange.about.get("role") != "token" or exchange.status != 200 or _place(exchange) in told:
            continue
        kind = (exchange.header("content-type") or "none").partition(";")[0].strip().lower()
        lacks = [] if kind == "application/json" else [f"the content type {kind} instead of application/json"]
        lacks += [] if exchange.json().get("token_type") else ["no token_type"]
        if lacks:
            told.add(_place(exchange))
            yield Complaint(f"{_place(exchange)}: {' and '.join(lacks)} in an answer with tokens", exchange)


@check("WEB-09.E2", "ASVS 5.0.0 14.3.2, OWASP Session CS: Web Content Caching", "web")
def caches_hold_nothing(seen: Record, parameters: Parameters) -> Judgement:
    for page in seen.of(PageView, "login", "settings page", "reload"):
        if not page.signed_in and page.case != "settings page":
            raise MissingObservation(f"{page.case}: nobody was signed in, so nothing was there to be kept")
    scan = seen.one(SecretScan, "caches", part="caches")
    if absent := [place for place in CACHES if place not in scan.places]:
        raise MissingObservation(f"never searched: {', '.join(absent)}")
    if absent := [kind for kind in CANARIES if kind not in scan.kinds]:
        raise MissingObservation(f"no {' and no '.join(absent)} was known, so none was looked for")
    if not scan.planted_found:
        why = scan.about.get("unscanned", "what was planted there was not found")
        raise MissingObservation(f"the search of the caches is incomplete: {why}")
    found = dict.fromkeys(f"{hit.mark} in {hit.place.partition('!')[0]}" for hit in scan.hits)
    complaints = [Complaint(told, scan) for told in found]
    return conclude(complaints, f"{scan.bytes} bytes of the browser's caches hold no credential and no personal data")


@check("WEB-09.E3", "RFC 9111 §3, §3.5, §7.1, RFC 9213 §2.2, ASVS 5.0.0 14.2.2")
def a_shared_cache_gives_nothing_away(seen: Record, parameters: Parameters) -> Judgement:
    _require_hit(seen)
    asked = seen.of(HttpExchange, "shared cache", asker="user")
    complaints = [complaint for exchange in asked for complaint in _given_away(seen, exchange)]
    return conclude(complaints, f"a shared cache gave nobody what is a user's (addresses tried: {len(asked)})")


def _require_hit(seen: Record) -> None:
    """The cache must have been seen to cache."""
    if not _is_hit(seen.one(HttpExchange, "public page", asker="anonymous")):
        raise MissingObservation("the shared cache did not even give what anybody may keep")


def _is_hit(exchange: HttpExchange) -> bool:
    """By RFC 9211; another cache on the way has another name."""
    return any(re.search(r"\bauthassay; hit\b", value) for value in exchange.header_values("cache-status"))


def _given_away(seen: Record, answered: HttpExchange) -> Iterator[Complaint]:
    page, name = answered.about["page"], answered.about["user"]
    if require_answer(answered).status != 200:
        raise MissingObservation(f"{page}: the user himself was answered with HTTP {answered.status}")
    through = require_answer(seen.one(HttpExchange, "shared cache", page=page, asker="anonymous"))
    past = require_answer(seen.one(HttpExchange, "shared cache", page=page, asker="anonymous, past the cache"))
    is_his = past.status != 200 or (name in answered.body and name not in past.body)
    if is_his and _is_hit(through):
        said = ", ".join(answered.header_values("cache-control")) or "no Cache-Control"
        fields = ((name, ", ".join(answered.header_values(name))) for name in FOR_CDNS)
        said += "".join(f", {name}: {value}" for name, value in fields if value)
        yield Complaint(f"{page}: a shared cache gives the user's answer to anybody ({said})", answered, through, past)
