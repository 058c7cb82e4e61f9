"""Looks for the system's store again while a degraded store is in use: nobody has to restart the application."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from reference_impl.session_store.errors import SessionStoreError
from reference_impl.session_store.store import SessionStore

FIRST, LONGEST = 30.0, 600.0  # seconds between two looks: at first, and at most


@contextmanager
def keep_looking(
    store: SessionStore, first: float = FIRST, longest: float = LONGEST, then: Callable[[], object] = lambda: None
) -> Iterator[None]:
    """Within, try `SessionStore.recover` in a thread of its own, each time after twice as long, until it succeeds.

    ``then`` is called after each look that has moved something. A look that is under way at the end is not waited for:
    it ends with the process.
    """
    ended = threading.Event()

    def look() -> None:
        wait = first
        while store.unsettled and not ended.wait(wait):
            with suppress(SessionStoreError):  # the next look may do better
                if store.recover():
                    then()
            wait = min(2 * wait, longest)

    threading.Thread(target=look, name="session-store-recovery", daemon=True).start()
    try:
        yield
    finally:
        ended.set()
