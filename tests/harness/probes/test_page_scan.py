from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.observations import SecretScan
from harness.observe import Recorder
from harness.probes.agent import Agent
from harness.probes.browser import Chromium
from harness.probes.cookies import Measure
from harness.probes.page_scan import PAGE, STORAGES, PageSearch
from harness.secret_forms import Secret
from tests.harness.probes.site import Page, Site

TOKEN = "dG9rZW4tb2YtYS1wYWdlLXRoYXQtbGVha3MtaXQ"
SECRETS = (Secret(TOKEN.encode(), "access_token", "{{access_token:0123456789abcdef:39}}"),)
LEAKS = {
    "localStorage": f"localStorage.x = JSON.stringify({{t: '{TOKEN}'}})",
    "sessionStorage": f"sessionStorage.x = btoa('{TOKEN}')",
    "readable cookies": f"document.cookie = 'x={TOKEN}'",
    "IndexedDB": f"""const o = indexedDB.open('d'); o.onupgradeneeded = () => o.result.createObjectStore('s');
        o.onsuccess = () => {{ o.result.transaction('s', 'readwrite').objectStore('s')
            .put(new Uint8Array([...'{TOKEN}'].map((c) => c.charCodeAt(0))), 'k'); o.result.close(); }}""",
    "Cache Storage": f"caches.open('c').then((c) => c.put('/x', new Response('{TOKEN}')))",
    "globals": f"window.app = {{deep: [new Map([['k', {{t: '{TOKEN}'}}]])]}}",
    "messages": f"postMessage({{t: '{TOKEN}'}})",
    "document": f"document.body.append(document.createComment('{TOKEN}'))",
}


@pytest.fixture
def agent(chromium: Chromium, recorder: Recorder) -> Iterator[Agent]:
    agent = Agent(chromium.new_context(), recorder, Measure(str, {}, lambda text: False), {})
    yield agent
    agent.close()


@pytest.fixture
def search(agent: Agent) -> PageSearch:
    return PageSearch(agent, {"mode": "bff"})


def visit(agent: Agent, site: Site, script: str) -> None:
    """Open a page with this script, which goes away when it has run."""
    site.pages["/"] = Page("<body><p>page</p><script src='/s.js'></script></body>")
    site.pages["/s.js"] = Page(script, headers={"Content-Type": "text/javascript"})
    agent.open(site.url)
    agent.page.wait_for_timeout(100)


def places(scan: SecretScan) -> set[str]:
    return {hit.place for hit in scan.hits}


@pytest.mark.parametrize("place", LEAKS)
def test_a_token_is_found_where_it_lies_and_the_witness_is_taken_away(
    agent: Agent, search: PageSearch, site: Site, place: str
) -> None:
    visit(agent, site, LEAKS[place])
    look = search.storages if place in STORAGES else search.page
    for case in ("first", "second"):  # the first search leaves nothing for the second to find
        scan = look(case, SECRETS)
        assert place in places(scan)
        assert scan.planted_found
        assert scan.kinds == ("access_token",)
    others = STORAGES if place not in STORAGES else PAGE
    clean = search.page if place in STORAGES else search.storages
    assert not places(clean("elsewhere", SECRETS)) & (set(others) - {"messages"})


def test_a_clean_page_has_no_hit_and_the_witness_is_found_in_every_place(
    agent: Agent, search: PageSearch, site: Site
) -> None:
    visit(agent, site, "window.app = {harmless: true}")
    for scan in (search.storages("look", SECRETS), search.page("look", SECRETS), search.answers("look", SECRETS)):
        assert scan.hits == ()
        assert scan.planted_found
        assert scan.about["mode"] == "bff"


def test_a_token_in_an_inline_script_is_found(agent: Agent, search: PageSearch, site: Site) -> None:
    site.pages["/"] = Page(f'<body><script type=\'application/json\'>{{"t": "{TOKEN}"}}</script></body>')
    agent.open(site.url)
    assert {"inline scripts", "document"} <= places(search.page("look", SECRETS))


def test_a_token_in_an_answer_to_script_is_found_once(agent: Agent, search: PageSearch, site: Site) -> None:
    visit(agent, site, "")
    site.pages["/session"] = Page(f'{{"refresh_token": "{TOKEN}"}}')
    agent.fetch("/session")
    scan = search.answers("look", SECRETS)
    assert places(scan) == {f"answers: {site.url}/session"}
    assert scan.planted_found
    assert search.answers("again", SECRETS).hits == ()
