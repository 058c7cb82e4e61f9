"""Where what a request sends came from: which earlier answer gave it, and how it is read out of that answer.

Of a login in a browser less is known: cookies that scripts and subresources set are not in its record, and a script may
have made the forms of a page. So addresses and fields are looked for in the text of the page too, and a form that no
page holds came from the one that was shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

from harness.observations import HttpExchange
from harness.report.answer_reader import Page, members, parameters
from harness.report.marks import MARK, Mark, marks_in, split

__all__ = [
    "Reading",
    "by_browser",
    "cookie_setters",
    "field_reading",
    "page_of",
    "reading_of",
    "sent_marks",
    "shown_page",
    "url_reading",
]

AROUND = 24  # characters before a secret by which it is found in a text
LEAST = 6  # those before a value in quotes
READ = 200_000  # characters of a page that are looked through for forms and links


@dataclass(frozen=True)
class Reading:
    """A part of an earlier answer, in the words of `answer_reader.read`."""

    exchange: HttpExchange
    what: str
    names: tuple[str, ...] = ()


def sent_marks(exchange: HttpExchange) -> tuple[Mark, ...]:
    """The secrets that the request sends."""
    headers = (value for _, value in exchange.request_headers)
    return tuple(mark for text in (exchange.url, *headers, exchange.request_body) for mark in marks_in(text))


def reading_of(digest: str, exchange: HttpExchange) -> Reading | None:
    """How the secret is read out of this answer; None where it is not there in clear."""
    if digest not in exchange.body and not any(digest in value for _, value in exchange.headers):
        return None
    return next((Reading(exchange, what, names) for what, names in _places(digest, exchange)), None)


def _places(digest: str, exchange: HttpExchange) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every place of the secret in the words of a Reading, those that say most first."""
    for what, names, value in _named_values(exchange):
        parts = split(value)
        if len(parts) == 1 and isinstance(mark := parts[0], Mark) and mark.digest == digest and _whole(mark):
            yield what, names
    for found in MARK.finditer(exchange.body):
        before, after = exchange.body[max(0, found.start() - AROUND) : found.start()], exchange.body[found.end() :][:1]
        if found[2] == digest and not found[4] and not MARK.search(before):
            yield "between", (before, after or "\n")


def _named_values(exchange: HttpExchange) -> Iterator[tuple[str, tuple[str, ...], str]]:
    with suppress(ValueError):  # a Location that is no URL
        for name, value in parameters(exchange.location or "").items():
            yield "location", (name,), value
    for name, member in members(exchange.body).items():
        yield "json", (name,), str(member)
    for line in exchange.header_values("set-cookie"):
        name, _, value = line.partition(";")[0].partition("=")
        yield "cookie", (name.strip(),), value.strip().strip('"')
    for number, (_, fields) in enumerate(_page(exchange.body).forms, 1):
        for name, value in fields.items():
            yield "field", (str(number), name), value


def _whole(mark: Mark) -> bool:
    return mark.in_clear and mark.cut is None


def page_of(exchange: HttpExchange, earlier: Sequence[HttpExchange]) -> tuple[HttpExchange, int] | None:
    """The latest page of the same user agent with a form that leads to this request, and the form's number."""
    for page in reversed(earlier):
        if not _same_agent(page, exchange):
            continue
        for number, (action, _) in enumerate(_page(page.body).forms, 1):
            if _joined(page.url, action) == exchange.url:
                return page, number
    return None


def url_reading(exchange: HttpExchange, earlier: Sequence[HttpExchange]) -> Reading | None:
    """What the request's URL was taken from: a redirect, a form, a link or a script of the same user agent; None where
    the suite made it."""
    form = page_of(exchange, earlier) if exchange.method != "GET" else None
    if form:
        return Reading(form[0], "action", (str(form[1]),))
    for answer in reversed(earlier):
        if not _same_agent(answer, exchange) or exchange.method != "GET":
            continue
        if answer.location is not None and _joined(answer.url, answer.location) == exchange.url:
            return Reading(answer, "location")
        if any(_joined(answer.url, link) == exchange.url for link in _page(answer.body).links):
            return Reading(answer, "link", (urlsplit(exchange.url).path,))
    return _made_by_a_script(exchange, earlier)


def _made_by_a_script(exchange: HttpExchange, earlier: Sequence[HttpExchange]) -> Reading | None:
    """Where the page that a browser showed names the address in quotes, or is there itself."""
    page = shown_page(exchange, earlier)
    if page is None:
        return None
    parts = urlsplit(page.url)
    for address in (exchange.url, exchange.url.removeprefix(f"{parts.scheme}://{parts.netloc}")):
        if around := _in_quotes(address, page.body):
            return Reading(page, "address", around)
    return Reading(page, "own") if exchange.url == page.url else None


def shown_page(exchange: HttpExchange, earlier: Sequence[HttpExchange]) -> HttpExchange | None:
    """The page from which a browser sent this request; None where no browser did."""
    if not by_browser(exchange):
        return None
    pages = (one for one in reversed(earlier) if _same_agent(one, exchange) and by_browser(one))
    return next((page for page in pages if page.location is None), None)


def by_browser(exchange: HttpExchange) -> bool:
    return exchange.about.get("by") == "browser"


def _in_quotes(value: str, text: str) -> tuple[str, str] | None:
    """What stands before and after the value where the text has it in quotes: no more than tells the place, for what
    stands further away may be another each time."""
    for quote in "\"'":
        place = text.find(f"{quote}{value}{quote}") if value else -1
        befores = (text[max(0, place - more) : place + 1] for more in range(LEAST, AROUND) if place >= 0)
        for before in befores:
            if text.find(before) + len(before) == place + 1 and not MARK.search(before):
                return before, quote
    return None


def field_reading(name: str, value: str, exchange: HttpExchange, earlier: Sequence[HttpExchange]) -> Reading | None:
    """Where a form field of this value was preset by the page that holds the form."""
    found = page_of(exchange, earlier)
    shown = shown_page(exchange, earlier)
    if found is None and shown is not None and (around := _in_quotes(value, shown.body)):
        return Reading(shown, "between", around)
    if found is None or not value:
        return None
    page, number = found
    preset = _page(page.body).forms[number - 1][1].get(name)
    return Reading(page, "field", (str(number), name)) if preset == value else None


def cookie_setters(exchange: HttpExchange, earlier: Sequence[HttpExchange]) -> list[HttpExchange]:
    """The answers that set the cookies which the user agent held at this request: the last one of each name."""
    last: dict[str, HttpExchange] = {}
    for answer in earlier:
        if _same_agent(answer, exchange):
            for line in answer.header_values("set-cookie"):
                last[line.partition("=")[0].strip()] = answer
    return list(last.values())


@lru_cache(maxsize=64)
def _page(body: str) -> Page:
    return Page(body[:READ])


def _same_agent(one: HttpExchange, other: HttpExchange) -> bool:
    return one.about.get("agent") == other.about.get("agent")


def _joined(base: str, url: str) -> str:
    try:
        return urljoin(base, url).partition("#")[0]
    except ValueError:
        return ""
