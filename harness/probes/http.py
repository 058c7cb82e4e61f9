"""HTTP against a target that may be hostile: no redirect is followed unasked, every body and wait has a bound."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import requests

from harness.observations import HttpExchange
from harness.observe import Recorder

__all__ = ["MAX_BODY", "Answer", "HttpProbe"]

MAX_BODY = 1_000_000  # bytes read of a body
TIMEOUT = (5.0, 15.0)  # seconds to connect, seconds between bytes
DEADLINE = 30.0  # seconds for a whole answer, headers and body

_Exchanged = tuple[int, list[tuple[str, str]], str, int, str]  # status, headers, text, bytes of the body, error


@dataclass(frozen=True)
class Answer:
    """What came back, with its secrets: for the next request only, never for a check. `status` 0: no answer came."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    text: str = field(repr=False)
    url: str = field(repr=False)
    error: str
    observation: HttpExchange = field(repr=False)

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; empty where it is none."""
        import json

        try:
            parsed = json.loads(self.text)
        except ValueError:
            return {}
        return parsed if isinstance(parsed, dict) else {}

    @property
    def location(self) -> str:
        """Absolute target of a redirect, else ""."""
        if self.status not in (301, 302, 303, 307, 308) or "location" not in self.headers:
            return ""
        return urljoin(self.url, self.headers["location"])


class HttpProbe:
    """One user agent: its cookies are its session's. `about` goes into each of its observations."""

    def __init__(
        self, session: requests.Session, recorder: Recorder, hosts: Collection[str] | None = None, **about: str
    ) -> None:
        """`hosts` are the names that requests may go to (None: any). A request elsewhere is not sent: its answer has
        status 0 and says so."""
        session.get_redirect_target = _no_target  # type: ignore[assignment, method-assign]  # see there
        self.session = session
        self._recorder = recorder
        self._hosts = hosts
        self._about = about

    def get(self, case: str, url: str, **options: Any) -> Answer:
        return self.send(case, "GET", url, **options)

    def post(self, case: str, url: str, form: Mapping[str, str] | None = None, **options: Any) -> Answer:
        return self.send(case, "POST", url, form=form, **options)

    def send(
        self,
        case: str,
        method: str,
        url: str,
        *,
        query: str = "",
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        record: bool = True,
        **about: str,
    ) -> Answer:
        """Send one request and record the exchange. A transport error is an answer with status 0, not an exception."""
        target = f"{url}{'&' if '?' in url else '?'}{query}" if query else url
        body = urlencode(form) if form is not None else ""
        sent = {
            **({"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}),
            **(headers or {}),
        }
        redactor = self._recorder.redactor
        redactor.register_from_request(target, sent, body)
        started = time.monotonic()
        host = urlsplit(target).hostname or ""
        if self._hosts is None or host in self._hosts:
            status, answered, text, size, error = self._in_time(method, target, body, sent)
        else:
            status, answered, text, size, error = 0, [], "", 0, f"not sent: {host!r} is no host of the target"
        redactor.register_from_response(answered, text)
        exchange = HttpExchange(
            case=case,
            about={**self._about, **about},
            method=method,
            url=target,
            request_headers=tuple(sent.items()),
            request_body=body,
            status=status or None,
            headers=tuple(answered),
            body=text,
            body_bytes=size,
            truncated=size > MAX_BODY,
            error=error,
            seconds=round(time.monotonic() - started, 3),
        )
        kept = self._recorder.record(exchange) if record else exchange
        return Answer(status, requests.structures.CaseInsensitiveDict(answered), text, target, error, kept)

    def _in_time(self, method: str, url: str, body: str, headers: Mapping[str, str]) -> _Exchanged:
        """The exchange, abandoned after DEADLINE: a byte now and then would never meet the timeout between bytes."""
        came: Future[_Exchanged] = Future()

        def exchange() -> None:
            try:
                came.set_result(self._exchange(method, url, body, headers))
            except BaseException as error:  # noqa: BLE001 - raised again below
                came.set_exception(error)

        threading.Thread(target=exchange, name="exchange", daemon=True).start()
        try:
            return came.result(DEADLINE)
        except TimeoutError:
            return 0, [], "", 0, f"Timeout: no whole answer within {DEADLINE:g} s"

    def _exchange(self, method: str, url: str, body: str, headers: Mapping[str, str]) -> _Exchanged:
        try:
            answer = self.session.request(
                method,
                url,
                data=body or None,
                headers=dict(headers),
                allow_redirects=False,
                timeout=TIMEOUT,
                stream=True,
            )
            with answer:
                content, size = _read_bounded(answer)
                pairs = [(str(k), str(v)) for k, v in answer.raw.headers.items()]
                encoding = answer.encoding or "utf-8"
                return answer.status_code, pairs, _decode(content, encoding), size, ""
        except (requests.RequestException, OSError, ValueError) as error:
            return 0, [], "", 0, f"{type(error).__name__}: {error}"[:500]


def _no_target(response: requests.Response) -> None:
    """Where a session is to go next: nowhere. To know it, it would read the body of a redirect without any bound."""


def _read_bounded(answer: requests.Response) -> tuple[bytes, int]:
    """At most MAX_BODY bytes, and how many came; one more than the bound where there were more."""
    content = b""
    for chunk in answer.iter_content(65536):
        content += chunk
        if len(content) > MAX_BODY:
            return content[:MAX_BODY], MAX_BODY + 1
    return content, len(content)


def _decode(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding, "replace")
    except (LookupError, ValueError):  # a name that is no charset, or a codec of another kind
        return content.decode("utf-8", "replace")
