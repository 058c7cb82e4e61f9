"""A user with a browser: opens pages, presses buttons, logs in; and what is seen of it from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from playwright.sync_api import BrowserContext, Page
from playwright.sync_api import Error as BrowserError

from harness.errors import TargetError
from harness.observations import CookieJar, PageView
from harness.observe import Recorder
from harness.probes.answers import Answer, Answers
from harness.probes.cookies import Measure, parse_set_cookie, read_jar
from harness.probes.login import User

__all__ = ["Agent"]

LED = 30_000  # milliseconds until a button has led to the next page: a sign-out may wait for a server and for databases
PLANTED_COOKIE = "authassay-planted"


class Agent:
    """One context with one page. `about` goes into each of its observations."""

    def __init__(
        self,
        context: BrowserContext,
        recorder: Recorder,
        measure: Measure,
        about: Mapping[str, str],
        listens: bool = True,
    ) -> None:
        """`listens`: keep what is answered, for `set_cookies` and `take_answers`."""
        self.context = context
        self.recorder = recorder
        self.measure = measure
        self.about = dict(about)
        self.newest_cookies: dict[tuple[str, str], str] = {}  # the last Set-Cookie of each host and cookie name
        self.page = context.new_page()
        self._answers = Answers(self.page, recorder.redactor) if listens else None

    def open(self, url: str) -> None:
        """Go to a page and read what was answered on the way. Raises TargetError where there is none."""
        try:
            self._go(url)
        except BrowserError as error:
            raise TargetError(f"the page did not load: {_first_line(error)}") from error
        self.read_answers()

    def reload(self) -> None:
        self.page.reload(wait_until="load")
        self.read_answers()

    def press(self, selector: str) -> None:
        """Press a button that leads to another page, if need be after all that a sign-out may wait for."""
        try:
            with self.page.expect_navigation(wait_until="load", timeout=LED):
                self.page.click(selector)
        except BrowserError as error:
            raise TargetError(f"{selector} led nowhere: {_first_line(error)}{self._shown()}") from error
        self.read_answers()

    def _shown(self) -> str:
        """What the page shows now, for an error."""
        try:
            shown = " ".join(self.page.locator("body").inner_text(timeout=1000).split())
        except BrowserError:
            return ""
        return f"; the page shows {self.recorder.redactor.text(shown)[:300]!r}"

    def fill_login(self, user: User) -> None:
        """Fill the login form of whatever page is shown, and send it: its text field, its password field, its first
        button."""
        form = self.page.locator("form", has=self.page.locator("input[type=password]")).first
        try:
            form.locator("input:not([type=hidden]):not([type=password])").first.fill(user.name)
            form.locator("input[type=password]").first.fill(user.password)
            with self.page.expect_navigation(wait_until="load"):
                form.locator("button, input[type=submit]").first.click()
        except BrowserError as error:
            raise TargetError(f"no login form that works at {self.page.url}: {_first_line(error)}") from error
        self.read_answers()

    def fetch(self, path: str, method: str = "GET") -> int:
        """Let the page's own script ask for something of its origin; the status, 0 where no answer came."""
        script = "([path, method]) => fetch(path, {method}).then(r => r.text().then(() => r.status), () => 0)"
        status = int(self.page.evaluate(script, [path, method]))
        self.read_answers()
        return status

    def view(self, case: str, signed_in: Callable[[Page], bool], **about: str) -> PageView:
        """The page as a person sees it. Alerts are those of the accessibility tree: hidden ones do not count."""
        page = self.page
        alerts = [alert.inner_text() for alert in page.get_by_role("alert").all() if alert.is_visible()]
        readable, cookie = self._document_cookie()
        return self.recorder.record(
            PageView(
                case=case,
                about={**self.about, **about, "readable": "yes" if readable else "no"},
                url=page.url,
                title=page.title(),
                text=page.locator("body").inner_text(),
                alerts=tuple(alerts),
                document_cookie=cookie,
                signed_in=signed_in(page),
            )
        )

    def jar(self, case: str, url: str) -> CookieJar:
        """All cookies of the context; `url` is the client's own."""
        cookies = read_jar([dict(cookie) for cookie in self.context.cookies()], self.measure)
        return self._jar(case, "jar", cookies, url)

    def set_cookies(self, case: str, url: str) -> CookieJar:
        """The cookies that answers set since the last call."""
        self.read_answers()
        headers: list[tuple[str, str]] = []
        if self._answers is not None:
            headers, self._answers.set_cookies = self._answers.set_cookies, []
        self.newest_cookies |= {(host, line.partition("=")[0].strip()): line for host, line in headers}
        return self._jar(case, "set-cookie", [parse_set_cookie(h, host, self.measure) for host, h in headers], url)

    def sent(self, case: str, cookies: Sequence[object], url: str) -> CookieJar:
        return self._jar(case, "sent", cookies, url)

    def visit(self, url: str) -> None:
        """Go there with another page of the same user agent."""
        page = self.context.new_page()
        try:
            page.goto(url)
        finally:
            page.close()

    def read_answers(self) -> None:
        """Read what was answered so far."""
        if self._answers is not None:
            self._answers.read()

    def take_answers(self) -> tuple[list[Answer], list[str]]:
        """The answers read since the last call, and the URLs of those that could not be read."""
        assert self._answers is not None, "this agent does not listen"
        self.read_answers()
        again, self._answers.unread = self._answers.unread, []  # the browser keeps some to itself, such as the icon
        refused = [url for url in again if self.fetch(url) == 0]
        taken = self._answers.kept, [*refused, *self._answers.unread]
        self._answers.kept, self._answers.unread = [], []
        return taken

    def close(self) -> None:
        self.context.close()

    def _go(self, url: str) -> None:
        try:
            self.page.goto(url, wait_until="load")
        except BrowserError as error:
            if "interrupted by another navigation" not in str(error):
                raise
            self.page.goto(url, wait_until="load")  # a page that reloads itself was faster

    def _document_cookie(self) -> tuple[bool, str]:
        """Whether a cookie planted by script shows in document.cookie, and what else shows there."""
        shown = str(
            self.page.evaluate(
                """name => {
                    document.cookie = `${name}=1; path=/`;
                    const shown = document.cookie;
                    document.cookie = `${name}=; path=/; max-age=0`;
                    return shown;
                }""",
                PLANTED_COOKIE,
            )
        )
        pairs = [pair.strip() for pair in shown.split(";") if pair.strip()]
        others = [pair for pair in pairs if pair.partition("=")[0] != PLANTED_COOKIE]
        self.recorder.redactor.register_from_request(self.page.url, {"Cookie": "; ".join(others)}, "")
        return len(others) < len(pairs), "; ".join(others)

    def _jar(self, case: str, source: str, cookies: Sequence[object], url: str) -> CookieJar:
        jar = CookieJar(case=case, about=self.about, source=source, cookies=tuple(cookies), url=url)  # type: ignore[arg-type]
        return self.recorder.record(jar)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
