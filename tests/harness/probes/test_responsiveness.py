from __future__ import annotations

import threading

from harness.probes.responsiveness import LOOKS_BEFORE, measured


def test_looks_go_on_while_the_stimulus_lasts() -> None:
    looked = threading.Semaphore(0)
    before, during, seconds = measured(looked.release, lambda: [looked.acquire() for _ in range(LOOKS_BEFORE + 3)])
    assert len(before) == LOOKS_BEFORE
    assert len(during) >= 3
    assert seconds >= 0


def test_a_look_that_waits_for_the_end_of_the_stimulus_counts() -> None:
    blocked, looks = threading.Event(), list[int]()

    def look() -> None:
        looks.append(1)
        if len(looks) > LOOKS_BEFORE:
            blocked.wait(10)

    def stimulus() -> None:
        while len(looks) <= LOOKS_BEFORE:
            threading.Event().wait(0.01)
        blocked.set()

    assert len(measured(look, stimulus)[1]) >= 1
