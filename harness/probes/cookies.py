"""Cookies as they are set and kept, with what can be said of their values without showing them (RFC 6265bis)."""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote_to_bytes

from harness.observations import Cookie

__all__ = ["Measure", "parse_sent", "parse_set_cookie", "read_jar"]

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+\.[\w.-]+")
_TOKEN_NAMES = re.compile(r"(?i)\b(?:access|refresh|id)_?token\b")
_DEPTH = 4  # encodings around one another that are undone
_MOST_LAYERS = 64
_LARGEST_LAYER = 64 * 2**10  # bytes of what is inflated
_INFLATES = zlib.MAX_WBITS | 32  # zlib and gzip, told by their headers (RFC 1950 §2.2, RFC 1952 §2.3)
_WORDS = re.compile(rb"[ -~]{6,}")


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
        layers = [_text(layer) for layer in _layers(value)]
        return Cookie(
            name=name,
            value=self._register(value) if value else "",
            size=len(name.encode()) + len(value.encode()),
            decoded=_shape(value, layers),
            personal=tuple(self._personal_in(layers)),
            **attributes,
        )

    def _personal_in(self, layers: Iterable[str]) -> Iterator[str]:
        text = "\n".join(layers)
        for kind, known in self._personal.items():
            if known.casefold() in text.casefold():
                yield kind
        if _EMAIL.search(text):
            yield "e-mail address"
        if self._finds_token(text) or _TOKEN_NAMES.search(text):
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
    if value.count(".") == 2 and _json_object(_text(_base64(value.split(".")[0].encode()) or b"")):
        return "jwt"
    return "json" if any(_json_object(layer) for layer in layers) else "opaque"


def _layers(value: str) -> list[bytes]:
    """The value and all that it decodes to, within bounds: what is outside comes first."""
    found = newest = [value.encode()]
    for _ in range(_DEPTH):
        inner = dict.fromkeys(part for layer in newest for part in _undone(layer) if part)
        newest = [part for part in inner if part not in found]
        found = [*found, *newest][:_MOST_LAYERS]
    return found


def _undone(data: bytes) -> Iterator[bytes | None]:
    """The data with each encoding undone that it may have: percent-encoding, quotes, compression; and base64 or hex,
    of all of it or of its parts between dots."""
    yield unquote_to_bytes(data)
    yield data.strip(b'"')
    yield _inflated(data)
    for part in dict.fromkeys((data, *data.split(b".")[:_MOST_LAYERS])):
        yield _base64(part)
        yield _hex(part)


def _text(data: bytes) -> str:
    """The data as text; of what is no text, the words in it."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return b"\n".join(_WORDS.findall(data)).decode()


def _base64(data: bytes) -> bytes | None:
    """What base64 or base64url decodes to."""
    bare = data.translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
    try:
        return base64.b64decode(bare + b"=" * (-len(bare) % 4), validate=True)
    except binascii.Error:
        return None


def _hex(data: bytes) -> bytes | None:
    try:
        return binascii.unhexlify(data)
    except binascii.Error:
        return None


def _inflated(data: bytes) -> bytes | None:
    """What zlib or gzip data holds, its first 64 KB."""
    try:
        return zlib.decompressobj(_INFLATES).decompress(data, _LARGEST_LAYER)
    except zlib.error:
        return None


def _json_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False
