"""A limit on the time that a block of code takes, whatever it waits for."""

from __future__ import annotations

import _thread
import signal
import threading
from types import TracebackType

__all__ = ["TimeLimit"]

AGAIN_SECONDS = 5.0  # an interruption may be lost in a finalizer or a foreign event loop; the next one is not


class TimeLimit:
    """Interrupts the main thread when `seconds` are over, as Ctrl-C does, again and again until the block ends.

    The KeyboardInterrupt leaves the block as TimeoutError. Used outside of the main thread it limits nothing. A process
    started in the background by a shell ignores interruptions (POSIX, 2.11): inside the block it hears them.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._ended = threading.Event()
        self._over = False
        self._watch = threading.Thread(target=self._interrupt, name="time limit", daemon=True)
        self._was_deaf = False

    def __enter__(self) -> TimeLimit:
        if threading.current_thread() is threading.main_thread():
            self._was_deaf = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
            if self._was_deaf:
                signal.signal(signal.SIGINT, signal.default_int_handler)
            self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._was_deaf:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        if self._over and isinstance(error, KeyboardInterrupt):
            raise TimeoutError(f"it took longer than {self.seconds:g} s") from None

    def _interrupt(self) -> None:
        wait = self.seconds
        while not self._ended.wait(wait):
            self._over = True
            if hasattr(signal, "pthread_kill"):
                # A real signal ends a system call that waits; interrupt_main would be heard only after it.
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            else:
                _thread.interrupt_main()
            wait = AGAIN_SECONDS
