"""A failed expectation as a shell script that brings it about again: the exchanges that show it, by curl.

A pure function from observations. What a target said is quoted without exception; secrets are variables, read out of
the answers that give them, made by the script, or asked of its user.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import parse_qsl

from harness.observations import HttpExchange, Observation, Race, TokenFacts
from harness.report import answer_reader
from harness.report.pages import TEMPLATES, amount
from harness.report.script_bases import bases, part
from harness.report.script_comparison import Comparison, shape
from harness.report.script_requests import Requests
from harness.report.script_values import Values
from harness.report.script_waiting import TOO_LONG, cuts_a_wait, seconds_waited, waiting, waits_too_long
from harness.report.shell import comment, quote
from harness.report.slices import exchanges_of, slice_of

__all__ = ["CurlScript", "curl_script"]

ENOUGH = 24  # requests of a script; of what would need more, the first that is shown is repeated
USE = (
    "",
    "Needs bash, curl, openssl and python3. It logs in as a test user and sends what is written below, nothing else.",
    "It ends with 0 where the same answers came, 1 where others did, 2 where it could not go on, and 3 where neither",
    "would show anything, because the run had set the target's clock too far forward. It compares status, redirect,",
    "cookies, JSON, who issued JWTs for whom and for how long, Cache-Control, Pragma, Content-Type, WWW-Authenticate;",
    "no text of a page.",
)
CA = "a PEM file, the authority of the target's certificate, where this machine does not trust it"


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


@dataclass(frozen=True)
class _Script:
    steps: Sequence[HttpExchange]
    shown: Sequence[Observation]
    clause: str
    values: Values
    tokens: Sequence[TokenFacts]

    @cached_property
    def bases(self) -> Mapping[str, str]:
        """The variable of each origin."""
        return bases(self.steps)

    def write(self, head: Sequence[str]) -> CurlScript:
        """The script with these lines at its top."""
        requests = Requests(self.steps, self.values, self.bases)
        commands = [requests.command(place, self._at_once(step)) for place, step in enumerate(self.steps)]
        lines: list[str] = []
        for place, command in enumerate(commands):
            before, after = self.values.before.get(place, ()), self.values.after.get(place, ())
            lines += [*self._told(place), *before, command, *after, ""]
        sent = "\n".join([*lines, *self._ending()]) + "\n"
        top = [comment(line).rstrip() for line in (*head, *self._of_time(), *USE)]
        return CurlScript("\n".join(["#!/usr/bin/env bash", *top, *self._usage(), *self._preamble(), "", sent]), sent)

    def _at_once(self, step: HttpExchange) -> int:
        races = (one for one in self.shown if isinstance(one, Race) and exchanges_of([one], [step]))
        return next((race.parallel for race in races), 0)

    def _of_time(self) -> list[str]:
        seconds = seconds_waited(self.steps)
        as_long = "less than the run took: a wait was cut" if cuts_a_wait(self.steps) else "as the run did"
        told = [f"It waits {amount(round(seconds), 's')} on its way, {as_long}."] if seconds else []
        told += [TOO_LONG] if waits_too_long(self.steps) else []
        return ["", *told] if told else []

    def _usage(self) -> list[str]:
        """Every variable that the script takes, and what it is."""
        origins = sorted((name, url) for url, name in self.bases.items())
        taken = {"CA": "authority.pem"} if any(url.startswith("https:") for _, url in origins) else {}
        told = [f"{name}=…: {CA}" for name in taken]
        told += [
            f"{name}=…: {part(url, self.steps)}; in the run, and where it is left out, {url}" for name, url in origins
        ]
        told += [f"{name}=…: {what}; asked for where it is left out" for name, what in self.values.asked.items()]
        taken |= {name: f"{url.partition(':')[0]}://…" for name, url in origins} | dict.fromkeys(self.values.asked, "…")
        line = " ".join(["Usage:", *(f"{name}={value}" for name, value in taken.items()), "bash THIS-FILE"])
        return [comment(line), *(comment(one, "#   ") for one in told)]

    def _preamble(self) -> list[str]:
        bases = [f"default {name} {quote(url)}" for url, name in self.bases.items()]
        asked = [f"ask {name} {quote(what)}" for name, what in self.values.asked.items()]
        origins = " ".join(f"${name}" for name in self.bases.values())
        helpers = (TEMPLATES / "curl.sh").read_text("utf-8").rstrip("\n")
        reader = Path(answer_reader.__file__).read_text("utf-8")
        reading = f"cat >reader.py <<'END'\n{reader}END"
        return [helpers, reading, "", *bases, f'export ORIGINS="{origins}"', *asked]

    def _told(self, place: int) -> list[str]:
        """How long to wait, what the request does, and what was answered then."""
        step = self.steps[place]
        shows = step in exchanges_of(self.shown, self.steps)
        part = f" Part of what shows the failure; see {self.clause}." if shows else ""
        told = [comment(f"{place + 1}. {_does(step)}"), comment(f"Answered {shape(step)}.{part}", "#    ")]
        return [*waiting(self.steps, place), *told]

    def _ending(self) -> list[str]:
        compared = Comparison(self.steps, self.shown, self.tokens, self.bases).lines()
        end = [f"echo {quote(TOO_LONG)}", "exit 3"] if waits_too_long(self.steps) else ['exit "$differs"']
        return ["# What shows the failure, as it is answered now.", *compared, *end]


def _does(step: HttpExchange) -> str:
    """The request in words."""
    grant = dict(parse_qsl(step.request_body)).get("grant_type", "")
    words = f"{step.case}: " if step.case else ""
    return f"{words}{step.method} {step.url.partition('?')[0]}" + (f" ({grant})" if grant else "")
