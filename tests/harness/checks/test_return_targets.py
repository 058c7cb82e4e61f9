"""What the checks of return targets conclude."""

from __future__ import annotations

from typing import Any

import pytest

from harness.checks.return_targets import MOMENTS, leads_to
from harness.observations import HttpExchange, Observation
from tests.harness.checks.records import assert_failed, assert_passed, assert_unknown, exchange, judge

OWN = "https://app.example/login"
EVIL = "evil.test"
ABOUT = {"value": "two slashes", "evil": EVIL, "marker": "smuggled"}
HTML = (("Content-Type", "text/html"),)


def answer(case: str, location: str = "", **more: Any) -> HttpExchange:
    headers = (("Location", location),) if location else more.pop("headers", ())
    return exchange(case, 303 if location else 200, url=OWN, headers=headers, **ABOUT, **more)


def record() -> list[Observation]:
    return [answer("login", "/callback?code=x&state=y"), *(answer(moment, "/settings") for moment in MOMENTS)]


@pytest.mark.parametrize("number", [1, 2])
def test_a_client_that_leads_to_its_own_pages_passes(number: int) -> None:
    assert_passed(judge(f"WEB-12.E{number}", record()))


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize(
    "location",
    [f"//{EVIL}", f"/\\{EVIL}", f"\\\\{EVIL}/x", f"http:{EVIL}", f"https://app.example@{EVIL}/", f"/\t/{EVIL}",
     f"https://app.example.{EVIL}", f"https://{EVIL}:8443/x", f" https://{EVIL.upper()}"],
)  # fmt: skip
def test_a_redirect_that_a_browser_takes_elsewhere_fails(moment: str, location: str) -> None:
    assert_failed(judge("WEB-12.E1", [*record(), answer(moment, location)]), f"{moment}, two slashes")


@pytest.mark.parametrize("location", [f"https:{EVIL}", f"/login?next=//{EVIL}", f"/x/{EVIL}", f"?a=//{EVIL}"])
def test_what_only_names_another_host_leads_nowhere_else(location: str) -> None:
    assert_passed(judge("WEB-12.E1", [*record(), answer("login", location)]))


@pytest.mark.parametrize(
    "body",
    [f'<a href="//{EVIL}">x</a>', f"<form action='https://{EVIL}/'>",
     f'<meta http-equiv="refresh" content="0; url=//{EVIL}">'],
)  # fmt: skip
def test_a_page_that_refers_there_fails(body: str) -> None:
    assert_failed(judge("WEB-12.E1", [*record(), answer("login", body=body, headers=HTML)]), EVIL)


def test_a_field_that_holds_the_value_leads_nowhere() -> None:
    page = answer("login", body=f'<input type="hidden" name="next" value="//{EVIL}">', headers=HTML)
    assert_passed(judge("WEB-12.E1", [*record(), page]))


def test_an_address_that_is_a_script_and_an_injected_header_fail() -> None:
    assert_failed(judge("WEB-12.E2", [*record(), answer("login", "JavaScript:smuggled()")]), "javascript:")
    assert_failed(judge("WEB-12.E2", [*record(), answer("login", headers=(("X-Smuggled", "1"),))]), "X-Smuggled")


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_moment_that_was_not_tried_proves_nothing(moment: str) -> None:
    assert_unknown(judge("WEB-12.E1", [o for o in record() if o.case != moment]))


def test_without_a_login_nothing_is_proven() -> None:
    assert_unknown(judge("WEB-12.E1", record()[1:]))


def end(moment: str, path: str) -> HttpExchange:
    url = f"https://app.example{path}"
    return exchange("a page of its own", 200, url=url, wanted="/settings", moment=moment)


def test_a_page_of_its_own_that_is_gone_to_passes_and_another_fails() -> None:
    seen = [end("a login", "/settings"), end("somebody signed in", "/settings")]
    assert_passed(judge("WEB-12.E3", seen))
    for moment in ("a login", "somebody signed in"):
        assert_failed(judge("WEB-12.E3", [*seen, end(moment, "/")]), f"{moment}: ends at /")
    assert_unknown(judge("WEB-12.E3", seen[:1]))


def test_a_scheme_of_its_own_without_slashes_is_a_path() -> None:
    assert leads_to(OWN, "https:evil") == ("https", "app.example")
    assert leads_to(OWN, "mailto:x@y") == ("mailto", "")
