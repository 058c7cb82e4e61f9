"""A pair of cookie and form field that nobody gave out has the shape of one that somebody did."""

from __future__ import annotations

import re

import pytest

from harness.probes.double_submit import invented_pair

VALUE = "aB3xY9zQ-k2"


@pytest.mark.parametrize(
    ("cookie", "fields"),
    [
        (f"pair={VALUE}", {"state": VALUE, "username": "alice"}),
        (f"csrftoken={VALUE}", {"csrfmiddlewaretoken": "masked" * 5, "username": "alice"}),
        (f"session=s3cret; csrftoken={VALUE}", {"csrf": VALUE, "username": "alice"}),
    ],
)
def test_cookie_and_field_are_alike_and_of_the_same_shape(cookie: str, fields: dict[str, str]) -> None:
    pair = invented_pair(cookie, fields)
    assert pair is not None
    header, form = pair
    _, _, value = header.partition("=")
    changed = {name: told for name, told in form.items() if told != fields[name]}
    assert list(changed.values()) == [value]
    assert re.fullmatch(r"[a-z][A-Z]\d[a-z][A-Z]\d[a-z][A-Z]-[a-z]\d", value)
    assert "session" not in header, "what another cookie is worth must not be taken for what the pair is worth"
    assert form["username"] == "alice"


@pytest.mark.parametrize("cookie", ["", "session=abc", "empty=; session=abc"])
def test_where_no_field_belongs_to_a_cookie_there_is_no_pair(cookie: str) -> None:
    assert invented_pair(cookie, {"csrf": "", "state": "other"}) is None
