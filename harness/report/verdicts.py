"""Verdicts as readers meet them: their order and words, the worst of several findings, text that cannot act."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from harness.model import ANY, STAGES, Catalog, Cell, Finding, Symptom, Verdict, merge

__all__ = [
    "ORDER",
    "STAGE_ORDER",
    "WORDS",
    "by_control",
    "cell_name",
    "counted",
    "in_any_stage",
    "merged",
    "stage_of",
    "visible",
    "visible_lines",
    "worst",
]

ORDER = (Verdict.NOT_APPLICABLE, Verdict.FAILED, Verdict.UNKNOWN, Verdict.NOT_RUN, Verdict.PASSED)
STAGE_ORDER = (*STAGES, "all", ANY)
WORDS = {verdict: verdict.value.replace("_", " ") for verdict in Verdict}

# Controls of a terminal (C0, DEL, C1), of lines and reading direction, what has no width and hides, and what neither
# XML nor UTF-8 can carry.
_ACTS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    """The text on one line, with every character that would act instead of show written as its escape (`\\x1b`,
    `\\u202e`, `\\n`): no line of a terminal begins with what a target answers. Tabs stay."""
    return visible_lines(text).replace("\n", "\\n")


def visible_lines(text: str) -> str:
    """The same, but line feeds stay: for pages, blocks of code, and what is then joined to one line.

    What a target answers reaches terminals and pages only through here.
    """
    return _ACTS.sub(lambda found: ascii(found[0])[1:-1], text)


def worst(findings: Iterable[Finding]) -> Verdict:
    """The worst verdict of the findings."""
    return merge(finding.verdict for finding in findings)


def ran(findings: Iterable[Finding]) -> bool:
    """Whether anything came of any of them: a control that ran in one cell ran, and shows what it lacks in others."""
    return any(finding.verdict is not Verdict.NOT_RUN for finding in findings)


def merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One finding per expectation and cell, sorted: the worst verdict, with every reason given for it."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.expectation, finding.cell), []).append(finding)
    return tuple(_merge(group) for _, group in sorted(groups.items(), key=lambda item: _key(*item[0])))


def _merge(group: list[Finding]) -> Finding:
    verdict = worst(group)
    kept = [finding for finding in group if finding.verdict is verdict]
    reasons = "; ".join(dict.fromkeys(finding.reason for finding in kept))
    return replace(kept[0], reason=reasons, symptoms=_together(kept), retried=any(finding.retried for finding in group))


def _together(findings: Iterable[Finding]) -> tuple[Symptom, ...]:
    """Each symptom once, with all that shows it: the words of an outline's examples are the same."""
    shown: dict[str, dict[str, None]] = {}
    for symptom in (symptom for finding in findings for symptom in finding.symptoms):
        shown.setdefault(symptom.text, {}).update(dict.fromkeys(symptom.shown_by))
    return tuple(Symptom(text, tuple(by)) for text, by in shown.items())


def by_control(findings: Iterable[Finding], catalog: Catalog) -> dict[str, tuple[Finding, ...]]:
    """Findings by the id of their control, in the catalog's order; those that the catalog does not know come last."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.expectation.rpartition(".")[0], []).append(finding)
    order = {id: place for place, id in enumerate(catalog.controls)}
    return {id: tuple(groups[id]) for id in sorted(groups, key=lambda id: (order.get(id, len(order)), id))}


def counted(findings: Iterable[Finding]) -> dict[Verdict, int]:
    """How many findings have each verdict, in ORDER, none left out."""
    found = [finding.verdict for finding in findings]
    return {verdict: found.count(verdict) for verdict in ORDER}


def cell_name(cell: str) -> str:
    """A cell's id for people: the axes that matter (`reference/linux/dev/any/any` is `reference · linux · dev`)."""
    try:
        parsed = Cell.parse(cell)
    except ValueError:
        return visible(cell)
    parts = (parsed.target, parsed.os, parsed.stage, parsed.browser, parsed.store)
    return visible(" · ".join(part for part in parts if part != "any"))


def in_any_stage(text: str) -> str:
    """The text without what differs from stage to stage: their names in addresses, and numbers."""
    return re.sub(r"\d+", "0", re.sub(rf"\b(?:{'|'.join(STAGES)})\b", "stage", text))


def stage_of(cell: str) -> str:
    """The stage in a cell's id (`dev`, `staging`, `prod`, `all`, `any`); `any` where there is none of these."""
    stage = cell.split("/")[2] if cell.count("/") == 4 else ANY
    return stage if stage in STAGE_ORDER else ANY


def _key(expectation: str, cell: str) -> tuple[str, int, str, str]:
    control, _, number = expectation.rpartition(".E")
    return control, int(number) if number.isdecimal() else 0, expectation, cell
