from __future__ import annotations

from harness.probes.driver import UserAgents
from harness.probes.history import History
from tests.harness.probes.site import Page, Site


def test_all_pages_that_were_shown_are_told_and_the_one_that_is(browser: UserAgents, site: Site) -> None:
    site.pages |= {path: Page(path) for path in ("/a", "/b", "/c")}
    context = browser.new_context()
    page = context.new_page()
    history = History(page)
    for path in ("/a", "/b", "/c"):
        page.goto(f"{site.url}{path}")
    page.evaluate("() => { setTimeout(() => history.go(-2), 0); }")
    for _ in range(100):
        told, shown = history.read()
        if shown.endswith("/a"):
            break
        page.wait_for_timeout(50)
    assert {f"{site.url}{path}" for path in ("/a", "/b", "/c")} <= set(told)
    assert shown == f"{site.url}/a"
    context.close()


def test_an_address_that_a_script_wrote_is_told(browser: UserAgents, site: Site) -> None:
    site.pages["/a"] = Page("a")
    context = browser.new_context()
    page = context.new_page()
    history = History(page)
    page.goto(f"{site.url}/a")
    page.evaluate("() => { history.pushState(null, '', '/written'); history.pushState(null, '', '/last'); }")
    told, shown = history.read()
    assert f"{site.url}/written" in told
    assert shown == f"{site.url}/last"
    context.close()
