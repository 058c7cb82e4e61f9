"""Cookies as they are set and kept, with what can be said of their values without showing them (RFC 6265bis)."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote

from harness.observations import Cookie

__all__ = ["Measure", "parse_sent", "parse_set_cookie", "read_jar"]

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_TOKEN_NAMES = re.compile(r"(?i)\b(?:access|refresh|id)_?token\b")
_DEPTH = 3  # encodings around one another that are undone


class Measure:
    """Turns raw cookies into observations."""

    def __init__(
        self, register: Callable[[str], str], personal: Mapping[str, str], finds_token: Callable[[str], bool]
    ) -> None:
        """`register` takes a value and gives its mark; `personal` maps a kind of personal data (`user name`) to the
        test user's; `finds_token` says whether a text holds a token that was handed out."""
        self._register = register
        self._personal = personal
        self._finds_token = finds_token

    def cookie(self, name: str, value: str, **attributes: Any) -> Cookie:
        layers = list(_layers(value))
        return Cookie(
            name=name,
            value=self._register(value) if value else "",
            size=len(name.encode()) + len(value.encode()),
            decoded=_shape(value, layers),
            personal=tuple(self._personal_in(value, layers)),
            **attributes,
        )

    def _personal_in(self, value: str, layers: Iterable[str]) -> Iterator[str]:
        text = "\n".join(layers)
        for kind, known in self._personal.items():
            if known.casefold() in text.casefold():
                yield kind
        if _EMAIL.search(text):
            yield "e-mail address"
        if self._finds_token(value) or _TOKEN_NAMES.search(text):
            yield "token"


def parse_set_cookie(header: str, host: str, measure: Measure, now: datetime | None = None) -> Cookie:
    """A Set-Cookie value as the browser of `host` takes it (RFC 6265bis §5.6)."""
    pair, *rest = header.split(";")
    name, _, value = pair.partition("=")
    attributes = {key.strip().lower(): text.strip() for key, _, text in (part.partition("=") for part in rest)}
    domain = attributes.get("domain", "").lstrip(".")
    return measure.cookie(
        name.strip(),
        value.strip(),
        domain=domain or host,
        path=attributes.get("path", ""),
        secure="secure" in attributes,
        http_only="httponly" in attributes,
        same_site=attributes.get("samesite", ""),
        host_only=not domain,
        max_age=_max_age(attributes, now or datetime.now(UTC)),
    )


def _max_age(attributes: Mapping[str, str], now: datetime) -> int | None:
    """Seconds until it expires; Max-Age goes before Expires (RFC 6265 §5.3). None: with the browser's session."""
    if re.fullmatch(r"-?\d+", attributes.get("max-age", "")):
        return int(attributes["max-age"])
    try:
        expires = parsedate_to_datetime(attributes.get("expires", ""))
    except ValueError:
        return None
    return int((expires.replace(tzinfo=expires.tzinfo or UTC) - now).total_seconds())


def parse_sent(header: str, host: str, measure: Measure) -> tuple[Cookie, ...]:
    """The cookies of a Cookie header. It tells names and values only; the attributes are those that matter not."""
    pairs = [pair.strip().partition("=") for pair in header.split(";") if pair.strip()]
    unknown: dict[str, Any] = {"path": "", "secure": False, "http_only": False, "same_site": "", "host_only": False}
    return tuple(measure.cookie(name, value, domain=host, **unknown) for name, _, value in pairs)


def read_jar(cookies: Iterable[Mapping[str, Any]], measure: Measure) -> tuple[Cookie, ...]:
    """The cookies of a browser's jar, as Playwright tells them: a domain cookie's domain begins with a dot."""
    return tuple(
        measure.cookie(
            str(cookie["name"]),
            str(cookie["value"]),
            domain=str(cookie["domain"]).lstrip("."),
            path=str(cookie["path"]),
            secure=bool(cookie["secure"]),
            http_only=bool(cookie["httpOnly"]),
            same_site=str(cookie["sameSite"]),
            host_only=not str(cookie["domain"]).startswith("."),
        )
        for cookie in cookies
    )


def _shape(value: str, layers: Iterable[str]) -> str:
    if value.count(".") == 2 and _json_object(_base64(value.split(".")[0]) or ""):
        return "jwt"
    return "json" if any(_json_object(layer) for layer in layers) else "opaque"


def _layers(value: str, depth: int = 0) -> Iterator[str]:
    """The value and all that it decodes to: percent-encoding, quotes, base64, its parts between dots."""
    yield value
    if depth == _DEPTH:
        return
    inner = {unquote(value), value.strip('"'), *(_base64(part) for part in (value, *value.split(".")))}
    for text in sorted(inner - {value, None, ""}, key=str):
        yield from _layers(str(text), depth + 1)


def _base64(text: str) -> str | None:
    """What base64 or base64url text decodes to, if that is text."""
    bare = text.translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return None


def _json_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False
