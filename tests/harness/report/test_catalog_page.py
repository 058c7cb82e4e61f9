from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from harness.catalog import load_catalog
from harness.features import ScenarioPlan
from harness.model import Catalog, Expectation, Source
from harness.report.catalog_page import render_catalog

PLAN = ScenarioPlan(
    name="A stolen token ends its session",
    file=Path("token.feature"),
    line=3,
    tags=("TOKEN-10",),
    controls=("TOKEN-10",),
    expectations=("TOKEN-10.E1", "TOKEN-10.E2", "TOKEN-10.E3", "TOKEN-10.E4"),
    axes={},
)
CHECKS = ("TOKEN-10.E1", "TOKEN-10.E2", "TOKEN-10.E3")
FAULTS = {"TOKEN-10.E1": ("F-TOKEN-10-z",), "TOKEN-10.E2": ("F-TOKEN-10-a",)}


def small_catalog() -> Catalog:
    """TOKEN-10 alone, with a guard, and what could act in a page where text belongs."""
    catalog = load_catalog()
    control = catalog.controls["TOKEN-10"]
    expectations = (*control.expectations[:2], replace(control.expectations[2], guard="nothing to seed"))
    hostile = replace(
        control,
        title="<script>alert(1)</script>",
        sources=(Source('"onload=x', "secondary: heard"), Source("RFC 1", "from memory")),
        expectations=(*expectations, Expectation("TOKEN-10.E4", "P.revoke_bound & P.nothing <b>")),
    )
    return replace(catalog, controls={"TOKEN-10": hostile})


@pytest.fixture(scope="module")
def page() -> str:
    return render_catalog(small_catalog(), [PLAN], CHECKS, FAULTS)


def row(page: str, expectation: str) -> str:
    match = re.search(rf'<tr id="{re.escape(expectation)}">.*?</tr>', page, re.DOTALL)
    assert match
    return match[0]


@pytest.mark.parametrize(
    ("expectation", "mark"),
    [("TOKEN-10.E1", "proven"), ("TOKEN-10.E2", "proven"), ("TOKEN-10.E3", "guard"), ("TOKEN-10.E4", "no check yet")],
)
def test_each_expectation_is_marked_by_what_verifies_it(page: str, expectation: str, mark: str) -> None:
    assert f">{mark}</span>" in row(page, expectation)
    assert PLAN.name in row(page, expectation)


def test_an_expectation_with_a_check_and_neither_fault_nor_guard_is_unproven() -> None:
    page = render_catalog(load_catalog(), [PLAN], CHECKS, {})
    assert ">unproven</span>" in row(page, "TOKEN-10.E3")
    assert ">no scenario yet</span>" in row(page, "TOKEN-01.E1")


def test_a_fault_of_the_catalog_that_is_not_seeded_is_told(page: str) -> None:
    assert "caught by TOKEN-10.E2, not seeded yet" in page  # F-TOKEN-10-c
    assert page.count("not seeded yet") == 2


def test_how_far_a_source_was_checked_stays_visible(page: str) -> None:
    assert re.search(r'secondary">secondary</span></span><span>&#34;onload=x<small> heard</small>', page)
    assert re.search(r'memory">from memory</span></span><span>RFC 1</span>', page)


def test_text_of_the_catalog_cannot_act_and_parameters_are_linked(page: str) -> None:
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert '<a href="#P.revoke_bound">P.revoke_bound</a> &amp; P.nothing &lt;b&gt;' in page


class References(HTMLParser):
    """Everything in a page that would be fetched or followed."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("href", "src", "action", "srcset", "data")]


def test_the_page_refers_to_nothing_outside_itself() -> None:
    page = render_catalog(load_catalog(), [PLAN], CHECKS, FAULTS)
    references = References()
    references.feed(page)
    assert references.found
    assert all(reference.startswith("#") for reference in references.found)
    assert "url(" not in page
    assert "@import" not in page


def test_every_link_leads_to_something_in_the_page() -> None:
    page = render_catalog(load_catalog(), [PLAN], CHECKS, FAULTS)
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_the_policy_of_the_page_admits_its_own_script_and_no_other(page: str) -> None:
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in page


def test_the_same_catalog_gives_the_same_page(page: str) -> None:
    assert render_catalog(small_catalog(), [PLAN], CHECKS, FAULTS) == page
