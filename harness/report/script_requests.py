"""One request of a curl script, as the words that curl is given."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote_plus

from harness.observations import HttpExchange
from harness.report.marks import Mark, marks_in
from harness.report.origins import by_browser, url_reading
from harness.report.script_bases import origin
from harness.report.script_values import Parts, Values
from harness.report.shell import Variable, quote, word

__all__ = ["Requests"]

FORM = "application/x-www-form-urlencoded"
MOST_AT_ONCE = 100


@dataclass(frozen=True)
class Requests:
    """The requests of a script. `bases` maps each origin to its variable."""

    steps: Sequence[HttpExchange]
    values: Values
    bases: Mapping[str, str]

    def command(self, place: int, at_once: int = 0) -> str:
        """The request at this place; many of it at once where it was one of a race."""
        step = self.steps[place]
        command = f"at_once {min(at_once, MOST_AT_ONCE)}" if at_once else "curl"
        query, url = self._url(place, step)
        lines = [" ".join([command, *_method(step), *self._cookies(step), *(["-G"] if query else []), url])]
        lines += [self._header(place, name, value) for name, value in _headers(step)]
        return " \\\n  ".join([*lines, *query, *self._body(place, step)])

    def _cookies(self, step: HttpExchange) -> list[str]:
        agent = step.about.get("agent", "")
        own = [one for one in self.steps if one.about.get("agent", "") == agent]
        if not any(one.header("set-cookie") or by_browser(one) for one in own):
            return []
        jar = f"cookies{list(dict.fromkeys(one.about.get('agent', '') for one in self.steps)).index(agent) + 1}"
        return [f"-b {jar} -c {jar}"]

    def _url(self, place: int, step: HttpExchange) -> tuple[list[str], str]:
        """Parameters that curl is to put into the query, and the URL as a word."""
        reading = url_reading(step, self.steps[:place])
        if reading is not None:
            return [], f'"$({self.values.take(reading)})"'
        begin = origin(step.url)
        address, _, query = step.url.partition("?")
        pairs = _pairs(query) if step.method == "GET" and not step.request_body else []
        rest = address if pairs else step.url
        url: Parts = [Variable(self.bases[begin]), *self.values.parts(place, rest[len(begin) :])]
        return [self._parameter(place, *pair) for pair in pairs], word(url)

    def _header(self, place: int, name: str, value: str) -> str:
        if not value:
            return f"-H {quote(f'{name};')}"  # curl's way to send a header without a value
        if value.startswith("Basic ") and (secret := next(marks_in(value), None)):
            client = _client_id(value.removeprefix("Basic ").partition("{{")[0])
            clear = Mark("client_secret", secret.digest, secret.length)
            return f"-u {word([f'{client}:', self.values.variable(place, clear)])}"
        base = self.bases.get(value)
        return f"-H {word([f'{name}: ', *([Variable(base)] if base else self.values.parts(place, value))])}"

    def _body(self, place: int, step: HttpExchange) -> list[str]:
        pairs = _pairs(step.request_body) if (_media_type(step) or FORM).startswith(FORM) else []
        if pairs:
            return [self._parameter(place, *pair) for pair in pairs]
        return [f"--data-raw {word(self.values.parts(place, step.request_body))}"] if step.request_body else []

    def _parameter(self, place: int, name: str, value: str) -> str:
        preset = self.values.preset(place, name, value)
        parts: Parts = [preset] if preset else self.values.parts(place, value)
        return f"--data-urlencode {word([f'{quote_plus(name)}=', *parts])}"


def _method(step: HttpExchange) -> list[str]:
    usual = "POST" if step.request_body else "GET"
    if step.method == "HEAD":
        return ["--head"]  # with -X curl would wait for a body
    return [] if step.method == usual else ["-X", quote(step.method)]


def _client_id(start: str) -> str:
    """The client's id, from the start of its Basic credentials (RFC 7617 §2)."""
    whole = start[: len(start) // 4 * 4]
    rest = start[len(whole) :]
    data = base64.b64decode(whole + (rest + "AAA"[: 4 - len(rest)] if rest else ""))
    return data[: len(start) * 6 // 8].decode("utf-8", "replace").partition(":")[0]


def _media_type(step: HttpExchange) -> str:
    """The media type of what the request sends; "" where it names none."""
    return next((value for name, value in step.request_headers if name.lower() == "content-type"), "")


def _headers(step: HttpExchange) -> list[tuple[str, str]]:
    """The headers that curl must be told to send. No other name is one (RFC 9110 §5.1), and an @ would name a file."""
    named = [(name, value) for name, value in step.request_headers if re.fullmatch(r"[\w!#$%&'*+.^`|~-]+", name)]
    return [(name, value) for name, value in named if (name.lower(), value) != ("content-type", FORM)]


def _pairs(text: str) -> list[tuple[str, str]]:
    """The parameters of a form or query; none where they do not say it all."""
    pairs, written = parse_qsl(text, keep_blank_values=True), text.split("&")
    whole = len(pairs) == len(written) and all("=" in pair for pair in written)
    return pairs if whole and not any("\ufffd" in part for pair in pairs for part in pair) else []
