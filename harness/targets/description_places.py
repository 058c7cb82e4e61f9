"""Places as people write them in a description: URLs, hosts, redirect URIs and cells.

Each function tells what is wrong with one and what to write, "" or nothing where it is right.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from harness.errors import nearest
from harness.matrix import NONE, VALUES
from harness.model import ANY
from harness.targets.base import BaseTarget

__all__ = [
    "cell_mistakes",
    "host_mistake",
    "is_in_clear",
    "is_loopback",
    "issuer_mistake",
    "redirect_mistake",
    "url_mistake",
]

WEB = ("http", "https")
_LOOPBACK = re.compile(r"localhost|.*\.localhost|127(\.\d+){3}|::1")
_HOST = re.compile(r"[\w-]+(\.[\w-]+)*\.?")
_LACKS_SCHEME = re.compile(r"(localhost|[\w-]+(\.[\w-]+)+)(:\d+)?(/|$)")


def url_mistake(text: str) -> str:
    """Of a URL that requests go to."""
    parts = _split(text)
    if parts is None or parts.scheme not in WEB or not parts.hostname:
        return "no URL of http or https; write one such as https://id.example.com"
    if parts.username or parts.password:
        return "a URL with a password in it; name users under [[stage.<stage>.user]]"
    return _port_mistake(parts)


def issuer_mistake(text: str) -> str:
    """Of an issuer identifier."""
    query = "an issuer identifier has no query and no fragment (RFC 8414 §2)" if "?" in text or "#" in text else ""
    return "; ".join(filter(None, (url_mistake(text), query)))


def host_mistake(text: str) -> str:
    """Of a host that requests may go to: requests are compared by its name alone, as `urlsplit` gives it."""
    if _is_host(text):
        return ""
    parts = _split(text if "://" in text else f"//{text}")
    meant = parts.hostname or "" if parts else ""
    if _is_host(meant):
        return f'no host; write "{meant}": its name alone, in lower case, without scheme, port and path'
    return "no host; write each by its whole name, such as login.example.com"


def redirect_mistake(text: str, native: bool) -> str:
    """Of a redirect URI: absolute and without fragment (RFC 6749 §3.1.2). A native app's may have a scheme of its own,
    such as com.example.app:/callback (RFC 8252 §7.1)."""
    parts = _split(text)
    rest = text.partition(":")[2]
    if parts is None or not parts.scheme or not (parts.hostname if parts.scheme in WEB else rest.startswith("/")):
        return f"no absolute URI (RFC 6749 §3.1.2); write it as it is registered, such as {_absolute(text, native)}"
    if "#" in text:
        return "a redirect URI has no fragment (RFC 6749 §3.1.2); write it without # and what follows"
    if parts.scheme not in WEB and not native:
        return f"{parts.scheme!r} is the scheme of a native app; write native = true for the client, or a URI of https"
    return _port_mistake(parts)


def cell_mistakes(pattern: str, target: str, stages: Collection[str]) -> Iterator[tuple[str, str]]:
    """What parts of a cell pattern no cell of this target can meet, each with the nearest that one can."""
    known = {
        "target": (target, "self"),  # scenarios about the suite itself are part of every run
        "os": VALUES["os"],
        "stage": (*stages, "all", ANY),
        "browser": (*BaseTarget.browsers, NONE, ANY),
        "store": (*BaseTarget.stores, NONE, ANY),
    }
    parts = pattern.split("/")
    for (axis, values), part in zip(known.items(), parts if len(parts) == len(known) else (), strict=False):
        if not any(fnmatchcase(value, part) for value in values):
            yield f"no cell of this target has the {axis} {part!r}", nearest(part, ("*", *values))


def is_in_clear(url: str) -> bool:
    """Whether requests to this URL leave the machine without TLS."""
    parts = _split(url)
    return parts is not None and parts.scheme == "http" and not _LOOPBACK.fullmatch(parts.hostname or "")


def is_loopback(host: str) -> bool:
    """Whether this is a name or an address of this machine for itself."""
    return bool(_LOOPBACK.fullmatch(host))


def _split(text: str) -> SplitResult | None:
    """The parts of a URI (RFC 3986 §3), None for what is none."""
    try:
        return None if re.search(r"\s", text) else urlsplit(text)
    except ValueError:
        return None


def _port_mistake(parts: SplitResult) -> str:
    try:
        usable = parts.port != 0
    except ValueError:
        usable = False
    written = parts.netloc.rpartition(":")[2]
    return "" if usable else f"there is no port {written}; write one from 1 to 65535, such as :8443, or none"


def _is_host(text: str) -> bool:
    try:
        return bool(ip_address(text)) and text == text.lower()
    except ValueError:
        return bool(_HOST.fullmatch(text)) and text == text.lower()


def _absolute(text: str, native: bool) -> str:
    """The redirect URI that may be meant, else an example."""
    if found := _LACKS_SCHEME.match(text):
        return f"{'http' if _LOOPBACK.fullmatch(found[1]) else 'https'}://{text}"
    return (
        "http://127.0.0.1:8765/callback or com.example.app:/callback" if native else "https://app.example.com/callback"
    )
