"""Words for bash: whatever a target said stays a word, and a comment stays one line."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from harness.report.verdicts import visible, visible_lines

__all__ = ["Variable", "comment", "quote", "word"]

LONGEST = 600  # characters of a comment
_PLAIN = re.compile(r"[\w.,:;=/?&%+@~ -]*", re.ASCII)  # what stands in double quotes without acting


@dataclass(frozen=True)
class Variable:
    """A variable of the script. `how` is what bash does with it in braces, such as `:0:12`."""

    name: str
    how: str = ""


def quote(text: str) -> str:
    """The text as one word. Characters that a terminal acts on are written as escapes. Raises ValueError for NUL, which
    no word can hold."""
    if "\0" in text:
        raise ValueError("a word of bash cannot hold a NUL")
    if visible(text) == text and text.isprintable():
        return shlex.quote(text)
    return "$'" + "".join(_escaped(letter) for letter in text) + "'"


def word(parts: Iterable[str | Variable]) -> str:
    """Texts and variables as one word."""
    pieces = list(parts)
    if not any(isinstance(piece, Variable) for piece in pieces):
        return quote("".join(str(piece) for piece in pieces))
    if all(isinstance(piece, Variable) or _PLAIN.fullmatch(piece) for piece in pieces):
        return '"' + "".join(f"${{{p.name}{p.how}}}" if isinstance(p, Variable) else p for p in pieces) + '"'
    return "".join(f'"${{{p.name}{p.how}}}"' if isinstance(p, Variable) else quote(p) for p in pieces)


def comment(text: str, indent: str = "# ") -> str:
    """The text as one line of comment."""
    line = " ".join(visible_lines(text).split())
    return indent + (f"{line[:LONGEST]}…" if len(line) > LONGEST else line)


def _escaped(letter: str) -> str:
    if letter.isascii() and letter.isprintable() and letter not in "\\'":
        return letter
    return "".join(f"\\x{byte:02x}" for byte in letter.encode("utf-8", "surrogatepass"))
