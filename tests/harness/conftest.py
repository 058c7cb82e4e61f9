"""What several tests of the harness share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.checks import registry
from harness.machine.session import PrivateSession
from harness.redact import Redactor
from harness.targets.reference import ReferenceTarget
from tests.harness.small_run import CHECKS


@pytest.fixture
def small_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks of small runs, forgotten after the test."""
    monkeypatch.setattr(registry, "_registered", {**registry.checks(), **CHECKS})


@pytest.fixture(scope="session")
def reference() -> Iterator[ReferenceTarget]:
    """The reference, started once for all tests that only use it; their sessions and users are their own."""
    with PrivateSession.start(secret_service=False) as machine:
        target = ReferenceTarget.open(machine, Redactor())
        yield target
        target.close()
