"""A recorder for whoever drives a target."""

from __future__ import annotations

import pytest

from harness.observations import Observation
from harness.observe import Recorder
from harness.targets.reference import ReferenceTarget


@pytest.fixture
def seen() -> list[Observation]:
    return []


@pytest.fixture
def recorder(reference: ReferenceTarget, seen: list[Observation]) -> Recorder:
    return Recorder("s", reference.redactor, seen.append)
