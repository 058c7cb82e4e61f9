from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.errors import TargetError
from harness.observe import Recorder
from harness.probes.agent import Agent
from harness.probes.browser import Chromium
from harness.probes.cookies import Measure
from harness.probes.login import User
from tests.harness.probes.site import Page, Site

MEASURE = Measure(lambda value: value, {}, lambda text: False)


@pytest.fixture
def agent(chromium: Chromium, recorder: Recorder) -> Iterator[Agent]:
    agent = Agent(chromium.new_context(), recorder, MEASURE, {"stage": "dev"})
    yield agent
    agent.close()


def test_only_alerts_that_a_person_can_see_count(agent: Agent, site: Site) -> None:
    hidden = ('style="display:none"', 'aria-hidden="true"', "hidden", 'style="visibility:hidden"')
    alerts = "".join(f'<p role="alert" {attribute}>hidden</p>' for attribute in hidden)
    site.pages["/"] = Page(f'<title>T</title><p role="alert">It will be lost.</p>{alerts}')
    agent.open(site.url)
    view = agent.view("look", lambda page: False, page="home")
    assert view.alerts == ("It will be lost.",)
    assert (view.title, view.about["page"], view.about["stage"]) == ("T", "home", "dev")


def test_cookies_set_on_the_way_of_redirects_are_all_noted(agent: Agent, site: Site) -> None:
    site.pages["/"] = Page(status=302, headers={"Location": "/next", "Set-Cookie": "a=1\nb=2; HttpOnly"})
    site.pages["/next"] = Page("<p>here</p>", headers={"Set-Cookie": "c=3"})
    agent.open(site.url)
    assert [cookie.name for cookie in agent.set_cookies("first", site.url).cookies] == ["a", "b", "c"]
    assert agent.set_cookies("again", site.url).cookies == ()
    assert {cookie.name for cookie in agent.jar("jar", site.url).cookies} == {"a", "b", "c"}


def test_document_cookie_shows_what_script_can_read_and_not_the_witness(agent: Agent, site: Site) -> None:
    site.pages["/"] = Page("<p>here</p>", headers={"Set-Cookie": "open=1\nclosed=2; HttpOnly"})
    agent.open(site.url)
    view = agent.view("look", lambda page: True)
    assert (view.about["readable"], view.document_cookie) == ("yes", "open=1")
    assert {cookie.name for cookie in agent.jar("jar", site.url).cookies} == {"open", "closed"}


def test_a_login_form_is_filled_whatever_its_fields_are_called(agent: Agent, site: Site) -> None:
    site.pages["/"] = Page(
        '<form action="/in"><input type="hidden" name="h"><input name="who"><input type="password" name="what">'
        '<button name="go" value="yes">In</button><button name="go" value="no">Out</button></form>'
    )
    site.pages["/in"] = Page("<p>inside</p>")
    agent.open(site.url)
    agent.fill_login(User("ada", "secret-word"))
    assert agent.page.url == f"{site.url}/in?h=&who=ada&what=secret-word&go=yes"


def test_a_button_that_leads_nowhere_is_told_with_what_the_page_shows(
    agent: Agent, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.pages["/"] = Page("<button id='b'>B</button>")
    agent.open(site.url)
    monkeypatch.setattr("harness.probes.agent.LED", 500)
    with pytest.raises(TargetError, match=r"#b led nowhere: Timeout 500ms exceeded\.; the page shows 'B'"):
        agent.press("#b")


def test_a_page_that_is_not_there_is_told(agent: Agent) -> None:
    with pytest.raises(TargetError, match="did not load"):
        agent.open("http://127.0.0.1:9/")


def test_names_outside_of_loopback_are_not_found(agent: Agent) -> None:
    with pytest.raises(TargetError, match="NAME_NOT_RESOLVED"):
        agent.open("http://example.com/")


def test_every_answer_that_script_could_read_is_kept_without_set_cookie(agent: Agent, site: Site) -> None:
    site.pages["/"] = Page("<p>document</p>", headers={"Set-Cookie": "s=hidden", "X-Told": "told"})
    site.pages["/data"] = Page('{"data": 1}')
    agent.open(site.url)
    assert agent.fetch("/data") == 200
    answers, unread = agent.take_answers()
    texts = {answer.url.removeprefix(site.url): answer.data for answer in answers}
    assert b"document" in texts["/"]
    assert b"told" in texts["/"]
    assert b"hidden" not in texts["/"]
    assert b'{"data": 1}' in texts["/data"]
    assert unread == []
