from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import NotHere
from harness.machine import chromium, debian
from harness.machine.chromium import find_chromium, install_chromium
from harness.machine.commands import Outcome, run_bounded

Program = Callable[[str, str], Path]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the paths that are looked for differ by system")


@pytest.fixture(autouse=True)
def _no_downloads_of_this_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(chromium, "DOWNLOADS", tmp_path / "downloads")


def downloaded(cache: Path, revision: int) -> Path:
    executable = cache / f"chromium-{revision}" / "chrome-linux64" / "chrome"
    executable.parent.mkdir(parents=True)
    executable.touch(mode=0o755)
    return executable


def test_the_explicit_setting_comes_before_an_installed_one(program: Program) -> None:
    installed, chosen = program("chromium", ""), program("my-chrome", "")

    assert find_chromium({"PATH": str(installed.parent), "AUTHASSAY_CHROMIUM": str(chosen)}) == chosen


def test_a_setting_that_names_nothing_is_an_error_and_not_overlooked(program: Program) -> None:
    installed = program("chromium", "")

    with pytest.raises(NotHere, match="AUTHASSAY_CHROMIUM names '/no/such'"):
        find_chromium({"PATH": str(installed.parent), "AUTHASSAY_CHROMIUM": "/no/such"})


def test_an_installed_one_comes_before_a_download_of_playwrights(program: Program, tmp_path: Path) -> None:
    installed = program("chromium", "")
    downloaded(tmp_path / ".cache/ms-playwright", 1200)

    assert find_chromium({"PATH": str(installed.parent), "HOME": str(tmp_path)}) == installed


def test_of_several_downloads_the_newest_is_taken(tmp_path: Path) -> None:
    downloaded(tmp_path / ".cache/ms-playwright", 999)
    newest = downloaded(tmp_path / ".cache/ms-playwright", 1200)

    assert find_chromium({"PATH": "", "HOME": str(tmp_path)}) == newest


def test_a_script_that_would_start_a_snap_is_passed_over(program: Program) -> None:
    script = program("chromium-browser", "exec /snap/bin/chromium")

    with pytest.raises(NotHere):
        find_chromium({"PATH": str(script.parent)})


def test_where_there_is_none_the_error_names_the_command_that_mends_it() -> None:
    with pytest.raises(NotHere, match=r"no Chromium, Chrome or Edge; to mend it: \S+") as error:
        find_chromium({"PATH": ""})
    assert error.value.mend


def test_where_neither_download_nor_package_is_to_be_had_one_line_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromium, "run_bounded", lambda *_, **__: Outcome(False, "Error: getaddrinfo ENOTFOUND"))
    monkeypatch.setattr(debian, "may_apt", lambda: False)

    with pytest.raises(NotHere) as error:
        install_chromium()
    assert error.value.what == (
        "no Chromium, and only root on Debian can install it here; Playwright's download: Error: getaddrinfo ENOTFOUND"
    )
    assert "\n" not in str(error.value)


def test_a_download_that_does_not_start_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = downloaded(chromium.DOWNLOADS, 1200)
    broken.write_text("#!/bin/sh\necho cannot open shared object file >&2\nexit 127\n")
    monkeypatch.setattr(
        chromium,
        "run_bounded",
        lambda command, **rest: run_bounded(command, **rest) if broken in command else Outcome(True, ""),
    )
    monkeypatch.setattr(debian, "may_apt", lambda: False)

    with pytest.raises(NotHere):
        install_chromium()
    assert not broken.exists()
