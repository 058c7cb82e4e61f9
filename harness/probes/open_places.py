"""What appeared in the places that are open to every program of a machine: where files are left without thinking."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from stat import S_ISDIR, S_ISREG

__all__ = ["appeared_since"]

PLACES = ("/tmp", "/var/tmp", "/dev/shm", "/var/crash")
OF_RUNS = ("authassay-",)  # folders of this run and of others, which are searched or guarded by their own
LARGEST = 2**20  # bytes of a file that is looked into
MOST = 300  # files


def appeared_since(began: float) -> dict[str, bytes]:
    """Files of this user's, by their path, that were written since `began` (seconds since the epoch): at the top of
    each place, and one folder deeper. They are other programs' too: what cannot be read is left out."""
    found: dict[str, bytes] = {}
    for path in _files(began):
        if len(found) == MOST:
            break
        with suppress(OSError):
            found[str(path)] = path.read_bytes()
    return found


def _files(began: float) -> Iterator[Path]:
    for place in PLACES:
        for entry in _entries(place):
            if entry.name.startswith(OF_RUNS):
                continue
            with suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                if S_ISDIR(status.st_mode) and status.st_mtime >= began:
                    yield from (Path(inner.path) for inner in _entries(entry.path) if _is_new(inner, began))
                elif _is_new(entry, began):
                    yield Path(entry.path)


def _is_new(entry: os.DirEntry[str], began: float) -> bool:
    with suppress(OSError):
        status = entry.stat(follow_symlinks=False)
        own = not hasattr(os, "getuid") or status.st_uid == os.getuid()
        return own and S_ISREG(status.st_mode) and status.st_mtime >= began and status.st_size <= LARGEST
    return False


def _entries(folder: str) -> list[os.DirEntry[str]]:
    with suppress(OSError), os.scandir(folder) as entries:
        return list(entries)
    return []
