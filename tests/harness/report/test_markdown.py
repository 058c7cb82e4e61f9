"""Text of a target in Markdown: it can be read as it stands, and nothing in it acts."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from harness.report.markdown import html_code, literal, table
from harness.report.verdicts import visible_lines

ACTIVE = st.text("`*_[]()<>|!@#:&$~\\{}/. aw1-+=", max_size=30)


def rendered(markdown: str) -> str:
    """What becomes of it."""
    return str(MarkdownIt("gfm-like", {"html": True}).disable("linkify", True).render(markdown))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("it told http://id.example:80/x, and more", "it told `http://id.example:80/x`, and more"),
        ("no code_challenge.", "no `code_challenge`."),
        ("the `issuer` of it", "the `issuer` of it"),
        ("TOKEN-01: all of P.leeway (RFC 6749 §5.1)", "TOKEN-01: all of P.leeway (RFC 6749 §5.1)"),
        ("ask @maintainer of #1", "ask `@maintainer` of `#1`"),
        ("max-age=60 & <b>bold</b> (a*b*c), ~x", "max-age=60 `&` `<b>bold</b>` (`a*b*c`), `~x`"),
        ("a (`two words`): a|b", "a (`two words`): a\\|b"),
        ("it`s `two", "``  it`s  ``".replace("  ", " ") + " `` `two ``"),
        ("- 1. no list", "`-` 1. no list"),
    ],
)
def test_text_can_be_read_without_being_rendered(text: str, told: str) -> None:
    assert literal(text) == told


@settings(max_examples=200, deadline=None)
@given(ACTIVE)
@example("`a`b_c`d`")
@example("``http://x``[a](b)")
@example("`a``<b>`")
@example("`a`:`b`")
@example("a|`b|<img src=x>`")
@example("\\|<b>")
@example("`a\\`|<b>")
def test_whatever_a_target_says_is_shown_and_is_nothing_but_text_and_code(text: str) -> None:
    markdown = literal(text)
    assert "&#" not in re.sub(r"(`+).*?\1", "", markdown)
    for page in (
        rendered(f"x {markdown} x"),
        rendered(f"1. {markdown}"),
        rendered(table(["a", "b"], [[markdown, "x"]])),
    ):
        tags = set(re.findall(r"<[^>]*>", page))
        assert tags <= {
            f"<{end}{tag}>"
            for tag in ("p", "code", "ol", "li", "table", "thead", "tbody", "tr", "th", "td")
            for end in ("", "/")
        }
        assert page.count("<li>") <= 1
        assert page.count("<td>") in (0, 2)
        outside = unescape(re.sub(r"<code>.*?</code>", " ", page.replace("\n", " ")))
        assert not re.search(r"://|www\.\w|[@$&]|#\S", re.sub("<[^>]*>", "", outside))
    shown = unescape(re.sub("<[^>]*>", "", rendered(f"x {markdown} x"))).replace("`", "")
    assert " ".join(shown.split()) == " ".join(f"x {visible_lines(text)} x".replace("`", "").split())


def test_in_html_it_is_text_too() -> None:
    assert html_code("a\n<b> & `_c_`") == "<code>a &lt;b&gt; &amp; `_c_`</code>"
