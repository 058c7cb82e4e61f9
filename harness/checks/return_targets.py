"""Judgements about where a web client leads its user after a login, a logout and an error."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urlsplit

from harness.checks.common import Complaint, conclude, require_answer
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import HttpExchange
from harness.observe import MissingObservation, Record

MOMENTS = ("login", "login of somebody signed in", "logout", "error")
SCRIPTS = ("javascript", "data", "vbscript", "blob", "file")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):(.*)", re.IGNORECASE | re.DOTALL)
_LINK = re.compile(r"""(?:href|action|src|formaction)\s*=\s*["']([^"']*)["']""", re.IGNORECASE)
_REFRESH = re.compile(r"""<meta[^>]+url\s*=\s*([^"'>\s]+)""", re.IGNORECASE)


def leads_to(base: str, location: str) -> tuple[str, str]:
    """Scheme and host to which a browser goes (WHATWG URL §4.4): backslashes are slashes, tabs and line ends are not
    there, and `https:x` is a path where the page has that scheme."""
    own = urlsplit(base)
    text = re.sub(r"[\t\r\n]", "", location.strip("".join(map(chr, range(33)))))
    named = _SCHEME.match(text)
    scheme, rest = (named[1].lower(), named[2]) if named else (own.scheme, text)
    if scheme not in ("http", "https"):
        return scheme, ""
    rest = rest.replace("\\", "/")
    if not rest.startswith("//") and scheme == own.scheme:
        return scheme, own.hostname or ""
    authority = re.split(r"[/?#]", rest.lstrip("/"), maxsplit=1)[0]
    return scheme, unquote(authority.rpartition("@")[2].rpartition(":")[0] or authority.rpartition("@")[2]).lower()


@check("WEB-12.E1", "RFC 9700 §4.11.1, ASVS 5.0.0 3.7.2", "web")
def nobody_is_led_away(seen: Record, parameters: Parameters) -> Judgement:
    answers = _answers(seen)
    complaints = [
        Complaint(f"{answer.case}, {answer.about['value']}: leads to {host}", answer)
        for answer in answers
        for link in _links(answer)
        if f".{(host := leads_to(answer.url, link)[1])}".endswith(f".{answer.about['evil']}")
    ]
    return conclude(list(dict.fromkeys(complaints)), f"{len(answers)} answers lead to no host that was asked for")


def _answers(seen: Record) -> list[HttpExchange]:
    """What was answered while somebody asked to be led elsewhere; at each moment something must have been."""
    asked = [e for e in seen.of(HttpExchange, *MOMENTS) if e.about.get("evil")]
    sent = [e for e in asked if e.status is not None or not e.error.startswith("not sent")]
    for moment in MOMENTS:
        values = {e.about["value"] for e in sent if e.case == moment}
        if not values:
            raise MissingObservation(f"{moment}: nobody asked to be led elsewhere")
        for value in values:
            if not any(e.status is not None for e in sent if (e.case, e.about["value"]) == (moment, value)):
                raise MissingObservation(f"{moment}, {value}: no answer came")
    ended = {e.about["value"] for e in sent if e.case == "login" and "code=" in (e.location or "")}
    if not ended:
        raise MissingObservation("no login came as far as its callback")
    return [require_answer(e) for e in sent if e.status is not None]


def _links(answer: HttpExchange) -> Iterator[str]:
    """Where an answer leads: its Location, and what its page refers to."""
    if answer.location:
        yield answer.location
    if "html" in (answer.header("content-type") or ""):
        yield from _LINK.findall(answer.body)
        yield from _REFRESH.findall(answer.body)


@check("WEB-12.E2", "RFC 9700 §4.11.1, ASVS 5.0.0 3.7.2", "web")
def no_script_and_no_header_is_smuggled_in(seen: Record, parameters: Parameters) -> Judgement:
    answers = _answers(seen)
    complaints = [complaint for answer in answers for complaint in _smuggled(answer)]
    return conclude(list(dict.fromkeys(complaints)), f"{len(answers)} answers hold no such address and no such header")


def _smuggled(answer: HttpExchange) -> Iterable[Complaint]:
    where = f"{answer.case}, {answer.about['value']}"
    marker = answer.about["marker"]
    for link in _links(answer):
        scheme = leads_to(answer.url, link)[0]
        if scheme in SCRIPTS and marker in unquote(link):
            yield Complaint(f"{where}: leads to {scheme}:", answer)
    for name, _ in answer.headers:
        if name.lower() == f"x-{marker}".lower():
            yield Complaint(f"{where}: the header {name} was injected", answer)


@check("WEB-12.E3", "ASVS 5.0.0 3.7.2", "web", "return target")
def a_page_of_its_own_is_gone_to(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    ends = seen.of(HttpExchange, "a page of its own")
    for moment in ("a login", "somebody signed in"):
        end = require_answer(seen.one(HttpExchange, "a page of its own", moment=moment))
        if urlsplit(end.url).path != end.about["wanted"] or end.status != 200:
            told = f"{moment}: ends at {urlsplit(end.url).path} (HTTP {end.status}), not at {end.about['wanted']}"
            complaints.append(Complaint(told, end))
    return conclude(complaints, f"{ends[-1].about['wanted']} was asked for, and gone to")
