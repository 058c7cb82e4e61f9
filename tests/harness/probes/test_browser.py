from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.errors import NotHere
from harness.probes.browser import Chromium


def test_one_that_does_not_start_is_not_here(tmp_path: Path) -> None:
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(NotHere, match="does not start"):
        Chromium(broken, os.environ)


def test_contexts_share_nothing_and_closing_twice_is_no_error(chromium: Chromium) -> None:
    first, second = chromium.new_context(), chromium.new_context()
    first.add_cookies([{"name": "a", "value": "1", "url": "http://127.0.0.1"}])
    assert (len(first.cookies()), second.cookies()) == (1, [])
    first.close()
    second.close()


def test_two_browsers_can_be_open_at_once(chromium: Chromium) -> None:
    other = Chromium(chromium.executable, os.environ)
    assert other.version == chromium.version
    other.close()
    other.close()
    chromium.new_context().close()
