"""First trials share one browser process; a second trial never uses one that another trial has used."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from harness.observe import Recorder
from harness.probes.browser import Chromium
from harness.redact import Redactor
from harness.targets.trial_browsers import TrialBrowsers


@dataclass
class Started:
    """Stands for browsers, and counts which of them run."""

    running: list[object] = field(default_factory=list)
    count: int = 0

    def start(self) -> Chromium:
        started, self.count = self, self.count + 1

        class Browser:
            def close(self) -> None:
                started.running.remove(self)

        self.running.append(browser := Browser())
        return cast("Chromium", browser)


def recorder(trial: int) -> Recorder:
    made = Recorder("s", Redactor(), lambda _: None)
    made.trial = trial
    return made


def test_first_trials_share_a_browser_and_each_second_one_has_its_own() -> None:
    started = Started()
    browsers = TrialBrowsers(started.start)
    one, other = recorder(1), recorder(1)
    first = browsers.of(one)
    assert browsers.of(other) is first
    one.trial = other.trial = 2
    second = browsers.of(one)
    assert browsers.of(one) is second
    third = browsers.of(other)
    assert len({id(browser) for browser in (first, second, third)}) == 3
    assert started.running == [first, third]


def test_none_is_started_before_it_is_needed_and_none_is_left() -> None:
    started = Started()
    browsers = TrialBrowsers(started.start)
    browsers.close()
    assert started.count == 0
    browsers.of(recorder(1))
    browsers.of(recorder(2))
    browsers.close()
    browsers.close()
    assert (started.count, started.running) == (2, [])
