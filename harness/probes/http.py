"""HTTP against a target that may be hostile: what is asked of it, and what it answered, as observations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from requests.structures import CaseInsensitiveDict

from harness.observations import HttpExchange
from harness.observe import Recorder
from harness.probes.clients import Exchanged, HttpClient, origin
from harness.redact import TooMuchSecret

__all__ = ["Answer", "HttpProbe"]


@dataclass(frozen=True)
class Answer:
    """What came back, with its secrets: for the next request only, never for a check. `status` 0: no answer came."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    text: str = field(repr=False)
    url: str = field(repr=False)
    error: str
    observation: HttpExchange = field(repr=False)

    def __str__(self) -> str:
        """What came, in a few words: the status, and what is wrong with the answer as such."""
        if not self.status:
            return self.error or "no answer came"
        cut = f", cut off after {len(self.text):,} characters" if self.observation.truncated else ""
        return f"HTTP {self.status}{cut}"

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; empty where it is none."""
        import json

        try:
            parsed = json.loads(self.text)
        except (ValueError, RecursionError):
            return {}
        return parsed if isinstance(parsed, dict) else {}

    @property
    def location(self) -> str:
        """Absolute target of a redirect, else ""."""
        if self.status not in (301, 302, 303, 307, 308) or "location" not in self.headers:
            return ""
        try:
            return urljoin(self.url, self.headers["location"])
        except ValueError:  # it is no address, and leads nowhere
            return ""


class HttpProbe:
    """One user agent: its cookies are its client's. `about` goes into each of its observations."""

    def __init__(
        self,
        client: HttpClient,
        recorder: Recorder,
        hosts: Collection[str] | None = None,
        headers: Mapping[str, str] | None = None,
        plain: Collection[str] | None = None,
        **about: str,
    ) -> None:
        """`hosts` are the names that requests may go to (None: any), `plain` the origins to which they may go without
        encryption (None: any). A request elsewhere is not sent: its answer has status 0 and says so. `headers` go with
        every request; a Host among them changes no address."""
        self.client = client
        self._recorder = recorder
        self._hosts, self._plain = hosts, plain
        self._headers = dict(headers or {})
        self._about = {"agent": recorder.next_agent(), **about}

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
        json: str = "",
        headers: Mapping[str, str] | None = None,
        record: bool = True,
        **about: str,
    ) -> Answer:
        """Send one request, with a form or JSON text as its body, and record the exchange. A transport error is an
        answer with status 0, not an exception."""
        target = f"{url}{'&' if '?' in url else '?'}{query}" if query else url
        body = urlencode(form) if form is not None else json
        kind = "application/x-www-form-urlencoded" if form is not None else "application/json" if json else ""
        sent = {
            **({"Content-Type": kind} if kind else {}),
            **self._headers,
            **(headers or {}),
        }
        self._recorder.redactor.register_from_request(target, sent, body)
        began = self._recorder.elapsed
        came = self.refused(target) or self.client.exchange(method, target, sent, body)
        return self.note(case, (method, target, sent, body), came, began=began, record=record, **about)

    def note(
        self,
        case: str,
        asked: tuple[str, str, Mapping[str, str], str],
        came: Exchanged,
        *,
        began: float,
        record: bool = True,
        **about: str,
    ) -> Answer:
        """Record what this user agent asked (method, URL, headers, body) and was answered, by a browser for instance.
        `began` is when it asked, in seconds of the recorder."""
        method, target, sent, body = asked
        try:
            self._recorder.redactor.register_from_response(came.headers, came.text)
        except TooMuchSecret as error:  # what cannot be redacted is not kept
            came = Exchanged(0, error=f"the answer was thrown away: {error}", seconds=came.seconds)
        exchange = HttpExchange(
            case=case,
            about={**self._about, **about},
            method=method,
            url=target,
            request_headers=tuple(sent.items()),
            request_body=body,
            status=came.status or None,
            headers=came.headers,
            body=came.text,
            body_bytes=came.size,
            truncated=came.size > self.client.bounds.body,
            error=came.error,
            seconds=came.seconds,
            began=began,
        )
        kept = self._recorder.record(exchange) if record else exchange
        return Answer(came.status, CaseInsensitiveDict(came.headers), came.text, target, came.error, kept)

    @property
    def headers(self) -> Mapping[str, str]:
        """What goes with every request."""
        return self._headers

    def cookies_for(self, url: str) -> str:
        """The Cookie header that the user agent would send to this URL; "" for none. It is a secret."""
        return self.client.cookies_for(url)

    def refused(self, url: str) -> Exchanged | None:
        """Why nothing is sent there, None where something is."""
        try:
            parts = urlsplit(url)
        except ValueError as error:
            return Exchanged(0, error=f"not sent: {error}")
        host = parts.hostname or ""
        if parts.scheme not in ("http", "https") or not host:
            return Exchanged(0, error=f"not sent: {url[:100]!r} is no address of HTTP")
        if self._hosts is not None and host not in self._hosts:
            return Exchanged(0, error=f"not sent: {host!r} is no host of the target")
        if parts.scheme == "http" and self._plain is not None and origin(url) not in self._plain:
            return Exchanged(0, error=f"not sent: {origin(url)} is not encrypted, and the issuer is https")
        return None
