"""What all tests share: how property tests are run, and the browser.

Property tests say what holds, never how fast: a machine that is busy is no finding.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from harness.errors import NotHere
from harness.machine.browsers import find_firefox
from harness.machine.chromium import find_chromium
from harness.probes.browser import Chromium
from harness.probes.firefox import Firefox

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(scope="module")
def firefox() -> Iterator[Firefox]:
    """Another real browser; who needs it is skipped without one."""
    try:
        executable = find_firefox()
    except NotHere as absent:
        pytest.skip(str(absent))
    browser = Firefox(executable, os.environ)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """A real browser, by the driver that all browsers of this process share; who needs it is skipped without one."""
    try:
        executable = find_chromium()
    except NotHere as absent:
        pytest.skip(str(absent))
    browser = Chromium(executable, os.environ)
    yield browser
    browser.close()
