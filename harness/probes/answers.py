"""What a page is answered: headers and bodies, read before the page has left and the browser has forgotten them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from time import monotonic
from urllib.parse import urlsplit

from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Page, Request, Response, WebSocket

from harness.observe import Redacts

__all__ = ["Answer", "Answers"]

PATIENCE_SECONDS = 5.0  # for requests under way
_LOOK = 5.0  # milliseconds


@dataclass(frozen=True)
class Answer:
    """An answer that page script could read: its URL, and its headers and body as bytes."""

    url: str
    data: bytes = field(repr=False)


class Answers:
    """Listens to one page. `set_cookies` holds (host, Set-Cookie value) in order, `kept` what script could read,
    `unread` the URLs of answers whose body was not to be had."""

    def __init__(self, page: Page, redactor: Redacts) -> None:
        self.kept: list[Answer] = []
        self.unread: list[str] = []
        self.set_cookies: list[tuple[str, str]] = []
        self._page, self._redactor = page, redactor
        self._under_way: list[Request] = []
        self._finished: list[Request] = []
        # An event's handler must not ask the browser, so all is only noted here. And only what has come whole is read:
        # asking for the body of an answer that the page leaves behind would wait for ever.
        page.on("request", self._begin)
        page.on("requestfinished", self._finish)
        page.on("requestfailed", self._fail)
        page.on("websocket", self._listen)

    def read(self) -> None:
        """Read all that was answered so far, when what is under way has ended."""
        self._settle()
        finished, self._finished[:] = list(self._finished), []
        for request in finished:
            response = request.response()
            if response is not None:
                self._read(response)

    def _settle(self) -> None:
        end = monotonic() + PATIENCE_SECONDS
        while self._under_way and monotonic() < end:
            self._page.wait_for_timeout(_LOOK)
        self.unread += [request.url for request in self._under_way]
        self._under_way.clear()

    def _read(self, response: Response) -> None:
        headers = [(header["name"].lower(), header["value"]) for header in response.headers_array()]
        self._redactor.register_from_response(headers, "")
        host = urlsplit(response.url).hostname or ""
        self.set_cookies += [(host, line) for line in _set_cookies(headers)]
        if 300 <= response.status < 400:
            return  # no script reads a redirect (Fetch §3.2.6)
        # Script reads every header but Set-Cookie (Fetch §2.2.6).
        readable = "\n".join(f"{name}: {value}" for name, value in headers if name != "set-cookie")
        try:
            self.kept.append(Answer(response.url, readable.encode() + b"\n\n" + response.body()))
        except BrowserError:
            self.unread.append(response.url)

    def _begin(self, request: Request) -> None:
        self._under_way.append(request)

    def _finish(self, request: Request) -> None:
        self._fail(request)
        self._finished.append(request)

    def _fail(self, request: Request) -> None:
        if request in self._under_way:
            self._under_way.remove(request)

    def _listen(self, socket: WebSocket) -> None:
        def hear(data: str | bytes) -> None:
            self.kept.append(Answer(socket.url, data.encode() if isinstance(data, str) else data))

        socket.on("framereceived", hear)


def _set_cookies(headers: Sequence[tuple[str, str]]) -> Iterator[str]:
    for name, value in headers:
        if name == "set-cookie":
            yield from value.split("\n")  # several are told as one
