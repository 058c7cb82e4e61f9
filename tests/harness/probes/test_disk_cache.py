from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.observations import SecretScan
from harness.observe import Recorder
from harness.probes.agent import Agent
from harness.probes.cookies import Measure
from harness.probes.disk_cache import CacheSearch
from harness.probes.driver import UserAgents
from harness.secret_forms import Secret
from tests.harness.probes.site import Page, Site

CANARY = Secret(secrets.token_urlsafe(32).encode(), "access_token", "{{access_token:0000000000000001:43}}")


@pytest.fixture
def search(browser: UserAgents, recorder: Recorder, tmp_path: Path) -> Iterator[tuple[Agent, CacheSearch]]:
    measure = Measure(lambda value: value, {}, lambda text: False)
    agent = Agent(browser.new_profile(tmp_path), recorder, measure, {})
    yield agent, CacheSearch(agent, tmp_path, {"stage": "dev"})
    agent.close()


def visit(search: tuple[Agent, CacheSearch], site: Site, cache_control: str, body: str = "") -> SecretScan:
    """Look at a page with the canary, and search when the browser has ended."""
    headers = {"Cache-Control": cache_control} if cache_control else {}
    site.pages["/"] = Page(body or f"<p>{CANARY.value.decode()}", 200, headers)
    agent, caches = search
    agent.open(site.url)
    return caches.end_and_search("caches", [CANARY])


def test_a_page_that_nobody_may_keep_is_in_no_cache(search: tuple[Agent, CacheSearch], site: Site) -> None:
    scan = visit(search, site, "no-store")
    assert (scan.planted_found, scan.hits) == (True, ())
    assert {"disk cache", "Cache Storage"} <= set(scan.places)
    assert scan.about["entries"] == ""


def test_a_page_that_may_be_kept_is_found_with_its_address(search: tuple[Agent, CacheSearch], site: Site) -> None:
    scan = visit(search, site, "max-age=600")
    assert scan.planted_found
    assert {(hit.mark, hit.place) for hit in scan.hits} == {(CANARY.mark, f"disk cache: {site.url}/")}
    assert scan.about["entries"] == f"{site.url}/"


def test_what_a_script_keeps_is_found(search: tuple[Agent, CacheSearch], site: Site) -> None:
    put = f"caches.open('own').then(c => c.put('/kept', new Response({json.dumps(CANARY.value.decode())})))"
    scan = visit(search, site, "no-store", f"<script>{put}.then(() => document.title = 'done')</script>")
    assert any(hit.place.startswith("Cache Storage: ") for hit in scan.hits)


def test_requests_ask_for_no_compression_that_cannot_be_undone(search: tuple[Agent, CacheSearch], site: Site) -> None:
    agent, _ = search
    sent: list[str] = []
    agent.page.on("request", lambda request: sent.append(request.all_headers().get("accept-encoding", "")))
    agent.open(site.url)
    assert set(sent) == {"gzip"}
