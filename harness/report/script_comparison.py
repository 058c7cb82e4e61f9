"""The end of a curl script: the answers that show the failure, compared with what they were in the run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.observations import HttpExchange, Observation, Race, TokenFacts
from harness.report import answer_reader
from harness.report.marks import MARK, marks_in
from harness.report.origins import reading_of
from harness.report.script_bases import origin
from harness.report.script_values import Parts
from harness.report.shell import Variable, quote, word
from harness.report.slices import exchanges_of

__all__ = ["Comparison", "shape"]

PORT = re.compile(r":\d+$")  # of an origin that names one
SPECIAL = ("localhost", "test", "example")  # top-level names below which all hosts are one's own (RFC 6761)
LONGEST_FACT, MOST_FACTS = 1_000, 200  # characters of what is compared of an answer, and how much of it
VOLATILE = re.compile(  # what is another each time: by its name, a moment, or what is drawn at random
    r"^(?!cookie)[^:]*\b(?:state|session_state|nonce|iat|exp|nbf|jti|sid|kid|id|(?!client_id)[a-z_]+_id|[a-z_]+_(?:at|time|hash)"
    r"|timestamp|date)(?:\[\d+\])*: "
    r"|\d\d:\d\d:\d\d|\b[12]\d{9}(?:\d{3})?\b|[0-9a-f]{8}-[0-9a-f]{4}-"
    r"|(?=[a-z]*\d)(?=\d*[a-z])[a-z\d]{16}|(?=[\w-]*\d)(?=[\w-]*(?-i:[a-z]))(?=[\w-]*(?-i:[A-Z]))[\w-]{20}",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True)
class Comparison:
    """`shown` is what shows the failure, `tokens` what was measured of JWTs, `bases` the variable of each origin."""

    steps: Sequence[HttpExchange]
    shown: Sequence[Observation]
    tokens: Sequence[TokenFacts]
    bases: Mapping[str, str]

    def lines(self) -> list[str]:
        """The commands that show and compare."""
        found: list[str] = []
        for one in self.shown:
            if isinstance(one, TokenFacts) and one.form == "jwt":
                found += self._claims(one)
        shown = exchanges_of(self.shown, self.steps)
        raced = exchanges_of([one for one in self.shown if isinstance(one, Race)], self.steps)
        for place, step in enumerate(self.steps, 1):
            if step in shown:
                facts = " \\\n  ".join([quote(shape(step)), *self._facts(step)])
                found.append(f"raced {place}" if step in raced else f"same {place} {facts}")
        return found

    def _facts(self, step: HttpExchange) -> list[str]:
        """Words of what else is compared of the answer: all that holds no secret and is not another each time."""
        told = answer_reader.facts(step.url, step.headers, step.body) if step.status is not None else {}
        for name in ("access_token", "id_token") if told else ():
            digests = {mark.digest for mark in marks_in(str(answer_reader.members(step.body).get(name)))}
            token = next((t for t in self.tokens if digests & {mark.digest for mark in marks_in(t.token)}), None)
            told |= answer_reader.in_ascii(answer_reader.claims(name, token.claims if token else {}))
        facts = (f"{name}: {value}" for name, value in told.items() if ": " not in name)
        own = origin(step.url)
        steady = [self._at_bases(one, own) for one in facts if len(one) <= LONGEST_FACT and not MARK.search(one)]
        texts = ("".join(part for part in parts if isinstance(part, str)) for parts in steady)
        kept = [word(parts) for parts, text in zip(steady, texts, strict=True) if not VOLATILE.search(text)]
        return kept[:MOST_FACTS]

    def _at_bases(self, text: str, own: str) -> Parts:
        """The text with what is of the run's origins taken from their variables: an origin, the authority after another
        scheme, and the port after another host; where the run's was the usual one, which nobody writes, after a host
        beside it. What two of them share is taken from `own`, who gave the answer."""
        known: dict[str, Variable] = {}
        for url in sorted(self.bases, key=lambda url: url != own):
            authority, port = url.partition("://")[2], PORT.search(url)
            known.setdefault(url, Variable(self.bases[url]))
            known.setdefault(f"//{authority}", Variable(self.bases[url], "#*:"))
            if port:
                known.setdefault(port[0], Variable(f"{self.bases[url]}_PORT"))
        longest_first = "|".join(re.escape(one) for one in sorted(known, key=len, reverse=True))
        pieces = re.split(rf"((?:{longest_first})(?![\w.:-]))", text)
        parts = [known.get(one, one) for one in pieces if one]
        return [part for one in parts for part in ([one] if isinstance(one, Variable) else self._beside(one, own))]

    def _beside(self, text: str, own: str) -> Parts:
        """The text with the port of the script after each host beside one that the run asked at its usual port."""
        ported: dict[str, Variable] = {}
        for url in sorted(self.bases, key=lambda url: url != own):
            scheme, _, host = url.partition("://")
            parent = host.partition(".")[2]
            if not PORT.search(url) and ("." in parent or parent in SPECIAL):
                ported.setdefault(rf"{scheme}://[\w-]+\.{re.escape(parent)}", Variable(f"{self.bases[url]}_PORT"))
        parts: Parts = [text]
        for beside, port in ported.items():
            parts = [new for part in parts for new in (_with(port, beside, part) if isinstance(part, str) else [part])]
        return parts

    def _claims(self, token: TokenFacts) -> list[str]:
        digest = next((mark.digest for mark in marks_in(token.token)), "")
        reading = next((r for e in self.steps if (r := reading_of(digest, e)) and r.what == "json"), None)
        place = self.steps.index(reading.exchange) + 1 if reading else 0
        return [f"take {place} claims {quote(reading.names[0])} | cat -v"] if reading else []


def _with(port: Variable, after: str, text: str) -> Parts:
    ends = [found.end() for found in re.finditer(rf"{after}(?![\w.:-])", text)]
    pieces = [text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]
    return [part for piece in pieces for part in (piece, port)][:-1]


def shape(step: HttpExchange) -> str:
    """What the answer was, in a few words."""
    status = str(step.status) if step.status is not None else "with nothing"
    return answer_reader.shape(status, step.location or "", step.body)
