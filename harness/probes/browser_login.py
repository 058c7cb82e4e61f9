"""How a test user gets through the pages of a login in a real browser, for pages that are made by scripts.

What the main frame asks for and is answered is recorded as if it came over plain HTTP, so that checks see the same. The
authorization response is caught on its way to the client and never loaded.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from playwright.sync_api import BrowserContext, Locator, Page
from playwright.sync_api import Error as BrowserError

from harness.observe import Recorder
from harness.probes.clients import Exchanged
from harness.probes.document_body import DocumentBody, hand_on, read_body
from harness.probes.governor import Governor
from harness.probes.http import Answer, HttpProbe
from harness.probes.login import DECLINES, Journey, LoginStep, filled_in, walk_forms

__all__ = ["BrowserLogin"]

STEP_SECONDS = 5.0  # until a page shows what a step needs
SETTLED_SECONDS = 1.0  # without an answer, after the last step: nothing more comes
END_SECONDS = 15.0  # from the last step to the authorization response
MOST_PAGES = 40  # redirects and pages of one login; what needs more comes to no end
UNHEARD = 100  # answers whose cookies are kept until they are asked for
COOKIES_SECONDS = 0.5  # that an answer's cookies may be told after its other headers; mostly they are told before
WORD = re.compile(r"[\w .,!&'-]+")  # a name, an id or what is written on a button; all else is a CSS selector


class BrowserLogin:
    """Goes through journeys, each in a browser context of its own with the cookies that its user agent has so far."""

    def __init__(self, new_context: Callable[[], BrowserContext], governor: Governor, recorder: Recorder) -> None:
        self._new_context, self._governor, self._recorder = new_context, governor, recorder
        self._cookies: WeakKeyDictionary[HttpProbe, list[Any]] = WeakKeyDictionary()

    def __call__(self, agent: HttpProbe, journey: Journey) -> tuple[Answer, bool]:
        """The last answer of the main frame, and whether the user found the way to decline."""
        if agent.headers and journey.user is None:
            return walk_forms(agent, journey)  # a browser would send its own Host, and the first page needs none
        context = self._new_context()
        try:
            context.add_cookies(self._cookies.get(agent, []))
            context.add_init_script("window.open = () => null")
            visit = _Visit(context.new_page(), agent, journey, self._governor, self._recorder)
            declined = visit.go()
            visit.give_up()
            self._cookies[agent] = list(context.cookies())
            return visit.last, declined
        finally:
            context.close()


class _Visit:
    """One page that goes through one journey."""

    def __init__(self, page: Page, agent: HttpProbe, journey: Journey, governor: Governor, recorder: Recorder) -> None:
        self._page, self._agent, self._journey = page, agent, journey
        self._governor, self._recorder = governor, recorder
        self._began = recorder.elapsed
        self._heard = time.monotonic()
        self._ended = False
        self._loaded = False
        self._answer: Answer | None = None
        self._pages = 0  # answers of the main frame
        self._under_way: Mapping[str, Any] | None = None  # what the main frame has asked for and not been answered yet
        self._set_cookies: dict[str, str] = {}  # of answers that have come, by the request; a line for each cookie
        page.on("load", self._load)
        page.on("popup", lambda popup: popup.close())  # nobody types there, and what it asks for nobody governs
        self._cdp = page.context.new_cdp_session(page)
        self._frame = self._cdp.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        self._cdp.on("Network.responseReceivedExtraInfo", self._told_of_cookies)
        self._cdp.send("Network.enable")
        self._cdp.on("Fetch.requestPaused", self._paused)
        answers = {"urlPattern": "*", "resourceType": "Document", "requestStage": "Response"}
        self._cdp.send("Fetch.enable", {"patterns": [{"urlPattern": "*", "requestStage": "Request"}, answers]})

    @property
    def last(self) -> Answer:
        """The last answer; one without status where none came."""
        if self._answer is None:
            self._note("GET", self._journey.url, {}, "", Exchanged(0, error="the browser was given no answer"))
        assert self._answer is not None
        return self._answer

    def go(self) -> bool:
        """Open the page and do what the user does; whether a way to decline was found."""
        try:
            self._page.goto(self._journey.url, wait_until="commit")
            self._wait(lambda: self._loaded, END_SECONDS)
        except BrowserError:
            return False  # what came is recorded: an error, or the authorization response at once
        if self._journey.user is None or self._over:
            self._settle(0.0 if self._over else SETTLED_SECONDS)  # a script may know the user all the same
            return False
        declined = self._decline()
        if not declined:
            steps = self._journey.login.steps
            declined = self._by_steps(steps) if steps else self._by_custom()
        self._settle(END_SECONDS)
        return declined

    def give_up(self) -> None:
        """Take an answer that has not come whole for none, and hear no more."""
        self._ended = True
        if self._under_way is not None:
            waited = round(time.monotonic() - self._heard, 1)
            self._hear(self._under_way["request"], _late(waited))

    def _load(self, page: Page) -> None:
        self._loaded = True

    @property
    def _over(self) -> bool:
        return self._ended or self._answer is None or self._answer.status >= 400

    def _by_steps(self, steps: tuple[LoginStep, ...]) -> bool:
        """Take the steps until the login has ended; whether one of the pages let the user decline."""
        for step in steps:
            if self._over:
                break
            try:
                self._take(step)
            except BrowserError:
                if not step.optional:
                    break  # the page that is shown is where the login ends
            if step.click and self._decline():
                return True
        return False

    def _take(self, step: LoginStep) -> None:
        user, patience = self._journey.user, STEP_SECONDS * 1000 / (2 if step.optional else 1)
        assert user is not None
        if step.fill:
            self._field(step.fill).fill(filled_in(step.value, user), timeout=patience)
        elif step.click:
            self._control(step.click).click(timeout=patience, no_wait_after=True)  # the end would not be waited for
            self._settle(END_SECONDS)
        elif isinstance(step.wait, str):
            self._page.wait_for_selector(step.wait, timeout=patience)
        else:
            self._page.wait_for_timeout(step.wait * 1000)

    def _by_custom(self) -> bool:
        """Fill and send the form that asks for a password, else press the only button there is."""
        user = self._journey.user
        assert user is not None
        form = self._page.locator("form", has=self._page.locator("input[type=password]")).first
        try:
            form.locator("input[type=password]").first.fill(user.password, timeout=STEP_SECONDS * 1000)
            if (names := form.locator("input:not([type]), input[type=text], input[type=email]")).count():
                names.first.fill(user.name)
            form.locator("button, input[type=submit]").first.click(no_wait_after=True)
        except BrowserError:
            return False  # no login form: the page that is shown is where it ends
        self._settle(END_SECONDS)
        return not self._over and self._decline()

    def _decline(self) -> bool:
        if not self._journey.deny or self._ended:
            return False
        named = self._journey.login.decline
        for word in (named,) if named else DECLINES:
            control = self._control(word)
            if control.count() and control.is_visible():
                control.click(no_wait_after=True)
                return True
        return False

    def _field(self, word: str) -> Locator:
        named = f'[name="{word}"], [id="{word}"]'
        return self._page.locator(named if WORD.fullmatch(word) else word).first

    def _control(self, word: str) -> Locator:
        if not WORD.fullmatch(word):
            return self._page.locator(word).first
        called = re.compile(rf"^\s*{re.escape(word)}\s*$", re.IGNORECASE)
        found = self._page.get_by_role("button", name=called).or_(self._page.get_by_role("link", name=called))
        by_name = f'button[name="{word}"], button[id="{word}"], button[value="{word}"], a[id="{word}"]'
        return found.or_(self._page.locator(by_name)).first

    def _settle(self, seconds: float) -> None:
        """Wait until the login has ended, or nothing was asked and answered for a while, at most so long."""
        quiet_since = time.monotonic()
        self._wait(
            lambda: not self._under_way and time.monotonic() - max(quiet_since, self._heard) >= SETTLED_SECONDS, seconds
        )

    def _wait(self, until: Callable[[], bool], seconds: float) -> None:
        """Wait until then or until the login has ended, at most so long. For a load that the end of the login cuts off
        the browser itself would wait for ever."""
        end = time.monotonic() + seconds
        while not self._ended and not until() and time.monotonic() < end:
            self._page.wait_for_timeout(20)

    def _paused(self, event: Mapping[str, Any]) -> None:
        """A request that is about to be sent, or an answer that has come."""
        main = event.get("resourceType") == "Document" and event.get("frameId") == self._frame
        answered = "responseStatusCode" in event or "responseErrorReason" in event
        try:
            if main and answered:
                self._receive(event)
            elif answered or not self._objects(event["request"], main):
                self._under_way = event if main else self._under_way
                self._cdp.send("Fetch.continueRequest", {"requestId": event["requestId"]})
            else:
                self._stop(event)
        except BrowserError:
            return  # the page is gone, or its answer cannot be had: `give_up` tells of it

    def _stop(self, event: Mapping[str, Any]) -> None:
        self._cdp.send("Fetch.failRequest", {"requestId": event["requestId"], "errorReason": "Aborted"})

    def _objects(self, asked: Mapping[str, Any], main: bool) -> bool:
        """Whether a request is not sent."""
        if main and self._leads_to_the_client(asked["url"]):
            return True
        endless = main and self._pages >= MOST_PAGES
        why = f"not sent: the login came to no end in {MOST_PAGES} pages" if endless else self._objection(asked["url"])
        if why and main and not self._ended:
            self._ended = endless
            self._note(asked["method"], asked["url"], {}, "", Exchanged(0, error=why))
        return bool(why)

    def _receive(self, event: Mapping[str, Any]) -> None:
        """Record an answer of the main frame, and let the browser have it unless the journey ends here."""
        body, seconds = DocumentBody(), round(time.monotonic() - self._heard, 3)
        if "responseErrorReason" in event:
            came = Exchanged(0, error=f"the browser says: {event['responseErrorReason']}", seconds=seconds)
        else:
            body = read_body(self._cdp, event, self._most)
            headers = tuple((each["name"], each["value"]) for each in event.get("responseHeaders", ()))
            headers += tuple(("Set-Cookie", value) for value in self._cookies_of(event))
            text = body.content.decode("utf-8", "replace")
            came = Exchanged(int(event["responseStatusCode"]), headers, text, body.size, seconds=seconds)
            if body.lacking:
                came = Exchanged(0, error=f"the answer broke off: {body.lacking} bytes are lacking", seconds=seconds)
        if not self._ended:
            self._hear(event["request"], came)
        if self._ended or body.size > self._most or body.lacking:
            self._stop(event)
        else:
            hand_on(self._cdp, event, body)

    @property
    def _most(self) -> int:
        return self._agent.client.bounds.body

    def _hear(self, asked: Mapping[str, Any], came: Exchanged) -> None:
        """Record an answer of the main frame; with a redirect to the client the journey ends."""
        self._under_way, self._pages = None, self._pages + 1
        kept = {name: value for name, value in asked["headers"].items() if name.lower() in ("content-type", "origin")}
        self._governor.learn(asked["url"], came)
        self._note(asked["method"], asked["url"], kept, asked.get("postData", ""), came)
        assert self._answer is not None
        self._ended = self._ended or (bool(self._answer.location) and self._journey.ends(self._answer.location))

    def _told_of_cookies(self, event: Mapping[str, Any]) -> None:
        told = {name.lower(): value for name, value in event["headers"].items()}
        self._set_cookies[event["requestId"]] = told.get("set-cookie", "")
        while len(self._set_cookies) > UNHEARD:  # those of pictures and scripts, which nobody asks for
            del self._set_cookies[next(iter(self._set_cookies))]

    def _cookies_of(self, event: Mapping[str, Any]) -> list[str]:
        """The Set-Cookie headers of an answer, which the browser keeps back where it hands over the others."""
        request, end = event.get("networkId", ""), time.monotonic() + COOKIES_SECONDS
        while request not in self._set_cookies and time.monotonic() < end:
            self._page.wait_for_timeout(10)
        return [line for line in self._set_cookies.pop(request, "").split("\n") if line]

    def _objection(self, url: str) -> str:
        """Why nothing is sent there, "" where something is."""
        if refused := self._agent.refused(url):
            return refused.error
        if why := self._governor.objection(url):
            return f"not sent: {why}"
        self._governor.wait_for_turn()
        return ""

    def _leads_to_the_client(self, url: str) -> bool:
        """Whether a script of the page, or a form of it, brings the authorization response. It is noted as the redirect
        that it stands for, and `about` says so."""
        if self._ended or not self._journey.ends(url) or url == self._journey.url:
            return False
        came = Exchanged(302, (("Location", url),))
        self._note("GET", self._page.url, {}, "", came, redirected="by the page itself")
        self._ended = True
        return True

    def _note(
        self, method: str, url: str, headers: Mapping[str, str], body: str, came: Exchanged, **about: str
    ) -> None:
        self._heard = time.monotonic()
        self._recorder.redactor.register_from_request(url, headers, body)
        told: dict[str, Any] = {
            "role": "authorize" if method == "GET" else "login",
            "by": "browser",
            **self._journey.about,
            **about,
        }
        asked, began = (method, url, headers, body), self._began
        self._answer = self._agent.note(self._journey.case, asked, came, began=began, **told)
        self._began = self._recorder.elapsed


def _late(waited: float) -> Exchanged:
    return Exchanged(0, error=f"timed out: no whole answer within {waited:g} s", seconds=waited)
