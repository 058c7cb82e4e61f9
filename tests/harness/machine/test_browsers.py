from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import NotHere
from harness.machine import browsers
from harness.machine.browsers import find_firefox, install_firefox

Program = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Only what a test makes is there."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(browsers, "_FIREFOX", {})


def test_the_release_with_long_support_is_taken_first(program: Program) -> None:
    program("firefox", "exit 0")
    supported = program("firefox-esr", "exit 0")
    assert find_firefox() == supported


def test_a_firefox_that_would_start_a_snap_is_passed_over(program: Program) -> None:
    program("firefox", "exec /snap/bin/firefox")
    with pytest.raises(NotHere, match="no Firefox"):
        find_firefox()


def test_what_is_installed_is_debians(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(browsers, "apt_install", lambda what, *packages: asked.extend(packages))
    made = program("firefox-esr", "exit 0")
    assert (install_firefox(), asked) == (made, ["firefox-esr"])
