"""A lock between the processes of one user: whoever holds it alone may change the store.

It is the operating system's lock on an open file, so it ends with its holder however that ends, and no stale lock has
to be guessed at. The file is empty and stays; removing it would let two processes lock two files of one name.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from reference_impl.session_store.errors import BackEndTimedOut, BackEndUnavailable
from reference_impl.session_store.model import escape

if sys.platform == "win32":
    import msvcrt

    def _try_to_lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_to_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


_LOOK_AGAIN = 0.005  # seconds between two looks at a lock that another process holds


class Lock(Protocol):
    """What keeps writers apart."""

    def held(self) -> AbstractContextManager[None]:
        """Hold the lock for a ``with`` block."""


class ThreadLock:
    """For a store that no other process has: a process's memory."""

    def __init__(self) -> None:
        self._lock = threading.RLock()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock for a ``with`` block."""
        with self._lock:
            yield


class FileLock:
    """One lock for all threads and processes that name this file; a thread may take it again while it holds it."""

    def __init__(self, path: Path, time_limit: float) -> None:
        """``time_limit``: seconds to wait for it at most."""
        self.path = path
        self._time_limit = time_limit
        self._threads = threading.RLock()
        self._depth = 0

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock for a ``with`` block. Raises BackEndTimedOut, BackEndUnavailable where it cannot be had."""
        end = time.monotonic() + self._time_limit
        if not self._threads.acquire(timeout=self._time_limit):
            raise BackEndTimedOut(f"another thread has held {self.path} for {self._time_limit:g} s")
        self._depth += 1
        try:
            if self._depth > 1:
                yield
                return
            descriptor = self._open()
            try:
                self._wait(descriptor, end)
                try:
                    yield
                finally:
                    _unlock(descriptor)
            finally:
                os.close(descriptor)
        finally:
            self._depth -= 1
            self._threads.release()

    def _open(self) -> int:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        except OSError as error:
            raise BackEndUnavailable(f"the lock {self.path} cannot be opened ({type(error).__name__})") from error

    def _wait(self, descriptor: int, end: float) -> None:
        while True:
            try:
                _try_to_lock(descriptor)
            except OSError:
                if time.monotonic() >= end:
                    raise BackEndTimedOut(
                        f"another process has held {self.path} for {self._time_limit:g} s; end it, or try again"
                    ) from None
                time.sleep(_LOOK_AGAIN)
            else:
                return


def state_folder(app: str, environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """Return the folder of this user for what an application keeps between its starts; it need not exist.

    One for all processes of the user, whatever session they belong to: a lock in XDG_RUNTIME_DIR would not be.
    """
    home = Path(environ.get("HOME") or Path.home())
    if platform == "win32":
        root = Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif platform == "darwin":
        root = home / "Library" / "Application Support"
    else:
        root = Path(environ.get("XDG_STATE_HOME") or home / ".local" / "state")
    return root / escape(app)
