"""A shared cache in front of a target: it keeps and gives whatever RFC 9111 lets it, and nothing else.

It is an eager one: where the standard says "may", it does, and it is every shared cache at once: a plain proxy, and a
CDN that heeds the fields which are meant for it alone (RFC 9213). It answers GET requests only, keeps no part of a
representation (206), and never gives what is stale, so that it has nothing to validate. What it did is told in the
Cache-Status field (RFC 9211).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime

from harness.probes.clients import Bounds, Exchanged, HttpClient
from harness.probes.targeted_caching import targeted_directives

__all__ = ["NAME", "CachingClient", "PublicOrigin", "SharedCache", "directives"]

NAME = "authassay"
HEURISTIC = 60.0  # seconds; what says nothing of its own freshness may be given a life by a heuristic (§4.2.2)
HEURISTICALLY_CACHEABLE = frozenset({200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501})  # RFC 9110 §15.1
UNSAFE = frozenset({"POST", "PUT", "DELETE", "PATCH"})

Headers = Iterable[tuple[str, str]]
_DIRECTIVE = re.compile(r'([!#$%&\'*+.^_`|~\w-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,;]*)))?')


def directives(headers: Headers) -> dict[str, str]:
    """The directives of all Cache-Control fields, names in lower case; of one that is repeated, the first (§5.2)."""
    found: dict[str, str] = {}
    for name, quoted, bare in _DIRECTIVE.findall(", ".join(_values(headers, "cache-control"))):
        found.setdefault(name.lower(), quoted or bare)
    return found


@dataclass(frozen=True)
class Stored:
    """An answer in the cache, by whose request it came, and when it turns stale (monotonic seconds)."""

    answer: Exchanged = field(repr=False)
    selecting: Mapping[str, str] = field(repr=False)  # the request's fields that Vary names (§4.1)
    kept_at: float
    fresh_until: float


class SharedCache:
    """The store, which several clients share."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._stored: dict[str, list[Stored]] = {}

    def find(self, url: str, headers: Mapping[str, str]) -> Exchanged | None:
        """A fresh answer to a GET with these fields, None where there is none (§4)."""
        if directives(headers.items()).keys() & {"no-cache", "no-store"}:
            return None
        for stored in self._stored.get(url, []):
            age = self._now() - stored.kept_at
            if self._now() < stored.fresh_until and stored.selecting == _selected(stored.selecting, headers):
                told = (("Age", str(int(age + _age(stored.answer.headers)))), ("Cache-Status", f"{NAME}; hit"))
                kept = tuple(pair for pair in stored.answer.headers if pair[0].lower() not in ("age", "cache-status"))
                return replace(stored.answer, headers=(*kept, *told), seconds=0.0)
        return None

    def keep(self, url: str, headers: Mapping[str, str], answer: Exchanged) -> bool:
        """Keep the answer to a GET with these fields, where a shared cache may (§3); whether it did."""
        readings = [
            (directives(answer.headers), False),
            *((said, True) for said in targeted_directives(answer.headers)),
        ]
        lives = (_lifetime(answer, said, alone) for said, alone in readings if _may_keep(headers, answer, said))
        lifetime = max(lives, default=0.0)
        if lifetime <= 0:
            return False
        vary = {name.strip().lower() for line in _values(answer.headers, "vary") for name in line.split(",")}
        if "*" in vary:
            return False
        selecting = _selected(vary - {""}, headers)
        others = [stored for stored in self._stored.get(url, []) if stored.selecting != selecting]
        self._stored[url] = [*others, Stored(answer, selecting, self._now(), self._now() + lifetime)]
        return True

    def forget(self, url: str) -> None:
        """What an unsafe request to this URL makes invalid (§4.4)."""
        self._stored.pop(url, None)


class PublicOrigin:
    """Stands for a site whose answers anybody may keep; no two of them are equal. It shows that a cache caches."""

    name = "public origin"
    bounds = Bounds()

    def exchange(self, method: str, url: str, headers: Mapping[str, str], body: str = "") -> Exchanged:
        kept = (("Cache-Control", "public, max-age=60"), ("Content-Type", "text/plain"))
        return Exchanged(200, kept, f"a public answer, made at {time.monotonic_ns()}")

    def cookies_for(self, url: str) -> str:
        return ""

    def close(self) -> None:
        """Nothing is open."""


class CachingClient:
    """A user agent that reaches the target through a shared cache."""

    def __init__(self, client: HttpClient, cache: SharedCache) -> None:
        self._client, self._cache = client, cache

    @property
    def name(self) -> str:
        return self._client.name

    @property
    def bounds(self) -> Bounds:
        return self._client.bounds

    def exchange(self, method: str, url: str, headers: Mapping[str, str], body: str = "") -> Exchanged:
        cookies = self._client.cookies_for(url)
        whole = {name.lower(): value for name, value in headers.items()}
        if cookies:
            whole.setdefault("cookie", cookies)
        if method == "GET" and (found := self._cache.find(url, whole)) is not None:
            return found
        answer = self._client.exchange(method, url, headers, body)
        stored = method == "GET" and bool(answer.status) and self._cache.keep(url, whole, answer)
        if method in UNSAFE and 200 <= answer.status < 400:
            self._cache.forget(url)
        told = f"{NAME}; fwd={'uri-miss' if method == 'GET' else 'method'}{'; stored' if stored else ''}"
        return replace(answer, headers=(*answer.headers, ("Cache-Status", told)))

    def cookies_for(self, url: str) -> str:
        return self._client.cookies_for(url)

    def close(self) -> None:
        self._client.close()


def _may_keep(request: Mapping[str, str], answer: Exchanged, said: Mapping[str, str]) -> bool:
    if answer.status < 200 or answer.status in (206, 304):
        return False
    if said.keys() & {"no-store", "private", "no-cache"} or "no-store" in directives(request.items()):
        return False
    # §3.5: what was asked for with credentials of HTTP is shared only where the answer says that it may be.
    return "authorization" not in request or bool(said.keys() & {"public", "s-maxage", "must-revalidate"})


def _lifetime(answer: Exchanged, said: Mapping[str, str], alone: bool) -> float:
    """Seconds for which the answer may be given yet (§4.2.1, §4.2.2), by these directives, `alone` without Expires."""
    for name in ("s-maxage", "max-age"):
        if name in said:
            return _number(said[name]) - _age(answer.headers)
    if not alone and (expires := next(_values(answer.headers, "expires"), "")):
        dated = next(_values(answer.headers, "date"), "")
        return _seconds_between(dated, expires) - _age(answer.headers)
    return HEURISTIC if answer.status in HEURISTICALLY_CACHEABLE or "public" in said else 0.0


def _seconds_between(earlier: str, later: str) -> float:
    """0 where one of them is no date: such an answer is stale (§5.3)."""
    try:
        return (parsedate_to_datetime(later) - parsedate_to_datetime(earlier)).total_seconds()
    except (ValueError, TypeError):
        return 0.0


def _selected(names: Iterable[str], headers: Mapping[str, str]) -> dict[str, str]:
    lower = {name.lower(): value for name, value in headers.items()}
    return {name: lower.get(name, "") for name in names}


def _age(headers: Headers) -> float:
    return _number(next(_values(headers, "age"), "0"))


def _number(text: str) -> float:
    return float(text) if text.isdecimal() else 0.0


def _values(headers: Headers, name: str) -> Iterator[str]:
    return (value for key, value in headers if key.lower() == name)
