"""A test user gets through a login as the description tells it, by forms and in a browser alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from harness.observations import HttpExchange, Observation
from harness.observe import Recorder
from harness.probes.browser import Chromium
from harness.probes.browser_login import BrowserLogin
from harness.probes.clients import new_client
from harness.probes.governor import Governor
from harness.probes.http import HttpProbe
from harness.probes.login import FormLogin, Journey, Login, LoginStep, User, Walk, walk_forms
from tests.harness.probes.site import Page, Site

CODE = "Zk3-vXw9-LmR4-tYb8-NsD1-cHf6"
USER = User("alice", "correct horse battery")
CALLBACK = "http://client.test/cb"
DONE = Page(status=302, headers={"Location": f"{CALLBACK}?code=c0de-c0de-c0de"})
NAME = '<form action="/name" method="post"><input name="login"><button id="next">Next</button></form>'
PASSWORD = """
<form action="/password" method="post"><input type="hidden" name="csrf" value="t0ken">
<input type="password" name="pass"><button name="do" value="go">Sign in</button>
<button name="do" value="stop">Cancel</button></form>
"""
CONSENT = '<a href="/done">Allow</a> <a href="/denied">No thanks</a>'
STEPS = (
    LoginStep(fill="login", value="{name}"),
    LoginStep(click="Next"),
    LoginStep(fill="pass", value="{password}"),
    LoginStep(click="sign in"),
    LoginStep(click="Allow", optional=True),
)


@pytest.fixture
def site(site: Site) -> Site:
    """A name, then a password, then a consent, then the way back to the client."""
    site.pages = {
        "/authorize": Page(status=302, headers={"Location": "/start"}),
        "/start": Page(NAME),
        "/name": Page(PASSWORD),
        "/password": Page(CONSENT),
        "/done": DONE,
        "/denied": Page(status=302, headers={"Location": f"{CALLBACK}?error=access_denied"}),
    }
    return site


FORMS = pytest.mark.parametrize("walk", ["form"], indirect=True)


@pytest.fixture(params=["form", "browser"])
def walk(request: pytest.FixtureRequest, recorder: Recorder) -> Walk:
    if request.param == "form":
        return walk_forms
    chromium: Chromium = request.getfixturevalue("chromium")
    return BrowserLogin(chromium.new_context, Governor(), recorder)


@pytest.fixture
def agent(recorder: Recorder) -> Iterator[HttpProbe]:
    client = new_client()
    yield HttpProbe(client, recorder, {"127.0.0.1"})
    client.close()


Go = Callable[..., tuple[str, bool]]


@pytest.fixture
def go(site: Site, walk: Walk, agent: HttpProbe, recorder: Recorder) -> Go:
    recorder.redactor.register(USER.password, "password")

    def gone(login: Login, user: User | None = USER, *, deny: bool = False) -> tuple[str, bool]:
        ends = lambda location: location.startswith(CALLBACK)  # noqa: E731
        answer, declined = walk(agent, Journey("login", f"{site.url}/authorize", login, user, deny, ends, {}))
        return answer.location or f"{answer.status} {answer.url.removeprefix(site.url)}", declined

    return gone


def paths(kept: list[Observation], site: Site) -> list[str]:
    exchanges = [one for one in kept if isinstance(one, HttpExchange)]
    return [f"{one.method} {one.url.removeprefix(site.url)} {one.status}" for one in exchanges]


def test_steps_lead_over_several_pages_and_what_is_optional_is_taken_where_it_shows(
    go: Go, kept: list[Observation], site: Site
) -> None:
    assert go(Login(steps=STEPS))[0].startswith(f"{CALLBACK}?code=")
    whole = ["GET /authorize 302", "GET /start 200", "POST /name 200", "POST /password 200", "GET /done 302"]
    assert paths(kept, site) == whole
    site.pages["/password"] = DONE
    kept.clear()
    assert go(Login(steps=STEPS))[0].startswith(f"{CALLBACK}?code=")
    assert paths(kept, site) == [*whole[:3], "POST /password 302"]


@FORMS
def test_what_is_sent_is_recorded_without_the_password(go: Go, kept: list[Observation]) -> None:
    go(Login(steps=STEPS))
    sent = next(one for one in kept if isinstance(one, HttpExchange) and one.url.endswith("/password"))
    assert "csrf=t0ken" in sent.request_body
    assert "do=go" in sent.request_body
    assert "{{password:" in sent.request_body
    assert sent.about["role"] == "login"
    assert USER.password not in repr(kept)


def test_the_cookies_of_each_answer_are_recorded_and_their_values_are_not(
    go: Go, site: Site, kept: list[Observation]
) -> None:
    site.pages["/authorize"] = Page(
        status=302, headers={"Location": "/start", "Set-Cookie": f"flow={CODE}; Path=/; HttpOnly"}
    )
    site.pages["/name"] = Page(PASSWORD, headers={"Set-Cookie": f"__Host-session={CODE}-2; Secure; Path=/"})
    go(Login(steps=STEPS))
    exchanges = {one.url.removeprefix(site.url): one for one in kept if isinstance(one, HttpExchange)}
    cookies = {path: one.header("Set-Cookie") or "" for path, one in exchanges.items()}
    assert re.fullmatch(r"flow=\{\{.*\}\}; Path=/; HttpOnly", cookies["/authorize"])
    assert re.fullmatch(r"__Host-session=\{\{.*\}\}; Secure; Path=/", cookies["/name"])
    assert not cookies["/start"]
    assert CODE not in repr(kept)


@FORMS
def test_a_page_that_no_step_knows_is_where_it_ends(go: Go, site: Site) -> None:
    site.pages["/name"] = Page("<p>Unknown user.</p>")
    assert go(Login(steps=STEPS[:2]))[0] == "200 /name"


def test_without_steps_the_form_with_a_password_is_filled_and_sent(go: Go, site: Site) -> None:
    site.pages |= {"/start": Page(PASSWORD), "/password": DONE}
    assert go(Login())[0].startswith(f"{CALLBACK}?code=")


def test_an_error_page_ends_it(go: Go, site: Site) -> None:
    site.pages["/authorize"] = Page("<h1>Wrong</h1>", 400)
    assert go(Login(steps=STEPS)) == ("400 /authorize", False)


@FORMS
def test_without_a_user_it_ends_at_the_first_page(go: Go) -> None:
    assert go(Login(steps=STEPS), None) == ("200 /start", False)


@FORMS
@pytest.mark.parametrize("decline", ["", "Cancel"])
def test_a_user_declines_on_the_page_that_lets_him(go: Go, site: Site, decline: str) -> None:
    site.pages |= {"/start": Page(PASSWORD), "/password": site.pages["/denied"]}
    assert go(Login(decline=decline), deny=True) == (f"{CALLBACK}?error=access_denied", True)


def test_a_user_declines_on_a_later_page_by_what_the_description_names(go: Go) -> None:
    assert go(Login(steps=STEPS, decline="No thanks"), deny=True) == (f"{CALLBACK}?error=access_denied", True)


@FORMS
def test_where_no_page_lets_him_he_does_not_decline(go: Go, site: Site) -> None:
    site.pages["/password"] = DONE
    went, declined = go(Login(steps=STEPS, decline="Leave me alone"), deny=True)
    assert (went.startswith(f"{CALLBACK}?code="), declined) == (True, False)


def test_a_host_that_is_none_of_the_targets_is_not_asked(go: Go, site: Site, kept: list[Observation]) -> None:
    site.pages["/start"] = Page(status=302, headers={"Location": "http://169.254.169.254/latest"})
    assert go(Login(steps=STEPS))[0] == "0 http://169.254.169.254/latest"
    assert isinstance(kept[-1], HttpExchange)
    assert kept[-1].error == "not sent: '169.254.169.254' is no host of the target"


def browser_only(
    chromium: Chromium, site: Site, agent: HttpProbe, recorder: Recorder, login: Login, user: User | None = USER
) -> str:
    walk = BrowserLogin(chromium.new_context, Governor(), recorder)
    journey = Journey("login", f"{site.url}/start", login, user, False, lambda at: at.startswith(CALLBACK), {})
    return walk(agent, journey)[0].location


def test_in_a_browser_a_script_may_show_the_form_and_bring_the_answer(
    chromium: Chromium, site: Site, agent: HttpProbe, recorder: Recorder, kept: list[Observation]
) -> None:
    site.pages["/start"] = Page(f"""<div class="app"></div><script>setTimeout(() => {{
        document.querySelector(".app").innerHTML = '<input class="who"><button type="button" id="go">→</button>';
        document.getElementById("go").onclick = () => {{
            const who = document.querySelector(".who").value;
            location.href = "{CALLBACK}?state=" + who + "&code=" + "{CODE}".split("-").join("");
        }};
    }}, 300)</script>""")
    steps = (LoginStep(wait=".who"), LoginStep(fill=".app > .who", value="{name}"), LoginStep(click="#go"))
    assert browser_only(chromium, site, agent, recorder, Login("browser", steps)).startswith(f"{CALLBACK}?state=alice")
    assert isinstance(kept[-1], HttpExchange)
    assert kept[-1].about["redirected"] == "by the page itself"
    assert "{{code:" in kept[-1].headers[0][1]


def test_a_user_agent_keeps_its_cookies_from_one_journey_to_the_next(
    chromium: Chromium, site: Site, agent: HttpProbe, recorder: Recorder
) -> None:
    script = f'if (document.cookie.includes("sso")) location.href = "{CALLBACK}?code=" + document.cookie'
    known = f"<script>{script}</script>"
    walk = BrowserLogin(chromium.new_context, Governor(), recorder)
    journey = Journey("login", f"{site.url}/start", Login(), None, False, lambda at: at.startswith(CALLBACK), {})
    site.pages["/start"] = Page(NAME, headers={"Set-Cookie": "sso=abcdefghijkl; Path=/"})
    assert walk(agent, journey)[0].location == ""
    site.pages["/start"] = Page(known)
    assert walk(agent, journey)[0].location.startswith(CALLBACK)
    stranger = HttpProbe(agent.client, recorder, {"127.0.0.1"})
    assert walk(stranger, journey)[0].location == ""


def test_a_page_is_left_as_a_browser_would_leave_it() -> None:
    form = '<form action="find?x=1"><input name="q"><input type="checkbox" name="all"><button>Go</button></form>'
    left = FormLogin(Login(steps=(LoginStep(fill="#q", value="{name}"), LoginStep(click="go"))), USER, deny=False)
    assert left.leave("http://h/a/b", form.replace('name="q"', 'name="query" id="q"')) is not None
    again = FormLogin(Login(steps=(LoginStep(fill="q", value="{name}"), LoginStep(click="Go"))), USER, deny=False)
    submission = again.leave("http://h/a/b", form)
    assert submission is not None
    assert (submission.method, submission.url, submission.form) == ("GET", "http://h/a/find?x=1", {"q": "alice"})
