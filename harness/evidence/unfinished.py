"""What a run left that did not reach its end: where that is told, and how it is read."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.errors import EvidenceError
from harness.evidence.bundle import CONTROLS, complete

__all__ = ["readable", "telling_where"]


@contextmanager
def telling_where(bundle: Path) -> Iterator[None]:
    """Whatever ends a run before its end notes where lies what was recorded until then, and how to see it."""
    try:
        yield
    except BaseException as error:
        if _is_unfinished(bundle) and _has_begun(bundle):
            error.add_note(f"what was recorded until then lies in {bundle}; see it by: authassay report {bundle}")
        raise


@contextmanager
def readable(bundle: Path) -> Iterator[Path]:
    """The bundle; of a run that was interrupted a copy, completed with `not_run` for the rest. It stays unsealed."""
    if not _is_unfinished(bundle):
        yield bundle
        return
    if not _has_begun(bundle):
        raise EvidenceError(f"{bundle}: its run was interrupted before it began; run it again")
    with TemporaryDirectory(prefix="authassay-interrupted-") as folder:
        copy = Path(shutil.copytree(bundle, Path(folder) / bundle.name))
        complete(copy)
        yield copy


def _is_unfinished(bundle: Path) -> bool:
    return any(bundle.glob("journal.*.jsonl"))


def _has_begun(bundle: Path) -> bool:
    return (bundle / CONTROLS).is_file()
