"""TOML with the line of every key: `tomllib` reads the data, a small scanner beside it finds the lines.

The scanner runs only over text that `tomllib` has accepted, so it need not check anything; it tells apart just enough
(strings, comments, brackets) to know where each key and each item of an array begins. TOML 1.0.0.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import Mistake, Mistakes

__all__ = ["KeyPath", "TomlFile", "key_lines", "read_toml"]

KeyPath = tuple[str | int, ...]
"""Where a value lies: `("control", 3, "severity")` is the key `severity` of the fourth `[[control]]`."""

_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_STRING = re.compile(r'"{3}(?:[^\\]|\\.)*?"{3,5}|' r"'{3}.*?'{3,5}|" r'"(?:[^"\\\n]|\\.)*"|' r"'[^'\n]*'", re.DOTALL)
_SCALAR = re.compile(r"[^,\]}\n#]+")
_PLACE = re.compile(r"^(.*?) \(at (?:line (\d+), column \d+|end of document)\)$", re.DOTALL)


@dataclass(frozen=True)
class TomlFile:
    """What a TOML file says and where it says so. `lines` count from 1."""

    path: Path
    data: Mapping[str, Any]
    lines: Mapping[KeyPath, int]

    def line(self, key: KeyPath) -> int:
        """The line of a key, else of the nearest table or array around it; 0 for the file as a whole."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 0)

    def mistake(self, key: KeyPath, what: str, hint: str = "") -> Mistake:
        return Mistake(self.path, self.line(key), what, hint)


def read_toml(path: Path) -> TomlFile:
    """The file's data with the line of every key. Raises Mistakes where it cannot be read or is no TOML."""
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        return TomlFile(path, tomllib.loads(text), key_lines(text))
    except tomllib.TOMLDecodeError as error:
        raise Mistakes([_syntax_mistake(path, text, str(error))]) from error
    except OSError as error:
        raise Mistakes([Mistake(path, 0, f"cannot be read: {error.strerror}", "check the path")]) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise Mistakes([Mistake(path, line, "is not UTF-8", "save the file as UTF-8")]) from error
    except RecursionError as error:
        raise Mistakes([Mistake(path, 0, "nests its values too deeply", "write plain tables")]) from error


def _syntax_mistake(path: Path, text: str, message: str) -> Mistake:
    place = _PLACE.match(message)
    what, line = (place[1], place[2]) if place else (message, None)
    last = len(text.splitlines())
    return Mistake(path, int(line or last), f"is not valid TOML: {what[:1].lower()}{what[1:]}", "see https://toml.io")


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line of every table, key and array item of a valid TOML document with `\\n` line ends."""
    return _Scanner(text).scan()


class _Scanner:
    """One pass over a valid document. A header such as `[[control.fault]]` means the last item of `control`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._lines: dict[KeyPath, int] = {}
        self._last: dict[KeyPath, int] = {}  # arrays of tables: the index of their last item

    def scan(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while self._peek():
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._lines

    def _header(self) -> KeyPath:
        start, is_item = self._at, self._text.startswith("[[", self._at)
        self._at += 1 + is_item
        *around, name = self._keys()
        table: KeyPath = ()
        for part in around:
            table = self._into((*table, part), start)
        table = (*table, name)
        if is_item:
            self._last[table] = self._last.get(table, -1) + 1
        table = self._into(table, start)
        self._peek()
        self._at += 1 + is_item
        return table

    def _into(self, table: KeyPath, start: int) -> KeyPath:
        self._mark(table, start)
        if table in self._last:
            table = (*table, self._last[table])
            self._mark(table, start)
        return table

    def _pair(self, table: KeyPath) -> None:
        start = self._at
        for part in self._keys():
            table = (*table, part)
            self._mark(table, start)
        self._at += 1  # the equals sign, which _keys stopped at
        self._peek()
        self._value(table)

    def _keys(self) -> list[str]:
        """The parts of a dotted key; stops at what follows them."""
        parts: list[str] = []
        while True:
            self._peek()
            raw = self._take(_KEY)
            parts.append(next(iter(tomllib.loads(f"{raw} = 0"))))
            if self._peek() != ".":
                return parts
            self._at += 1

    def _value(self, path: KeyPath) -> None:
        match self._peek():
            case "[":
                self._array(path)
            case "{":
                self._inline_table(path)
            case '"' | "'":
                self._take(_STRING)
            case _:
                self._take(_SCALAR)

    def _array(self, path: KeyPath) -> None:
        self._at += 1
        index = 0
        while self._peek() != "]":
            item = (*path, index)
            self._mark(item, self._at)
            self._value(item)
            index += 1
            if self._peek() == ",":
                self._at += 1
        self._at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        while self._peek() != "}":
            self._pair(path)
            if self._peek() == ",":
                self._at += 1
        self._at += 1

    def _peek(self) -> str:
        """The next character after blanks and comments, "" at the end."""
        self._take(_BLANK)
        return self._text[self._at : self._at + 1]

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise ValueError(f"no TOML at line {bisect_right(self._starts, self._at)}")
        self._at = match.end()
        return match[0]

    def _mark(self, path: KeyPath, at: int) -> None:
        self._lines.setdefault(path, bisect_right(self._starts, at))
