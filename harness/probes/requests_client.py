"""The first client: `requests`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.cookies import get_cookie_header
from urllib3 import HTTPHeaderDict
from urllib3.connection import HTTPConnection, HTTPSConnection

from harness.probes.bounded import Allowance, BoundedResponse, BrowserLikePolicy, allowance
from harness.probes.clients import Bounds, Exchanged, decode, in_time, loopback
from harness.probes.unanswered import why_unanswered

__all__ = ["RequestsClient", "bounded_session"]


class RequestsClient:
    """A user agent whose cookies are its session's."""

    name = "requests"

    def __init__(self, session: requests.Session, bounds: Bounds | None = None) -> None:
        session.get_redirect_target = _no_target  # type: ignore[assignment, method-assign]  # see there
        session.cookies.set_policy(BrowserLikePolicy(session.cookies))
        self.session, self.bounds = session, bounds or Bounds()

    def exchange(self, method: str, url: str, headers: Mapping[str, str], body: str = "") -> Exchanged:
        return in_time(self.bounds, lambda: self._exchange(method, url, headers, body))

    def cookies_for(self, url: str) -> str:
        prepared = requests.Request("GET", url).prepare()
        return str(get_cookie_header(self.session.cookies, prepared) or "")  # type: ignore[no-untyped-call]

    def close(self) -> None:
        self.session.close()

    def _exchange(self, method: str, url: str, headers: Mapping[str, str], body: str) -> Exchanged:
        bounds, allowed = self.bounds, Allowance(self.bounds)
        allowance.set(allowed)
        try:
            answer = self.session.request(
                method,
                url,
                data=body or None,
                headers=dict(headers),
                auth=_repeating(headers),
                allow_redirects=False,
                timeout=(bounds.connect, bounds.between),
                stream=True,
            )
            with answer:
                content, size = _read(answer, bounds.body)
                pairs = tuple((str(name), str(value)) for name, value in answer.raw.headers.items())
                text = decode(content, answer.headers.get("Content-Type", ""))
                return Exchanged(answer.status_code, pairs, text, size)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            return Exchanged(0, error=allowed.broken or why_unanswered(error, url))


def _repeating(headers: Mapping[str, str]) -> Any:
    """What makes a request carry a header more than once, where names differ in nothing but the case of letters; None
    where none do. requests would keep the last of them."""
    if len({name.lower() for name in headers}) == len(headers):
        return None

    def repeat(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        kept = HTTPHeaderDict({name: value for name, value in prepared.headers.items() if name not in repeated})
        for name, value in headers.items():
            if name.lower() in repeated:
                kept.add(name.title(), value)
        prepared.headers = cast("Any", kept)
        return prepared

    names = [name.lower() for name in headers]
    repeated = requests.structures.CaseInsensitiveDict({name: "" for name in names if names.count(name) > 1})
    return repeat


def bounded_session(ca_file: Path | None = None) -> requests.Session:
    """A session that trusts these authorities (PEM; None: the machine's) and ignores the environment (proxies, .netrc).
    Its answers keep within the allowance of their exchange."""
    session = requests.Session()
    session.trust_env = False
    session.verify = str(ca_file) if ca_file else True
    session.headers["Connection"] = "close"  # a server that closes an idle one just then would seem to give no answer
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter())
    return session


class _Connection(HTTPConnection):
    response_class = BoundedResponse


class _TlsConnection(HTTPSConnection):
    response_class = BoundedResponse


class _ClosingPool(urllib3.HTTPConnectionPool):
    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.close()  # urllib3 would keep it, whatever the request said of closing
        super()._put_conn(conn)


class _Pool(_ClosingPool):
    ConnectionCls = _Connection


class _TlsPool(_ClosingPool, urllib3.HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    """Reads bounded answers, and connects to `*.localhost` on loopback, with the name itself for TLS and Host."""

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    # `Any`: requests' stubs describe these with private types that name only some of the members.
    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        found = super().build_connection_pool_key_attributes(request, verify, cert)
        host, pool = cast("tuple[dict[str, Any], dict[str, Any]]", found)
        name = str(host["host"])
        host["host"] = loopback(name)
        if host["host"] != name and host["scheme"] == "https":
            pool.update(server_hostname=name, assert_hostname=name)
        return host, pool

    def send(self, request: requests.PreparedRequest, *arguments: Any, **named: Any) -> requests.Response:
        request.headers.setdefault("Host", urlsplit(str(request.url)).netloc.rpartition("@")[2])
        return super().send(request, *arguments, **named)


def _no_target(response: requests.Response) -> None:
    """Where a session is to go next: nowhere. To know it, it would read the body of a redirect without any bound."""


def _read(answer: requests.Response, most: int) -> tuple[bytes, int]:
    """At most so many decoded bytes, and how many came; one more than the bound where there were more."""
    content = bytearray()
    for chunk in answer.iter_content(65536):
        content += chunk
        if len(content) > most:
            return bytes(content[:most]), most + 1
    return bytes(content), len(content)
