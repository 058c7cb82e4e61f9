"""Text that is safe in GitHub Flavored Markdown, whatever it says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from harness.report.verdicts import visible

__all__ = ["fenced", "folded", "literal", "table"]

# What Markdown or HTML would act on. A mention (@), an issue (#) and a link of the reader's own site are text here.
_ACTIVE = re.compile(r"[\\`*_{}\[\]<>|~@&$]|[:#](?=\S)|[wW](?=[wW]{2}\.)")


def literal(text: str, longest: int = 240) -> str:
    """The text on one line, shown literally: what is active becomes a reference. Cut after `longest` characters."""
    line = " ".join(visible(text).split())
    cut = f"{line[:longest]}…" if len(line) > longest else line
    return _ACTIVE.sub(lambda found: f"&#{ord(found[0])};", cut)


def fenced(text: str, language: str = "") -> str:
    """The text as a block of code, which no line of it can end."""
    shown = visible(text).rstrip("\n")
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{shown}\n{fence}"


def folded(summary: str, body: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
