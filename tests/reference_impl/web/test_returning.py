"""Where a sign-in may lead to."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl.web.returning import HOME, local_path

OWN = "https://app.example"


@pytest.mark.parametrize("path", ["/settings", "/notes/1", "/notes/?page=2&by=name", "/a.b~c_d-e"])
def test_a_path_of_its_own_is_kept(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "asked",
    [None, "", "settings", "//evil", "/\\evil", "/a//evil", "https:evil", "https://app.example@evil", "%2f%2fevil",
     "/%2fevil", "javascript:alert(1)", "data:text/html,x", "/a\r\nX: 1", "/a\n", "/" + "a" * 300, "/ä", "/a#b"],
)  # fmt: skip
def test_anything_else_leads_home(asked: str | None) -> None:
    assert local_path(asked) == HOME


@settings(deadline=None, max_examples=60)
@given(st.text(alphabet="/\\:@.%?#&=\r\n\tae2fj", max_size=12))
def test_whatever_is_asked_it_stays_on_its_own_origin(asked: str) -> None:
    there = urlsplit(urljoin(f"{OWN}/", local_path(asked).replace("\\", "/")))
    assert f"{there.scheme}://{there.netloc}" == OWN
