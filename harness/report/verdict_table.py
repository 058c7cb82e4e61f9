"""The table that ends a run: the controls that ran, and how they stand in each stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, ConsoleRenderable, Group, RenderableType
from rich.table import Table
from rich.text import Text

from harness.model import STAGES, Catalog, Finding, Verdict
from harness.report.progress import STYLES, tally
from harness.report.verdicts import WORDS, by_control, merged, ran, stage_of, visible, worst

__all__ = ["verdict_table"]

OTHER = "no one stage"
HEADINGS = (*STAGES, OTHER)
GAP = 2  # columns of the terminal between two columns of the table
SHORTEST_TITLE = 16


def verdict_table(findings: Iterable[Finding], catalog: Catalog) -> RenderableType:
    """Controls × stages, the worst verdict in each field, and what did not pass; a line for what did not run."""
    found = merged(findings)
    controls = by_control(found, catalog)
    shown = {id: own for id, own in controls.items() if ran(own)}
    stages = sorted({_heading(finding) for own in shown.values() for finding in own}, key=HEADINGS.index)
    rows = [(Text(visible(id), "bold"), *_fields(own, stages), _not_passed(own)) for id, own in shown.items()]
    titles = [_title(id, catalog) for id in shown]
    head: list[ConsoleRenderable] = [_Rows(("control", *stages, "not passed"), rows, titles), Text("")] if rows else []
    return Group(*head, *_rest(controls), tally(Counter(finding.verdict for finding in found)))


@dataclass(frozen=True)
class _Rows:
    """The rows of the table. Titles of controls fill the room that the terminal leaves, or are left out."""

    head: tuple[str, ...]
    rows: Sequence[tuple[Text, ...]]
    titles: Sequence[str]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        columns = zip(*self.rows, strict=True)
        widths = [
            max(len(name), *(field.cell_len for field in column))
            for name, column in zip(self.head, columns, strict=True)
        ]
        room = options.max_width - sum(width + GAP for width in widths) - GAP
        table = Table(box=None, padding=(0, GAP, 0, 0), header_style="bold")
        for name, width in zip(self.head, widths, strict=True):
            table.add_column(name, width=width if name != self.head[-1] else None)
            if name == self.head[0] and room >= SHORTEST_TITLE:
                table.add_column("", width=room, no_wrap=True, overflow="ellipsis", style="dim")
        for row, title in zip(self.rows, self.titles, strict=True):
            table.add_row(row[0], *([Text(title)] if room >= SHORTEST_TITLE else []), *row[1:])
        yield table


def _fields(findings: Sequence[Finding], stages: Sequence[str]) -> list[Text]:
    return [_field([f for f in findings if _heading(f) == stage]) for stage in stages]


def _heading(finding: Finding) -> str:
    """The column of a finding: its stage, or one for all that is not of a single stage."""
    stage = stage_of(finding.cell)
    return stage if stage in STAGES else OTHER


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
    return Text(" ").join(Text(visible(number), style=STYLES[worst(own)]) for number, own in verdicts.items())


def _rest(controls: dict[str, tuple[Finding, ...]]) -> list[Text]:
    """One line per reason for which controls did not run at all."""
    reasons: dict[str, list[str]] = {}
    for id, own in controls.items():
        if not ran(own):
            for reason in dict.fromkeys(finding.reason for finding in own):
                reasons.setdefault(reason, []).append(id)
    return [_line(len(ids), reason) for reason, ids in reasons.items()]


def _line(count: int, reason: str) -> Text:
    return Text(f"{count} control{'s' if count > 1 else ''} not run: {visible(reason)}", STYLES[Verdict.NOT_RUN])


def _title(id: str, catalog: Catalog) -> str:
    return catalog.controls[id].title if id in catalog.controls else ""
