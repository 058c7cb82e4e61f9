from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.observations import HttpExchange, Observation
from harness.observe import Recorder
from harness.probes import crawl as module
from harness.probes.clients import new_client
from harness.probes.crawl import crawl
from harness.probes.http import HttpProbe
from tests.harness.probes.site import Page, Site

HOME = """<link rel="stylesheet" href="/style.css"><a href="/settings#top">Settings</a><a href="settings">again</a>
<a href="https://elsewhere.example/">away</a><a href="/logout">out</a><a href="/items/delete?id=1">delete</a>
<form action="/search"><input name="q"></form><form method="post" action="/change"></form><img src="icon.svg">"""


@pytest.fixture
def agent(recorder: Recorder) -> Iterator[HttpProbe]:
    client = new_client()
    yield HttpProbe(client, recorder)
    client.close()


def test_every_page_that_links_and_addresses_lead_to_is_asked_for_once(
    agent: HttpProbe, site: Site, kept: list[Observation]
) -> None:
    site.pages |= {
        "/": Page(HOME),
        "/settings": Page("", 303, {"Location": "/deep"}),
        "/deep": Page('<a href="/">home'),
    }
    answers = crawl(agent, "crawl", site.url, ("/data",), session="yes")
    paths = [answer.url.removeprefix(site.url) for answer in answers]
    assert paths == ["/", "/data", "/style.css", "/settings", "/search", "/icon.svg", "/deep"]
    assert {(o.about["role"], o.about["session"]) for o in kept if isinstance(o, HttpExchange)} == {("web", "yes")}


def test_a_site_without_end_is_left_in_time(agent: HttpProbe, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 5)
    site.pages["/"] = Page("".join(f'<a href="/?page={number}">' for number in range(100)))
    assert len(crawl(agent, "crawl", site.url, ())) == 5
