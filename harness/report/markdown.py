"""Text that is safe in GitHub Flavored Markdown, whatever it says."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from harness.report.verdicts import visible_lines

__all__ = ["fenced", "folded", "html_code", "literal", "table"]

# What Markdown or HTML would act on, or a site that shows it: a mention (@), an issue (#), an address.
_ACTIVE = re.compile(r"[\\`*_{}\[\]<>|~@&$#]|:(?=\S)|[wW](?=[wW]{2}\.)")
# A list, a heading or a rule, where a text begins with it.
_BLOCK = re.compile(r"[-+=]+|\d{1,9}[.)]")
# Words quoted by backquotes, what stands before these, a bar, and any other word.
_TOKEN = re.compile(
    r"""(?P<quoted>(?<![^\s("'|])`[^`|<>&\\\s][^`|<>&\\]*`(?=[).,;:"']*(?:\s|\||$)))"""
    r"""|(?P<bar>\|)|[("']+(?=`)|(?P<word>[^\s|]+)|\s+"""
)
_WORD = re.compile(r"""([("']*)(.*?)([)"',;.:!?]*)""")


def literal(text: str, longest: int = 240) -> str:
    """The text on one line, shown literally: a word with anything active in it becomes code, which Markdown and the
    sites that show it leave alone. Cut after `longest` characters."""
    line = _one_line(text, longest)
    first = line.partition(" ")[0]
    begun = _code(first) if _BLOCK.fullmatch(first) else ""
    return begun + "".join(map(_shown, _TOKEN.finditer(line, len(first) if begun else 0)))


def _shown(token: re.Match[str]) -> str:
    """A word as it is, or the part of it that would act as code; the punctuation around it stays outside."""
    if token["bar"]:
        return "\\|"  # it ends a cell of a table, in code too
    parts = _WORD.fullmatch(token["word"] or "")
    if parts is None or not _ACTIVE.search(parts[2]):
        return token[0]
    return f"{parts[1]}{_code(parts[2])}{parts[3]}"


def _code(text: str) -> str:
    """A code span with so many backquotes around it that none in the text ends it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence, space = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{space}{text}{space}{fence}"


def _one_line(text: str, longest: int) -> str:
    line = " ".join(visible_lines(text).split())
    return f"{line[:longest]}…" if len(line) > longest else line


def html_code(text: str, longest: int = 240) -> str:
    """The text on one line, shown literally within HTML, where Markdown does not act."""
    return f"<code>{html.escape(_one_line(text, longest), quote=False)}</code>"


def fenced(text: str, language: str = "") -> str:
    """The text as a block of code, which no line of it can end."""
    shown = visible_lines(text).rstrip("\n")
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{shown}\n{fence}"


def folded(summary: str, body: str) -> str:
    """`summary` is HTML, `body` Markdown."""
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
