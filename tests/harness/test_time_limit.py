"""The limit on the time that a block takes."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from harness.time_limit import TimeLimit


def test_what_waits_too_long_ends_as_a_timeout_that_names_the_limit() -> None:
    with pytest.raises(TimeoutError, match=r"longer than 0\.1 s"), TimeLimit(0.1):
        time.sleep(30)


def test_a_wait_for_a_lock_ends_too() -> None:
    with pytest.raises(TimeoutError), TimeLimit(0.1):
        threading.Event().wait(30)


def test_a_process_that_ignores_interruptions_is_limited_too_and_ignores_them_again() -> None:
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(TimeoutError), TimeLimit(0.1):
            time.sleep(30)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, heard)


def test_what_ends_in_time_is_let_be() -> None:
    with TimeLimit(5) as limit:
        time.sleep(0.01)
    limit._watch.join(5)
    assert not limit._watch.is_alive()


def test_an_interruption_by_the_user_stays_one() -> None:
    with pytest.raises(KeyboardInterrupt), TimeLimit(5):
        raise KeyboardInterrupt


def test_another_error_passes() -> None:
    with pytest.raises(ZeroDivisionError), TimeLimit(5):
        raise ZeroDivisionError


def test_outside_of_the_main_thread_nothing_is_interrupted() -> None:
    ended: list[bool] = []

    def work() -> None:
        with TimeLimit(0.01):
            time.sleep(0.1)
        ended.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(5)
    assert ended == [True]
