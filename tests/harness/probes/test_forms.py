"""A form is read as a browser would submit it."""

from __future__ import annotations

import pytest

from harness.probes.forms import find_form

PAGE = """
<form action="/search"><input name="q"></form>
<input name="outside" value="x">
<form action="/login" method="post">
  <input type="hidden" name="csrf" value="a&amp;b">
  <input name="user"><input type="email" name="mail" value="m@x">
  <input type="password" name="pass">
  <input type="checkbox">
  <button name="action" value="allow">Yes</button><button name="action" value="deny">No</button>
  <input type="submit" name="go" value="Go">
</form>
"""


def test_the_form_that_asks_for_a_password_is_found_with_its_fields_and_buttons() -> None:
    form = find_form(PAGE)
    assert form is not None
    assert (form.action, form.method) == ("/login", "POST")
    assert form.fields == {"csrf": "a&b", "user": "", "mail": "m@x", "pass": ""}
    assert (form.text_fields, form.password_fields) == (["user", "mail"], ["pass"])
    assert form.buttons == {"action": ["allow", "deny"], "go": ["Go"]}


def test_without_a_password_the_first_form_counts_and_a_form_is_sent_by_get_unless_it_says_so() -> None:
    form = find_form("<form><button name='a' value='1'></form><form action='/b' method='post'></form>")
    assert form is not None
    assert (form.action, form.method, form.buttons) == ("", "GET", {"a": ["1"]})


@pytest.mark.parametrize("html", ["", "<p>no form</p>", "<input name=a>", "<form", "<!DOCTYPE <<<"])
def test_a_page_without_a_form_has_none(html: str) -> None:
    assert find_form(html) is None
