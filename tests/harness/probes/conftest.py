"""A real browser for the probes' tests, and a small server for it to visit."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest

from harness.errors import NotHere
from harness.machine.chromium import find_chromium
from harness.observations import Observation
from harness.observe import Recorder
from harness.probes.browser import Chromium
from harness.redact import Redactor
from tests.harness.probes.site import Site


@pytest.fixture
def site() -> Iterator[Site]:
    server = Site()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    try:
        executable = find_chromium()
    except NotHere as absent:
        pytest.skip(str(absent))
    browser = Chromium(executable, os.environ)
    yield browser
    browser.close()


@pytest.fixture
def kept() -> list[Observation]:
    return []


@pytest.fixture
def recorder(kept: list[Observation]) -> Recorder:
    return Recorder("test", Redactor(), kept.append)
