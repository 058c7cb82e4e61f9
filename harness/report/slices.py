"""Which exchanges bring a failure about once more: those that show it, and all that these come from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import parse_qsl

from harness.model import Finding
from harness.observations import HttpExchange, Observation, Race, TokenFacts
from harness.report.marks import marks_in
from harness.report.origins import cookie_setters, page_of, reading_of, sent_marks, shown_page, url_reading

__all__ = ["exchanges_of", "first_trial", "showing", "slice_of", "with_their_start"]

HTTP = re.compile(r"https?://[^\s/?#@]+")
PRESENTED = frozenset({"code", "refresh_token", "access_token", "id_token"})
"""Credentials that an endpoint treats otherwise once they were presented: redeemed, rotated, revoked."""


def first_trial(finding: Finding, observations: Mapping[str, Observation]) -> tuple[Observation, ...]:
    """What the finding rests on, in the order in which it was seen, without what a second trial saw."""
    found = [observations[id] for id in finding.observations if id in observations]
    return tuple(sorted((o for o in found if o.trial == 1), key=_number))


def showing(finding: Finding, observations: Mapping[str, Observation]) -> tuple[Observation, ...]:
    """What shows the failure, in the first trial: what its check names, else what its reason names."""
    seen = first_trial(finding, observations)
    named = tuple(o for o in seen if o.id in finding.shown_by)
    return named or tuple(o for o in seen if o.case and o.case in finding.reason)[-3:]


def slice_of(shown: Iterable[Observation], seen: Sequence[Observation]) -> tuple[HttpExchange, ...]:
    """The exchanges to repeat, in their order. Empty where none of what is shown came over HTTP.

    Besides what a request is made from, this is whatever presented the same code or token before the last of what is
    shown: a second redemption is one only after the first.
    """
    exchanges = [o for o in seen if isinstance(o, HttpExchange) and HTTP.match(o.url)]
    place = {exchange.id: number for number, exchange in enumerate(exchanges)}
    waiting = [place[exchange.id] for exchange in exchanges_of(shown, exchanges) if exchange.id in place]
    last, wanted = max(waiting, default=0), set[int]()
    while waiting:
        while waiting:
            number = waiting.pop()
            if number not in wanted:
                wanted.add(number)
                waiting += [place[cause.id] for cause in _causes(exchanges[number], exchanges[:number])]
        presented = {digest for number in wanted for digest in _presented(exchanges[number])}
        waiting = [n for n in range(last) if n not in wanted and presented & _presented(exchanges[n])]
    return tuple(exchanges[number] for number in sorted(wanted))


def with_their_start(shown: Iterable[Observation], seen: Sequence[Observation]) -> tuple[Observation, ...]:
    """What is shown; before the end of a way over redirects and pages, the request that it began with."""
    exchanges = [o for o in seen if isinstance(o, HttpExchange)]
    place = {exchange.id: number for number, exchange in enumerate(exchanges)}
    told: dict[str, Observation] = {}
    for one in shown:
        start, reading = one, None
        while isinstance(start, HttpExchange) and (reading := url_reading(start, exchanges[: place.get(start.id, 0)])):
            start = reading.exchange
        told |= {start.id: start, one.id: one}
    return tuple(told.values())


def exchanges_of(shown: Iterable[Observation], exchanges: Sequence[HttpExchange]) -> list[HttpExchange]:
    """The exchanges among what is shown; for facts of a token the one that brought it, for a race one of its many."""
    found: list[HttpExchange] = []
    for one in shown:
        if isinstance(one, HttpExchange):
            found.append(one)
        elif isinstance(one, TokenFacts):
            digests = [mark.digest for mark in marks_in(one.token)]
            found += [e for e in exchanges if digests and reading_of(digests[0], e)][:1]
        elif isinstance(one, Race):
            found += [e for e in exchanges if _is_of(one, e)][:1]
    return list({exchange.id: exchange for exchange in found}.values())


def _is_of(race: Race, exchange: HttpExchange) -> bool:
    return exchange.about.get("race") == race.case and exchange.about.get("client") == race.about.get("client")


def _causes(exchange: HttpExchange, earlier: Sequence[HttpExchange]) -> list[HttpExchange]:
    """The earlier exchanges without whose answers this request could not be made."""
    causes = cookie_setters(exchange, earlier)
    for mark in sent_marks(exchange):
        causes += [answer for answer in earlier if reading_of(mark.digest, answer)][:1]
    url = url_reading(exchange, earlier)
    page = page_of(exchange, earlier)
    shown = shown_page(exchange, earlier) if exchange.method != "GET" else None  # a GET may be asked without a page
    return [*causes, *([url.exchange] if url else []), *([page[0]] if page else []), *([shown] if shown else [])]


def _presented(exchange: HttpExchange) -> set[str]:
    if exchange.method != "POST":
        return set()
    values = (value for _, value in parse_qsl(exchange.request_body))
    marks = (mark for value in values for mark in marks_in(value))
    return {mark.digest for mark in marks if mark.kind.removeprefix("unregistered_") in PRESENTED}


def _number(observation: Observation) -> int:
    number = observation.id.rpartition("#")[2]
    return int(number) if number.isdecimal() and len(number) < 10 else 0
