"""Which strings the objects of a Python process hold, told by digests: the process that asks knows the strings, the one
that answers does not learn them, and no file holds any.

`answer_in` runs in the process that is looked into, `ask` in the other.
"""

from __future__ import annotations

import gc
import hashlib
import json
import re
import sys
import threading
import types
from collections.abc import Iterable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from harness.errors import TargetError

__all__ = ["answer_in", "ask"]

ASKED, TOLD = "held-strings.ask", "held-strings.told"
PATIENCE = 30.0  # seconds
_WORD = re.compile(r"[\w.~+/=-]{16,}")
_CONTAINERS = (dict, list, tuple, set, frozenset)


def ask(folder: Path, strings: Iterable[str]) -> tuple[int, frozenset[str]]:
    """How many strings the process holds, and which of these. Raises TargetError where it does not answer."""
    by_digest = {_digest(string): string for string in strings}
    told = folder / TOLD
    told.unlink(missing_ok=True)
    asked = folder / f"{ASKED}.new"
    asked.write_text(json.dumps([sorted({len(string) for string in by_digest.values()}), sorted(by_digest)]))
    asked.replace(folder / ASKED)
    end = monotonic() + PATIENCE
    while not told.exists():
        if monotonic() > end:
            raise TargetError("the process does not tell what it holds")
        sleep(0.05)
    count, found = json.loads(told.read_text())
    return int(count), frozenset(by_digest[digest] for digest in found)


def answer_in(folder: Path) -> None:
    """Answer questions that are put into a folder, from now on, beside whatever the process does."""
    threading.Thread(target=_answer, args=(folder,), name="held-strings", daemon=True).start()


def _answer(folder: Path) -> None:
    while True:
        sleep(0.2)
        if (folder / ASKED).exists():
            lengths, digests = json.loads((folder / ASKED).read_text())
            (folder / ASKED).unlink()
            told = folder / f"{TOLD}.new"
            told.write_text(json.dumps(_look(frozenset(lengths), frozenset(digests))))
            told.replace(folder / TOLD)


def _look(lengths: frozenset[int], digests: frozenset[str]) -> tuple[int, list[str]]:
    gc.collect()
    count, found = 0, set[str]()
    for string in _strings():
        count += 1
        if len(string) >= min(lengths, default=0):
            words = [string, *_WORD.findall(string)] if len(string) not in lengths else [string]
            found |= {_digest(word) for word in words if len(word) in lengths} & digests
    return count, sorted(found)


def _strings() -> Iterator[str]:
    frames = [frame for thread, frame in sys._current_frames().items() if thread != threading.get_ident()]
    for held in (*gc.get_objects(), *(dict(frame.f_locals) for frame in frames)):
        if not isinstance(held, types.FrameType):
            yield from _within(held, 0)


def _within(held: Any, depth: int) -> Iterator[str]:
    for one in gc.get_referents(held):
        if isinstance(one, str):
            yield one
        elif isinstance(one, bytes | bytearray):
            yield one.decode("latin-1")
        elif isinstance(one, _CONTAINERS) and not gc.is_tracked(one) and depth < 5:
            yield from _within(one, depth + 1)


def _digest(string: str) -> str:
    return hashlib.sha256(string.encode("utf-8", "replace")).hexdigest()
