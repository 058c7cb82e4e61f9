"""Observations as text that a person reads, bounded: which of them a report shows, and how much of each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from harness.model import Finding, Verdict
from harness.observations import Absence, Confirmation, HttpExchange, Observation, to_json
from harness.report.pages import amount, marked
from harness.report.verdicts import worst

__all__ = ["Evidence", "Transcript", "anchor", "exchange_line", "gather", "ranges", "shown_text", "transcript"]

LONGEST = 2_400  # characters of one observation
WHOLE = 12_000  # characters of one that shows a failure
SHOWN = {Verdict.FAILED: 24, Verdict.UNKNOWN: 24}  # observations of one scenario, by its worst verdict
SHOWN_ELSE = 8
TELLING = ("client", "mistake", "change", "injected", "response_type", "presented", "replayed", "replay", "session")
"""What steps note of an exchange that tells it from others of the same case."""
BUDGET = 800_000  # characters of markup for all of a report


@dataclass(frozen=True)
class Transcript:
    """One observation: its number in its scenario, what it is of, one line on it, and its text, cut where `cut`.
    `trial` is 2 where the scenario was run once more to confirm what failed."""

    number: str
    kind: str
    case: str
    line: str
    text: Markup
    cut: bool
    trial: int


@dataclass(frozen=True)
class Evidence:
    """What one scenario in one cell left: `total` observations that findings rest on, some of them shown, and how
    many are named but not in the bundle."""

    scenario: str
    cell: str
    verdict: Verdict
    total: int
    shown: tuple[Transcript, ...]
    missing: int

    @property
    def anchor(self) -> str:
        return anchor(self.scenario)


def anchor(scenario: str) -> str:
    """The place of a scenario's evidence in a page."""
    return f"evidence-{hashlib.sha256(scenario.encode('utf-8', 'replace')).hexdigest()[:10]}"


def gather(findings: Iterable[Finding], observations: Mapping[str, Observation]) -> dict[str, Evidence]:
    """Evidence by scenario id. The budget goes to what did not pass first; in each scenario to what a reason names."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.observations:
            groups.setdefault(finding.scenario, []).append(finding)
    left = BUDGET
    found: dict[str, Evidence] = {}
    for scenario, group in sorted(groups.items(), key=lambda item: list(Verdict).index(worst(item[1]))):
        evidence = _evidence(scenario, group, observations, left)
        left -= sum(len(one.text) for one in evidence.shown)
        found[scenario] = evidence
    return found


def _evidence(scenario: str, group: Sequence[Finding], observations: Mapping[str, Observation], left: int) -> Evidence:
    ids = tuple(dict.fromkeys(id for finding in group for id in finding.observations))
    known = [observations[id] for id in ids if id in observations]
    verdict = worst(group)
    reasons = " ".join(finding.reason for finding in group if finding.verdict is verdict)
    ranked = sorted(known, key=lambda o: not (o.case and o.case in reasons))[: SHOWN.get(verdict, SHOWN_ELSE)]
    shown = tuple(_within(left, (transcript(o) for o in ranked)))
    in_order = tuple(sorted(shown, key=lambda one: (len(one.number), one.number)))
    return Evidence(scenario, group[0].cell, verdict, len(ids), in_order, len(ids) - len(known))


def _within(left: int, transcripts: Iterator[Transcript]) -> Iterator[Transcript]:
    for one in transcripts:
        left -= len(one.text)
        if left < 0:
            return
        yield one


def transcript(observation: Observation, longest: int = LONGEST) -> Transcript:
    """The observation for a reader, with so many characters of its text."""
    text = _exchange(observation) if isinstance(observation, HttpExchange) else _data(observation)
    return Transcript(
        number=observation.id.rpartition("#")[2],
        kind=observation.kind,
        case=observation.case,
        line=_line(observation),
        text=marked(text[:longest]),
        cut=len(text) > longest,
        trial=observation.trial,
    )


def ranges(numbers: Iterable[str]) -> str:
    """`1–3, 7`: numbers of observations, neighbours joined; what is no number is left out."""
    runs: list[list[int]] = []
    for number in sorted({int(n) for n in numbers if n.isdecimal() and len(n) < 10}):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in runs)


def _line(observation: Observation) -> str:
    if isinstance(observation, HttpExchange):
        return exchange_line(observation)[:200]
    if isinstance(observation, Absence):
        declared = "declared absent" if observation.declared else "not offered"
        return f"{observation.capability} {declared}: {observation.reason}"[:200]
    if isinstance(observation, Confirmation):
        return f"the scenario once more from its start, with {observation.client}"[:200]
    about = ", ".join(f"{name} {value}" for name, value in observation.about.items())
    return f"{observation.kind} {about}"[:200]


def exchange_line(exchange: HttpExchange) -> str:
    """What tells it from others of its case, what was asked and answered, and the time that was skipped before it."""
    apart = [value for name, value in exchange.about.items() if name in TELLING and value]
    answer = str(exchange.status) if exchange.status is not None else f"no answer: {exchange.error}"
    later = f", with the clock {amount(round(exchange.skipped), 's')} ahead" if exchange.skipped else ""
    said = f"{exchange.method} {exchange.url.partition('?')[0]} → {answer}{later}"
    return ": ".join([*([", ".join(apart)] if apart else []), said])


def shown_text(exchange: HttpExchange) -> str:
    """The whole exchange, but for a body that nobody would read to its end."""
    text = _exchange(exchange)
    more = len(text) - WHOLE
    return text if more <= 0 else f"{text[:WHOLE]}… ({more:,} characters more in observations.jsonl, {exchange.id})"


def _exchange(exchange: HttpExchange) -> str:
    """The exchange in the shape of RFC 9112 messages."""
    request = [f"{exchange.method} {exchange.url}", *(f"{name}: {value}" for name, value in exchange.request_headers)]
    if exchange.request_body:
        request += ["", exchange.request_body]
    status = f"HTTP {exchange.status}" if exchange.status is not None else f"no answer: {exchange.error}"
    answer = [status, *(f"{name}: {value}" for name, value in exchange.headers)]
    if exchange.body:
        answer += ["", exchange.body]
    return "\n".join([*request, "", *answer])


def _data(observation: Observation) -> str:
    data = to_json(observation)
    kept = {name: value for name, value in data.items() if name not in ("id", "kind", "case") and value not in ("", {})}
    return json.dumps(kept, ensure_ascii=False, indent=1)
