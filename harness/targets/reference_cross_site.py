"""The reference's web client in a browser that also shows an attacker's pages."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import ExitStack
from http.cookiejar import DefaultCookiePolicy
from importlib.resources import files
from urllib.parse import urlsplit

from playwright.sync_api import Page

from harness.errors import TargetError
from harness.observations import CrossSiteAttempt, PageView
from harness.observe import Recorder
from harness.probes.witness import Witness
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_requests import RequestTap
from harness.targets.reference_web import ReferenceWeb
from reference_impl.web.cookies import CookiePolicy

__all__ = ["ReferenceCrossSite"]

ACTIONS = {"refresh": "/refresh", "begin a login": "/start", "log out": "/logout"}  # the last one last
EVIL = "evil.test"  # a name that exists nowhere (RFC 6761 §6.2)
TAKES_THE_PAGE = ("a form that takes the window", "a link")
UNNAMED: Mapping[str, Mapping[str, str]] = {  # what a request may say of its sender
    "nothing": {},
    "no origin, without metadata": {"Origin": "null"},
    "another origin": {"Origin": "https://evil.test"},
    "an origin that begins like its own": {"Origin": "{own}.evil.test"},
    "a sibling": {"Origin": "{own}", "Sec-Fetch-Site": "same-site"},
    "an empty origin": {"Origin": ""},
}


class ReferenceCrossSite:
    """One user agent with the client's page in one tab, and others for the attacker's."""

    def __init__(self, target: ReferenceHost, stage: str, browser: str, recorder: Recorder) -> None:
        """Raises NotHere where there is no such browser."""
        self._target, self._recorder = target, recorder
        self._address = target.addresses[stage]
        self._about = {"stage": stage}
        self._ends = ExitStack()
        self._web = ReferenceWeb(target, stage, browser, recorder)
        self._ends.callback(self._web.close)
        self._witness = Witness(target.folder / "loopback-cert.pem")
        self._ends.callback(self._witness.close)
        self._client = self._ends.enter_context(target.new_session())
        self._client.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))  # it keeps none
        running = target.reference.stages[stage].app
        web = running.apps[str(urlsplit(self._address.web).hostname)]
        self._tap = RequestTap(web, CookiePolicy.session_name)
        self._ends.callback(self._tap.close)
        self._issuer = RequestTap(running.issuer.app)
        self._ends.callback(self._issuer.close)
        self._tab: Page | None = None
        self._known: Mapping[str, str] = {}
        self._script = files("harness.probes").joinpath("cross_site.js").read_text(encoding="utf-8")

    @property
    def actions(self) -> tuple[str, ...]:
        return tuple(ACTIONS)

    def log_in(self, case: str) -> PageView:
        return self._web.log_in(case)

    def attempt(self, case: str, sender: str, way: str, action: str) -> CrossSiteAttempt:
        before, count = self._known or self._state(), len(self._tap.received)
        url = f"{self._address.web}{ACTIONS[action]}"
        if sender == "unnamed":
            self._send_unnamed(way, url)
        else:
            self._send_from_page(sender, way, url)
        return self._attempt(case, sender, way, action, before, count)

    def own(self, case: str, action: str) -> CrossSiteAttempt:
        """A login is begun on the login page, which a user who is signed in cannot see: do it last. An attack may have
        ended the session: then the user logs in again first."""
        agent = self._web.agent
        if action != "begin a login":
            agent.open(f"{self._address.web}/")
            if agent.page.locator("#sign-in").count():
                self._web.log_in("login again")
        before, count = self._state(), len(self._tap.received)
        if action == "refresh":
            agent.fetch(ACTIONS[action], "POST")
        elif action == "log out":
            agent.press("#sign-out")
        else:
            agent.open(f"{self._address.web}/login")
            agent.press("#sign-in")
        return self._attempt(case, "own", "the client's own page", action, before, count, wait=False)

    def close(self) -> None:
        """End the user agent, the attacker's servers and the looking on."""
        self._ends.close()

    def _send_from_page(self, sender: str, way: str, url: str) -> None:
        page, count = self._page_of(sender), len(self._tap.received)
        if way in TAKES_THE_PAGE:
            with page.expect_navigation(wait_until="load"):
                known = page.evaluate(self._script, [way, url])
        else:
            known = page.evaluate(self._script, [way, url])
        if not known:
            raise TargetError(f"nobody knows how to send a request by {way!r}")
        self._tap.wait(count)

    def _page_of(self, sender: str) -> Page:
        """The attacker's page, in its own tab; opened anew where an attack took it elsewhere."""
        host = str(urlsplit(self._address.web).hostname)
        place = self._witness.url("https", host.replace("app.", "sibling.", 1) if sender == "sibling" else EVIL)
        self._tab = self._tab or self._web.agent.context.new_page()
        if self._tab.url != place:
            self._tab.goto(place)
        return self._tab

    def _send_unnamed(self, way: str, url: str) -> None:
        """As a browser does that is older than these headers, or one that somebody has altered."""
        cookies = self._web.agent.context.cookies(self._address.web)
        sent = {"Cookie": "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in cookies)}
        sent |= {name: value.format(own=self._address.web) for name, value in UNNAMED[way].items()}
        self._client.post(url, headers=sent, allow_redirects=False)

    def _attempt(
        self, case: str, sender: str, way: str, action: str, before: Mapping[str, str], count: int, wait: bool = True
    ) -> CrossSiteAttempt:
        path = ACTIONS[action]
        received = self._tap.wait(count) if wait else tuple(self._tap.received[count:])
        after = self._known = self._state()
        return self._recorder.record(
            CrossSiteAttempt(
                case=case,
                about=self._about,
                sender=sender,
                way=way,
                action=action,
                received=tuple(each for each in received if each.path.startswith(path)),
                changed=tuple(name for name, value in after.items() if value != before[name]),
            )
        )

    def _state(self) -> dict[str, str]:
        """What of a session can be told from outside, as digests: whose it is, its cookies, what was asked of the
        issuer."""
        agent = self._web.agent
        cookies = sorted((c["name"], c["value"]) for c in agent.context.cookies(self._address.web))
        header = "; ".join(f"{name}={value}" for name, value in cookies)
        told = self._client.get(f"{self._address.web}/session", headers={"Cookie": header}).json()
        asked = [(r.method, r.path) for r in self._issuer.received if r.method == "POST"]
        seen = {"who is signed in": str(told.get("account")), "the cookies": str(cookies), "the tokens": str(asked)}
        return {name: hashlib.sha256(value.encode()).hexdigest() for name, value in seen.items()}
