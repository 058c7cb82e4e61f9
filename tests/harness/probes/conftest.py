"""A small server for the probes to visit, and what they record."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from harness.observations import Observation
from harness.observe import Recorder
from harness.probes.driver import UserAgents
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


@pytest.fixture(params=["chromium", "firefox"])
def browser(request: pytest.FixtureRequest) -> UserAgents:
    """Each browser in turn; where it is not here, the test is skipped."""
    running: UserAgents = request.getfixturevalue(request.param)
    return running


@pytest.fixture
def kept() -> list[Observation]:
    return []


@pytest.fixture
def recorder(kept: list[Observation]) -> Recorder:
    return Recorder("test", Redactor(), kept.append)
