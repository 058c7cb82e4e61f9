"""Text that is safe in GitHub Flavored Markdown, whatever it says."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from harness.report.verdicts import visible

__all__ = ["fenced", "folded", "html_code", "literal", "table"]

# What Markdown or HTML would act on. A mention (@), an issue (#) and a link of the reader's own site are text here.
_ACTIVE = re.compile(r"[\\`*_{}\[\]<>|~@&$#]|:(?=\S)|[wW](?=[wW]{2}\.)")
# Words that are read best, and act least, as code: a URL, host and port, a name with underscores, what is quoted so.
_CODE = re.compile(r"(`[^`|<>&\\]+`|[\w./?=%+:;,@#*{}-]*[\w/?=%+@#*{}-])")


def literal(text: str, longest: int = 240) -> str:
    """The text on one line, shown literally: words with something active become code, where Markdown and the sites that
    show it leave them alone; all else that is active becomes a reference. Cut after `longest` characters."""
    told = ""
    for piece in _CODE.split(_one_line(text, longest)):
        quoted = len(piece) > 2 and piece[0] == piece[-1] == "`"
        code = quoted or (_CODE.fullmatch(piece) and _ACTIVE.search(piece))
        beside = told.endswith("`")  # two spans side by side would be read as one
        told += f"`{piece.strip('`')}`" if code and not beside else _referenced(piece)
    return told


def _referenced(text: str) -> str:
    return _ACTIVE.sub(lambda found: f"&#{ord(found[0])};", text)


def _one_line(text: str, longest: int) -> str:
    line = " ".join(visible(text).split())
    return f"{line[:longest]}…" if len(line) > longest else line


def html_code(text: str, longest: int = 240) -> str:
    """The text on one line, shown literally within HTML, where Markdown does not act."""
    return f"<code>{html.escape(_one_line(text, longest), quote=False)}</code>"


def fenced(text: str, language: str = "") -> str:
    """The text as a block of code, which no line of it can end."""
    shown = visible(text).rstrip("\n")
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{shown}\n{fence}"


def folded(summary: str, body: str) -> str:
    """`summary` is HTML, `body` Markdown."""
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
