"""A failed expectation as a shell script that brings it about again: the exchanges that show it, by curl.

A pure function from observations. What a target said is quoted without exception; secrets are variables, read out of
the answers that give them, made by the script, or asked of its user.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qsl, quote_plus

from harness.observations import HttpExchange, Observation, Race, TokenFacts
from harness.report import answer_reader
from harness.report.marks import MARK, Mark, marks_in
from harness.report.origins import reading_of, url_reading
from harness.report.pages import TEMPLATES, amount
from harness.report.script_values import Parts, Values
from harness.report.shell import Variable, comment, quote, word
from harness.report.slices import exchanges_of, slice_of

__all__ = ["CurlScript", "curl_script"]

FORM = "application/x-www-form-urlencoded"
ENOUGH = 24  # requests of a script; of what would need more, the first that is shown is repeated
WAITED = 5.0  # seconds between two exchanges from which on the script waits as long
LONGEST_WAIT = 3_600.0
MOVED = 60.0  # seconds by which a clock has jumped, and not only run ahead
MOST_AT_ONCE = 100
LONGEST_FACT, MOST_FACTS = 1_000, 200  # characters of what is compared of an answer, and how much of it
VOLATILE = re.compile(  # what is another each time: by its name, a moment, or what is drawn at random
    r"^(?!cookie)[^:]*\b(?:state|session_state|nonce|iat|exp|nbf|jti|sid|kid|id|(?!client_id)[a-z_]+_id|[a-z_]+_(?:at|time|hash)"
    r"|timestamp|date)(?:\[\d+\])*: "
    r"|\d\d:\d\d:\d\d|\b[12]\d{9}(?:\d{3})?\b|[0-9a-f]{8}-[0-9a-f]{4}-"
    r"|(?=[a-z]*\d)(?=\d*[a-z])[a-z\d]{16}|(?=[\w-]*\d)(?=[\w-]*(?-i:[a-z]))(?=[\w-]*(?-i:[A-Z]))[\w-]{20}",
    re.ASCII | re.IGNORECASE,
)
CLOCK = "This cannot be repeated: the run set the target's clock forward. Without that these answers show nothing."
USE = (
    "",
    "Needs bash, curl, openssl and python3. It logs in as a test user and sends what is written below, nothing else.",
    "Usage: CA=authority.pem BASE=https://where.it.runs bash THIS-FILE; both can be left out.",
    "It ends with 0 where the same answers came, 1 where others did, 2 where it could not go on, and 3 instead of 0",
    "where the run had set the target's clock forward. It compares status, redirect, cookies, JSON, the issuer,",
    "audience and lifetime of JWTs, Cache-Control, Pragma, Content-Type and WWW-Authenticate; no text of a page.",
)


@dataclass(frozen=True)
class CurlScript:
    """`text` is the whole script for bash; `requests` is the part of it that sends and compares."""

    text: str
    requests: str


def curl_script(
    head: Sequence[str], shown: Sequence[Observation], seen: Sequence[Observation], clause: str
) -> CurlScript | None:
    """The script; None where nothing of what is shown came over HTTP. `head` are lines of comment, `seen` all that one
    trial of the scenario recorded, in its order, `clause` what asks for something else."""
    kept = [shown[:count] for count in range(1, len(shown) + 1) if len(slice_of(shown[:count], seen)) <= ENOUGH]
    chosen = kept[-1] if kept else shown[:1]
    steps = slice_of(chosen, seen)
    tokens = tuple(one for one in seen if isinstance(one, TokenFacts) and one.form == "jwt")
    return _Script(steps, chosen, clause, Values(steps), tokens).write(head) if steps else None


@dataclass
class _Script:
    steps: Sequence[HttpExchange]
    shown: Sequence[Observation]
    clause: str
    values: Values
    tokens: Sequence[TokenFacts]
    bases: dict[str, str] = field(default_factory=dict)  # origin to variable

    def write(self, head: Sequence[str]) -> CurlScript:
        """The script with these lines at its top."""
        for step in self.steps:
            self.bases.setdefault(_origin(step.url), f"BASE_{len(self.bases) + 1}" if self.bases else "BASE")
        requests = [self._request(place, step) for place, step in enumerate(self.steps)]
        lines: list[str] = []
        for place, request in enumerate(requests):
            before, after = self.values.before.get(place, ()), self.values.after.get(place, ())
            lines += [*self._told(place), *before, request, *after, ""]
        sent = "\n".join([*lines, *self._ending()]) + "\n"
        top = [comment(line).rstrip() for line in (*head, *(["", CLOCK] if self._moved else []), *USE)]
        return CurlScript("\n".join(["#!/usr/bin/env bash", *top, *self._preamble(), "", sent]), sent)

    def _preamble(self) -> list[str]:
        bases = [f"default {name} {quote(origin)}" for origin, name in self.bases.items()]
        asked = [f"ask {name} {quote(what)}" for name, what in self.values.asked.items()]
        local = [f"OPTIONS+=(--resolve {quote(f'{host}:{port}:127.0.0.1')})" for host, port in self._local()]
        origins = " ".join(f"${name}" for name in self.bases.values())
        helpers = (TEMPLATES / "curl.sh").read_text("utf-8").rstrip("\n")
        reader = Path(answer_reader.__file__).read_text("utf-8")
        reading = f"cat >reader.py <<'END'\n{reader}END"
        return [helpers, reading, "", *bases, f'export ORIGINS="{origins}"', *local, *asked]

    def _local(self) -> list[tuple[str, str]]:
        """Hosts that RFC 6761 §6.3 keeps on loopback, whatever the resolver says; with their ports."""
        found = [re.fullmatch(r"(https?)://([\w.-]+\.localhost)(?::(\d+))?", origin) for origin in self.bases]
        return [(one[2], one[3] or ("443" if one[1] == "https" else "80")) for one in found if one]

    def _told(self, place: int) -> list[str]:
        """What the request does, what was answered then, and how long the run had waited before it."""
        step, previous = self.steps[place], self.steps[place - 1] if place else None
        shows = step in exchanges_of(self.shown, self.steps)
        part = f" Part of what shows the failure; see {self.clause}." if shows else ""
        told = [comment(f"{place + 1}. {_does(step)}"), comment(f"Answered {_shape(step)}.{part}", "#    ")]
        waited, moved = _since(previous, step) if previous else (0.0, 0.0)
        if waited >= WAITED:
            told.insert(0, f"sleep {min(waited, LONGEST_WAIT):.0f}  # as long as the run waited")
        if moved >= MOVED:
            told.insert(0, comment(f"Before this the run set the target's clock forward by {amount(moved, 's')}."))
        return told

    def _request(self, place: int, step: HttpExchange) -> str:
        race = next((one for one in self.shown if isinstance(one, Race) and exchanges_of([one], [step])), None)
        words = [
            f"at_once {min(race.parallel, MOST_AT_ONCE)}" if race else "curl",
            *self._method(step),
            *self._cookies(step),
        ]
        query, url = self._url(place, step)
        lines = [" ".join([*words, *(["-G"] if query else []), url])]
        lines += [self._header(place, name, value) for name, value in _headers(step)]
        return " \\\n  ".join([*lines, *query, *self._body(place, step)])

    def _method(self, step: HttpExchange) -> list[str]:
        usual = "POST" if step.request_body else "GET"
        return [] if step.method == usual else ["-X", quote(step.method)]

    def _cookies(self, step: HttpExchange) -> list[str]:
        agent = step.about.get("agent", "")
        if not any(one.header("set-cookie") for one in self.steps if one.about.get("agent", "") == agent):
            return []
        jar = f"cookies{list(dict.fromkeys(one.about.get('agent', '') for one in self.steps)).index(agent) + 1}"
        return [f"-b {jar} -c {jar}"]

    def _url(self, place: int, step: HttpExchange) -> tuple[list[str], str]:
        """Parameters that curl is to put into the query, and the URL as a word."""
        reading = url_reading(step, self.steps[:place])
        if reading is not None:
            return [], f'"$({self.values.take(reading)})"'
        origin = _origin(step.url)
        address, _, query = step.url.partition("?")
        pairs = _pairs(query) if step.method == "GET" and not step.request_body else []
        rest = address if pairs else step.url
        url: Parts = [Variable(self.bases[origin]), *self.values.parts(place, rest[len(origin) :])]
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

    def _ending(self) -> list[str]:
        shown = exchanges_of(self.shown, self.steps)
        lines = ["# What shows the failure, as it is answered now."]
        for one in self.shown:
            if isinstance(one, TokenFacts) and one.form == "jwt":
                lines += self._claims(one)
        raced = exchanges_of([one for one in self.shown if isinstance(one, Race)], self.steps)
        for place, step in enumerate(self.steps, 1):
            if step in shown:
                facts = " \\\n  ".join([quote(_shape(step)), *self._facts(step)])
                lines.append(f"raced {place}" if step in raced else f"same {place} {facts}")
        if self._moved:
            lines += [f"echo {quote(CLOCK)}", 'if [ "$differs" = 0 ]; then exit 3; fi']
        return [*lines, 'exit "$differs"']

    @property
    def _moved(self) -> bool:
        """Whether the run set the target's clock forward: by the Date of its answers, or because something was older
        than its scenario had run."""
        jumped = any(_since(*pair)[1] >= MOVED for pair in pairwise(self.steps))
        return jumped or any(_age(step) - step.began >= WAITED for step in self.steps)

    def _facts(self, step: HttpExchange) -> list[str]:
        """Words of what else is compared of the answer: all that holds no secret and is not another each time."""
        told = answer_reader.facts(step.url, step.headers, step.body) if step.status is not None else {}
        for name in ("access_token", "id_token") if told else ():
            digests = {mark.digest for mark in marks_in(str(answer_reader.members(step.body).get(name)))}
            token = next((t for t in self.tokens if digests & {mark.digest for mark in marks_in(t.token)}), None)
            told |= answer_reader.in_ascii(answer_reader.claims(name, token.claims if token else {}))
        facts = (f"{name}: {value}" for name, value in told.items() if ": " not in name)
        steady = [self._at_bases(one) for one in facts if len(one) <= LONGEST_FACT and not MARK.search(one)]
        texts = ("".join(part for part in parts if isinstance(part, str)) for parts in steady)
        return [word(parts) for parts, text in zip(steady, texts, strict=True) if not VOLATILE.search(text)][
            :MOST_FACTS
        ]

    def _at_bases(self, text: str) -> Parts:
        """The text with the variables of the origins in their place."""
        origins = "|".join(re.escape(one) for one in sorted(self.bases, key=len, reverse=True))
        pieces = re.split(rf"({origins})(?![\w.:-])", text)
        return [Variable(self.bases[one]) if one in self.bases else one for one in pieces if one]

    def _claims(self, token: TokenFacts) -> list[str]:
        digest = next((mark.digest for mark in marks_in(token.token)), "")
        reading = next((r for e in self.steps if (r := reading_of(digest, e)) and r.what == "json"), None)
        place = self.steps.index(reading.exchange) + 1 if reading else 0
        return [f"take {place} claims {quote(reading.names[0])} | cat -v"] if reading else []


def _since(previous: HttpExchange, step: HttpExchange) -> tuple[float, float]:
    """Seconds that the run waited between the two, and whole minutes by which the target's clock was set forward
    meanwhile, by what its answers say of the time (RFC 9110 §6.6.1)."""
    if not previous.began or not step.began:
        return 0.0, 0.0
    passed = step.began - previous.began
    times = [_moment(previous), _moment(step)]
    moved = times[1] - times[0] - passed if times[0] and times[1] else 0.0
    return passed - previous.seconds, round(moved / 60) * 60.0


def _moment(exchange: HttpExchange) -> float:
    """The Date of an answer in seconds; 0 where it has none."""
    try:
        return parsedate_to_datetime(exchange.header("date") or "").timestamp()
    except ValueError:
        return 0.0


def _age(exchange: HttpExchange) -> float:
    """Seconds, by the target's clock, since what the request presents began; 0 where nobody noted that."""
    noted = exchange.about.get("age", "")
    return float(noted) if re.fullmatch(r"\d{1,12}(\.\d{1,9})?", noted, re.ASCII) else 0.0


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


def _origin(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{re.split('[/?#]', rest, maxsplit=1)[0]}"


def _shape(step: HttpExchange) -> str:
    status = str(step.status) if step.status is not None else "with nothing"
    return answer_reader.shape(status, step.location or "", step.body)


def _does(step: HttpExchange) -> str:
    """The request in words."""
    grant = dict(parse_qsl(step.request_body)).get("grant_type", "")
    words = f"{step.case}: " if step.case else ""
    return f"{words}{step.method} {step.url.partition('?')[0]}" + (f" ({grant})" if grant else "")
