"""The tables of variables in a document, and how they differ from what the code reads."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from harness.probes.configuration_reads import Read

__all__ = ["COLUMNS", "Difference", "Documented", "compare", "documented_in"]

COLUMNS = ("name", "stages", "secrecy", "default", "rotation", "meaning")
_ROW = re.compile(r"^\| `([^`|]+)` \|(.*)\|\s*$")


@dataclass(frozen=True)
class Documented:
    """A row of a table: a variable, secret, parameter or flag, and what is said of it."""

    name: str
    stages: str
    secrecy: str
    default: str
    rotation: str
    meaning: str

    @property
    def lacking(self) -> tuple[str, ...]:
        """The columns in which nothing stands."""
        return tuple(name for name in COLUMNS if not getattr(self, name).strip())


@dataclass(frozen=True)
class Difference:
    """What is read and not documented (with its place), documented and not read, documented in part, or twice."""

    undocumented: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()


def documented_in(text: str) -> tuple[Documented, ...]:
    """The rows of the document's tables of variables: those between the marks that make them."""
    found = []
    for block in re.findall(r"<!-- variables: begin \w+ -->\n(.*?)<!-- variables: end -->", text, re.DOTALL):
        for line in block.splitlines():
            if match := _ROW.match(line):
                cells = [cell.strip() for cell in match[2].split("|")]
                padded = (*cells, *[""] * len(COLUMNS))[: len(COLUMNS) - 1]
                found.append(Documented(match[1], *padded))
    return tuple(found)


def compare(reads: Iterable[Read], documented: Collection[Documented], system: Collection[str]) -> Difference:
    """The difference of both sets, but for what the operating system defines."""
    places: dict[str, str] = {}
    for read in reads:
        places.setdefault(read.name, read.place)
    names = [row.name for row in documented]
    return Difference(
        undocumented=tuple(f"{n} ({p})" for n, p in sorted(places.items()) if n not in names and n not in system),
        orphans=tuple(sorted({name for name in names if name not in places})),
        incomplete=tuple(
            f"{row.name}: {', '.join(row.lacking) or 'it stands twice'}"
            for row in documented
            if row.lacking or names.count(row.name) > 1
        ),
    )
