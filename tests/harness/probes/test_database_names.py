"""Looking for a page's databases, again and again and while they are being cleared."""

from __future__ import annotations

from harness.probes.database_names import NAMES
from harness.probes.driver import UserAgents
from tests.harness.probes.site import Page, Site

UNANSWERED = "const real = indexedDB.databases.bind(indexedDB); let hangs = true;"
UNANSWERED += "indexedDB.databases = () => hangs ? (hangs = false, new Promise(() => {})) : real();"


def test_a_question_that_is_never_answered_is_asked_again(browser: UserAgents, site: Site) -> None:
    site.pages["/"] = Page(f"<script>{UNANSWERED}</script>")
    context = browser.new_context()
    page = context.new_page()
    page.goto(site.url)
    assert page.evaluate(f"() => {NAMES}") == []
    context.close()


def test_looking_often_does_not_put_off_the_timers_of_a_page_whose_clock_is_not_its_own(
    browser: UserAgents, site: Site
) -> None:
    site.pages["/"] = Page("<script>window.rung = 0; setInterval(() => window.rung++, 100)</script>")
    context = browser.new_context()
    context.clock.install()
    page = context.new_page()
    page.goto(site.url)
    rung = (page.evaluate(f"async () => (await {NAMES}, window.rung)") for _ in range(400))
    assert any(times >= 3 for times in rung)
    context.close()
