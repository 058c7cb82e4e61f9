"""The reference's web client in a real browser."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import urlsplit

from playwright.sync_api import Page

from harness.errors import TargetError
from harness.observations import CookieJar, PageView, SecretScan
from harness.observe import Recorder
from harness.ports import Copies
from harness.probes.agent import Agent
from harness.probes.cookies import Measure, parse_sent
from harness.probes.disk_cache import CacheSearch
from harness.probes.page_scan import PageSearch
from harness.probes.witness import Witness, on_stand_in, stand_in
from harness.secret_forms import Secret
from harness.targets.reference_host import PERSONAL, ReferenceHost
from harness.targets.reference_tokens import MintedTokens

__all__ = ["ReferenceWeb"]

READABLE = ("/session", "/api/me")  # what page script may ask for


class ReferenceWeb:
    """One user agent at one stage's web client."""

    def __init__(
        self, target: ReferenceHost, stage: str, browser: str, recorder: Recorder, on_disk: bool = False, user: str = ""
    ) -> None:
        """Raises NotHere where there is no such browser."""
        self._stage, self._recorder, self._target = stage, recorder, target
        self._browser = target.browser(browser)
        self._address = target.addresses[stage]
        self._user = self._address.users[user or (PERSONAL if on_disk else "existing")]
        self._minted = MintedTokens(target.redactor)
        measure = Measure(self._mark, {"user name": self._user.name}, self._minted.stand_in)
        profile = Path(mkdtemp(prefix="profile-", dir=target.folder)) if on_disk else None
        context = self._browser.new_profile(profile) if profile else self._browser.new_context()
        self._agent = Agent(context, recorder, measure, {"stage": stage})
        self._caches = CacheSearch(self._agent, profile, {"stage": stage}) if profile else None
        self._search = PageSearch(self._agent, {"stage": stage, "mode": "bff"})
        self._witness: Witness | None = None

    @property
    def agent(self) -> Agent:
        """The user agent, for ports that do more with it."""
        return self._agent

    def log_in(self, case: str) -> PageView:
        """From the client's login page through the issuer's."""
        self._agent.open(f"{self._address.web}/login")
        self._agent.press("#sign-in")
        self._agent.fill_login(self._user)
        self._ask_for_all()
        return self._view(case)

    def refresh(self, case: str) -> PageView:
        """Let the page's script renew the session, as a page does that stays open."""
        self._agent.fetch("/refresh", "POST")
        self._ask_for_all()
        return self._view(case)

    def reload(self, case: str) -> PageView:
        self._agent.reload()
        self._ask_for_all()
        return self._view(case)

    def log_out(self, case: str) -> PageView:
        self._agent.press("#sign-out")
        return self._view(case)

    def copies(self, case: str) -> Copies:
        """The tokens are the ones that the server keeps for the user, seen where the issuer gave them."""
        held = self._target.taps[self._stage].copies(self._recorder, case, "web")
        cookie = "; ".join(f"{c['name']}={c['value']}" for c in self._agent.context.cookies(self._address.web))
        self._recorder.redactor.register_from_request(self._address.web, {"Cookie": cookie}, "")
        return replace(held, cookie=cookie)

    def show(self, case: str, page: str) -> PageView:
        self._agent.open(f"{self._address.web}/{page}")
        if page == "login" and _signed_in(self._agent.page):  # it led on to the home page
            return self.log_out(case)
        return self._view(case)

    def jar(self, case: str) -> CookieJar:
        return self._agent.jar(case, self._address.web)

    def set_cookies(self, case: str) -> CookieJar:
        return self._agent.set_cookies(case, self._address.web)

    def sent_to(self, case: str, where: str) -> CookieJar:
        """What is sent to `sibling`, to `http`, or (any other word) to the client's own name over https."""
        host = str(urlsplit(self._address.web).hostname)
        witness = self._witness = self._witness or Witness(self._target.folder / "loopback-cert.pem")
        if where == "http":
            url, header = self._sent_over_http(witness, host)
        else:
            host = host.replace("app.", "sibling.", 1) if where == "sibling" else host
            url, header = _ask(witness, self._agent, "https", host)
        self._recorder.redactor.register_from_request(url, {"Cookie": header}, "")
        return self._agent.sent(case, parse_sent(header, host, self._agent.measure), url)

    def _sent_over_http(self, witness: Witness, host: str) -> tuple[str, str]:
        """By a user agent of its own, which the stand-in gave the cookies that the client set last."""
        lines = [on_stand_in(line) for (of, _), line in self._agent.newest_cookies.items() if of == host]
        other = Agent(self._browser.new_context(), self._recorder, self._agent.measure, {}, listens=False)
        try:
            witness.set_cookies(lines)
            _ask(witness, other, "https", stand_in(host))
            witness.set_cookies(())
            if not _ask(witness, other, "https", stand_in(host))[1]:
                raise TargetError("the stand-in set the client's cookies, but they were not kept")
            return _ask(witness, other, "http", stand_in(host))
        finally:
            other.close()

    def scan_storages(self, case: str) -> SecretScan:
        return self._search.storages(case, self._minted.secrets())

    def scan_page(self, case: str) -> SecretScan:
        return self._search.page(case, self._minted.secrets())

    def scan_answers(self, case: str) -> SecretScan:
        return self._search.answers(case, self._minted.secrets())

    def scan_caches(self, case: str) -> SecretScan:
        """Look for the user's tokens, cookies, pseudonym and name."""
        if self._caches is None:
            raise TargetError("this browser has no profile on disk, and so no caches there")
        canaries = self.canaries()
        caches, self._caches = self._caches, None
        return caches.end_and_search(case, canaries)

    def canaries(self, *, pseudonyms: bool = True) -> list[Secret]:
        """The tokens of the user, his cookies and his name; his pseudonym and his session's identifier if wanted."""
        return [*self._minted.secrets(), *self._personal(pseudonyms)]

    def close(self) -> None:
        """End the user agent and its witnesses."""
        if self._witness is not None:
            self._witness.close()
        self._agent.close()

    def _personal(self, pseudonyms: bool) -> list[Secret]:
        """The cookies of the session, what the API says of the user, and the name that the pages show."""
        self.copies("canaries")
        me = self._agent.page.evaluate("() => fetch('/api/me').then(answer => answer.json())") if pseudonyms else {}
        redactor = self._target.redactor
        marks = {redactor.register(str(me[name]), "subject") for name in ("sub", "sid") if name in me}
        marks |= {redactor.register(c["value"], "session_cookie") for c in self._agent.context.cookies() if c["value"]}
        name = self._user.name.encode()
        shown = Secret(name, "user_name", f"{{{{user_name:{'0' * 16}:{len(name)}}}}}", whole=True)
        return [shown, *(secret for secret in redactor.secrets() if secret.mark in marks)]

    def _ask_for_all(self) -> None:
        for path in READABLE:
            self._agent.fetch(path)

    def _view(self, case: str) -> PageView:
        return self._agent.view(case, _signed_in)

    def _mark(self, value: str) -> str:
        redactor = self._recorder.redactor
        return redactor.register(value, "session_cookie") if len(value) >= 8 else redactor.text(value)


def _ask(witness: Witness, agent: Agent, scheme: str, host: str) -> tuple[str, str]:
    """The URL visited and the Cookie header that came there. Raises TargetError where nothing came."""
    url, before = witness.url(scheme, host), len(witness.visits(scheme))
    agent.visit(url)
    visits = witness.visits(scheme)[before:]
    if not visits:
        raise TargetError(f"the browser did not visit {url}")
    return url, visits[-1].cookies


def _signed_in(page: Page) -> bool:
    return page.locator("#sign-out").count() > 0
