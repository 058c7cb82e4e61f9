"""The start-up trial: does a back end keep what it is given, give it back exactly, and let go of it?"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Literal

from reference_impl.session_store.errors import NotFound, SessionStoreError
from reference_impl.session_store.model import BackEnd, Entry, SelfTest, Step

StepName = Literal["write", "read-back", "delete", "gone"]


def run_self_test(app: str, writer: BackEnd, reader: BackEnd) -> SelfTest:
    """Write through one instance; read back, compare and delete through the other, which lives in its own process.

    So a store that discards values, or keeps them only in the process, is noticed before the first sign-in. The value
    holds what weak stores lose: line breaks, outer spaces, quotes, a character beyond the BMP. It stops at the first
    step that fails, and leaves nothing behind where the store works.
    """
    entry = Entry(app, "self-test", secrets.token_hex(8), "probe")
    value = f' "{secrets.token_hex(16)}"\n\U0001f511 {secrets.token_hex(16)} '
    trials: tuple[tuple[StepName, Callable[[], str | None]], ...] = (
        ("write", lambda: writer.write(entry, value)),
        ("read-back", lambda: _compare(reader, entry, value)),
        ("delete", lambda: reader.delete(entry)),
        ("gone", lambda: _expect_gone(writer, entry)),
    )
    steps: list[Step] = []
    for name, trial in trials:
        steps.append(_try(name, trial))
        if not steps[-1].ok:
            break
    return SelfTest(writer.name, tuple(steps))


def _try(name: StepName, trial: Callable[[], str | None]) -> Step:
    """Make one step; ``trial`` returns what is wrong, or None."""
    began = time.perf_counter()
    try:
        wrong = trial()
    except SessionStoreError as error:
        wrong = f"{type(error).__name__}: {error}"
    return Step(name, wrong is None, wrong or "", round((time.perf_counter() - began) * 1000, 1))


def _compare(reader: BackEnd, entry: Entry, value: str) -> str | None:
    kept = reader.read(entry)
    return None if kept == value else "it returns another value than the one that was written"


def _expect_gone(back_end: BackEnd, entry: Entry) -> str | None:
    try:
        back_end.read(entry)
    except NotFound:
        return None
    return "it still returns the value after it was deleted"
