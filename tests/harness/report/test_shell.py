"""Words for bash: what a target said stays a word, whatever it is."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.report.shell import Variable, comment, quote, word

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on this machine")
ANY_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
EVIL = "'; touch evil; $(touch evil) `touch evil` \\ \" ! * ~ \x1b[31m\r\n\u202e#"


def printed(words: str, **variables: str) -> str:
    """What bash makes of one word."""
    script = f"set -u; LC_ALL=C.UTF-8; printf %s {words}"
    ran = subprocess.run(["bash", "-c", script], capture_output=True, env={"PATH": "/usr/bin:/bin", **variables})
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.decode()


@settings(max_examples=40, deadline=None)
@given(ANY_TEXT)
def test_a_quoted_text_is_that_text_to_bash(text: str) -> None:
    assert printed(quote(text)) == text


@settings(max_examples=20, deadline=None)
@given(ANY_TEXT, ANY_TEXT)
def test_texts_around_a_variable_stay_texts(before: str, after: str) -> None:
    assert printed(word([before, Variable("CODE"), after]), CODE="x y$z") == f"{before}x y$z{after}"


def test_nothing_that_a_terminal_acts_on_stands_in_a_word_or_comment() -> None:
    for text in (quote(EVIL), comment(EVIL)):
        assert not set("\x1b\r\n\u202e") & set(text)
    assert printed(quote(EVIL)) == EVIL


def test_a_part_of_a_variable_is_cut_out_by_bash() -> None:
    assert printed(word(["a=", Variable("CODE", ":2:3")]), CODE="0123456") == "a=234"


def test_a_word_cannot_hold_a_nul() -> None:
    with pytest.raises(ValueError, match="NUL"):
        quote("a\0b")
