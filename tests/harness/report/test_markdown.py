"""Text of a target in Markdown: it can be read as it stands, and nothing in it acts."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from harness.report.markdown import html_code, literal
from harness.report.verdicts import visible

ACTIVE = st.text("`*_[]()<>|!@#:&$~\\{}/. aw1-+=", max_size=30)


def rendered(markdown: str) -> str:
    """What becomes of it within a paragraph."""
    return str(MarkdownIt("gfm-like", {"html": True}).disable("linkify", True).render(f"x {markdown} x"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("it told http://id.example:80/x, and more", "it told `http://id.example:80/x`, and more"),
        ("no code_challenge.", "no `code_challenge`."),
        ("the `issuer` of it", "the `issuer` of it"),
        ("TOKEN-01: all of P.leeway (RFC 6749 §5.1)", "TOKEN-01: all of P.leeway (RFC 6749 §5.1)"),
        ("ask @maintainer of #1", "ask `@maintainer` of `#1`"),
    ],
)
def test_text_can_be_read_without_being_rendered(text: str, told: str) -> None:
    assert literal(text) == told


@settings(max_examples=150, deadline=None)
@given(ACTIVE)
@example("`a`b_c`d`")
@example("``http://x``[a](b)")
@example("`a``<b>`")
def test_whatever_a_target_says_is_shown_and_is_nothing_but_text_and_code(text: str) -> None:
    markdown = literal(text)
    page = rendered(markdown)
    assert set(re.findall(r"<[^>]*>", page)) <= {"<p>", "</p>", "<code>", "</code>"}
    outside = re.sub(r"`[^`]*`|&#\d+;", " ", markdown)
    assert not re.search(r"://|www\.\w|[`*_\[\]<>|~@$&]|#\S", outside)
    shown = unescape(re.sub("<[^>]*>", "", page)).replace("`", "")
    assert " ".join(shown.split()) == " ".join(f"x {visible(text)} x".replace("`", "").split())


def test_in_html_it_is_text_too() -> None:
    assert html_code("a\n<b> & `_c_`") == "<code>a &lt;b&gt; &amp; `_c_`</code>"
