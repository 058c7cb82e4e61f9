"""The table that ends a run: the controls that ran, and how they stand in each stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import ConsoleRenderable, Group, RenderableType
from rich.table import Table
from rich.text import Text

from harness.model import ANY, STAGES, Catalog, Cell, Finding, Verdict
from harness.report.progress import STYLES, tally
from harness.report.verdicts import WORDS, by_control, merged, visible, worst

__all__ = ["verdict_table"]

_FORMER = ("", *STAGES, "all", ANY)


def verdict_table(findings: Iterable[Finding], catalog: Catalog) -> RenderableType:
    """Controls × stages, the worst verdict in each field, and what did not pass; a line for what did not run."""
    found = merged(findings)
    controls = by_control(found, catalog)
    ran = {id: own for id, own in controls.items() if worst(own) is not Verdict.NOT_RUN}
    stages = sorted({_stage(f.cell) for own in ran.values() for f in own}, key=_FORMER.index)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("control", no_wrap=True)
    table.add_column("", no_wrap=True, overflow="ellipsis", ratio=1, style="dim")
    for stage in stages:
        table.add_column("any stage" if stage == ANY else "stages compared" if stage == "all" else stage, no_wrap=True)
    table.add_column("not passed")
    for id, own in ran.items():
        table.add_row(id, Text(_title(id, catalog)), *_fields(own, stages), _not_passed(own))
    lines: list[ConsoleRenderable] = [*_rest(controls, ran), tally(Counter(f.verdict for f in found))]
    head: list[ConsoleRenderable] = [table, Text("")] if ran else []
    return Group(*head, *lines)


def _fields(findings: Sequence[Finding], stages: Sequence[str]) -> list[Text]:
    return [_field([f for f in findings if _stage(f.cell) == stage]) for stage in stages]


def _field(findings: Sequence[Finding]) -> Text:
    """`3 passed`, or where not all agree the worst as a share: `1/3 failed`."""
    if not findings:
        return Text("")
    verdict = worst(findings)
    count = sum(finding.verdict is verdict for finding in findings)
    share = str(count) if count == len(findings) else f"{count}/{len(findings)}"
    return Text(f"{share} {WORDS[verdict]}", style=STYLES[verdict])


def _not_passed(findings: Iterable[Finding]) -> Text:
    """The numbers of the expectations that did not pass, the colour telling how."""
    verdicts: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.verdict is not Verdict.PASSED:
            verdicts.setdefault(finding.expectation.rpartition(".")[2], []).append(finding)
    return Text(" ").join(Text(number, style=STYLES[worst(own)]) for number, own in verdicts.items())


def _rest(controls: dict[str, tuple[Finding, ...]], ran: dict[str, tuple[Finding, ...]]) -> list[Text]:
    """One line per reason for which controls did not run at all."""
    reasons: dict[str, list[str]] = {}
    for id, own in controls.items():
        if id not in ran:
            for reason in dict.fromkeys(finding.reason for finding in own):
                reasons.setdefault(reason, []).append(id)
    return [_line(len(ids), reason) for reason, ids in reasons.items()]


def _line(count: int, reason: str) -> Text:
    return Text(f"{count} control{'s' if count > 1 else ''} not run: {visible(reason)}", STYLES[Verdict.NOT_RUN])


def _title(id: str, catalog: Catalog) -> str:
    return catalog.controls[id].title if id in catalog.controls else ""


def _stage(cell: str) -> str:
    try:
        stage = Cell.parse(cell).stage
    except ValueError:
        return ""
    return stage if stage in _FORMER else ""
