from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from harness.targets.reference_child import ChildGone, DesktopChild

READY = 'import sys, json\nprint(json.dumps({"ready": True}), flush=True)\n'
ECHO = """
for line in sys.stdin:
    asked = json.loads(line)["do"]
    print(json.dumps({"asked": asked}), flush=True)
    if asked == "quit":
        break
"""


def start(program: str, folder: Path) -> DesktopChild:
    return DesktopChild([sys.executable, "-c", program], os.environ, str(folder))


def test_it_answers_and_ends_when_told(tmp_path: Path) -> None:
    child = start(READY + ECHO, tmp_path)
    assert child.ready == {"ready": True}
    assert child.ask(do="status") == {"asked": "status"}
    child.stop()
    child.stop()
    assert not child.runs


def test_one_that_does_not_start_says_what_it_said_last(tmp_path: Path) -> None:
    with pytest.raises(ChildGone, match="it ended; it said last: no store"):
        start("import sys; sys.exit('no store')", tmp_path)


def test_one_that_ends_in_between_is_told(tmp_path: Path) -> None:
    child = start(READY + "sys.exit('gone')", tmp_path)
    with pytest.raises(ChildGone, match="gone"):
        child.ask(do="status")
    child.stop()


def test_log_records_are_read_and_other_lines_told_as_text(tmp_path: Path) -> None:
    child = start(READY + 'print(\'{"record": "r"}\\nplain\', file=sys.stderr, flush=True)\n' + ECHO, tmp_path)
    child.ask(do="status")
    child.stop()
    assert child.logs() == ({"record": "r"}, {"text": "plain"})


def test_a_wish_for_the_browser_is_no_reply(tmp_path: Path) -> None:
    wish = "print(json.dumps({'event': 'open_url', 'url': 'https://issuer'}), flush=True)\n"
    child = start(READY + wish + ECHO, tmp_path)
    assert child.wait_for_url() == "https://issuer"
    with pytest.raises(ChildGone, match="no browser"):
        child.wait_for_url()
    child.stop()
