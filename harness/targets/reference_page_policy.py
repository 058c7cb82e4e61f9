"""What the pages of the reference let happen, in a real browser."""

from __future__ import annotations

from contextlib import ExitStack
from urllib.parse import urlsplit

from playwright.sync_api import Page

from harness.errors import TargetError, nearest
from harness.model import STAGES
from harness.observations import PageView, PolicyTrial
from harness.observe import Recorder
from harness.probes.page_injection import INJECT, Injected, injected
from harness.probes.witness import Witness
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_requests import RequestTap
from harness.targets.reference_web import ReferenceWeb

__all__ = ["ReferencePagePolicy"]

EVIL = "evil.test"  # a name that exists nowhere (RFC 6761 §6.2)
FRAME = """async url => {
    const frame = document.createElement("iframe");
    const loaded = new Promise(done => { frame.onload = done; setTimeout(done, 3000); });
    frame.src = url;
    document.body.append(frame);
    await loaded;
}"""


class ReferencePagePolicy:
    """One user agent with the client's page in one tab, and the attacker's in another."""

    def __init__(self, target: ReferenceHost, stage: str, browser: str, recorder: Recorder) -> None:
        """Raises NotHere where there is no such browser."""
        self._target, self._recorder, self._stage = target, recorder, stage
        self._address = target.addresses[stage]
        self._other = next(each for each in STAGES if each != stage)
        self._ends = ExitStack()
        self._web = ReferenceWeb(target, stage, browser, recorder)
        self._ends.callback(self._web.close)
        self._witness = Witness(target.folder / "loopback-cert.pem")
        self._ends.callback(self._witness.close)
        other = target.reference.stages[self._other].app
        self._tap = RequestTap(other.apps[str(urlsplit(target.addresses[self._other].api).hostname)])
        self._ends.callback(self._tap.close)
        self._bare: Page | None = None

    def log_in(self, case: str) -> PageView:
        return self._web.log_in(case)

    def inject(self, case: str, what: str) -> PolicyTrial:
        page = self._web.agent.page
        page.goto(f"{self._address.web}/")
        here = self._try(page, what)
        there = self._try(self._page_without_policy(), what)
        return self._record(case, what, "home", here.happened, there.happened, here.reported)

    def frame(self, case: str, page: str) -> PolicyTrial:
        places = {
            "home": f"{self._address.web}/",
            "settings": f"{self._address.web}/settings",
            "error": f"{self._address.web}/no-such-page",
            "login": f"{self._address.web}/login",
            "the issuer's login": f"{self._address.issuer}/authorize",
        }
        if page not in places:
            raise TargetError(f"nobody knows the page {page!r} ({nearest(page, places)})")
        shown = self._is_shown(places[page])
        return self._record(case, "a frame", page, shown, self._is_shown(self._witness.url("https", "other.test")), ())

    def close(self) -> None:
        """End the user agent, the attacker's server and the looking on."""
        self._ends.close()

    def _try(self, page: Page, what: str) -> Injected:
        foreign = self._witness.url("https", "other.test")
        url = f"{self._target.addresses[self._other].api}/me" if "stage" in what else foreign
        before = self._came()
        return injected(what, page.evaluate(INJECT, [what, url]), lambda: self._came() > before)

    def _came(self) -> int:
        """How many requests have come to the attacker and to the other stage's API."""
        return len(self._witness.visits("https")) + len(self._tap.received)

    def _page_without_policy(self) -> Page:
        if self._bare is None:
            self._bare = self._web.agent.context.new_page()
        self._bare.goto(self._witness.url("https", EVIL))
        return self._bare

    def _is_shown(self, url: str) -> bool:
        """Whether a frame of the attacker's page shows it. The browser shows a page of its own in its place, which says
        so by its document's URI; by its location it does not in Firefox."""
        page = self._page_without_policy()
        page.evaluate(FRAME, url)
        inner = [frame for frame in page.frames if frame is not page.main_frame]
        return bool(inner) and str(inner[-1].evaluate("() => document.documentURI")).startswith("https:")

    def _record(
        self, case: str, what: str, page: str, happened: bool, possible: bool, reported: tuple[str, ...]
    ) -> PolicyTrial:
        return self._recorder.record(
            PolicyTrial(
                case=case,
                about={"stage": self._stage},
                what=what,
                page=page,
                happened=happened,
                possible=possible,
                reported=reported,
            )
        )
