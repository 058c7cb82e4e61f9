"""What an answer says to caches of one kind alone: CDN-Cache-Control (RFC 9213), Surrogate-Control (W3C's Edge
Architecture Specification 1.0). A cache that heeds such a field ignores Cache-Control and Expires.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

__all__ = ["TARGETED", "targeted_directives"]

_KEY = r"[a-z*][a-z0-9_.*-]*"
_BARE = r'(?:-?\d{1,15}(?:\.\d{1,3})?|"(?:[^"\\]|\\["\\])*"|[A-Za-z*][\w!#$%&\'*+.^`|~:/-]*|\?[01])'
_MEMBER = re.compile(rf"[ \t]*({_KEY})(?:=({_BARE}))?((?:; *{_KEY}(?:={_BARE})?)*)[ \t]*(?:,|$)")
_SURROGATE = re.compile(r'([\w-]+)(?:\s*=\s*(?:"[^"]*"|(\d+)[^\s,;]*|[^\s,;]*))?')


def targeted_directives(headers: Iterable[tuple[str, str]]) -> Iterator[dict[str, str]]:
    """The directives of each targeted field that the answer has, names in lower case."""
    given = [(name.lower(), value) for name, value in headers]
    for field, read in TARGETED.items():
        if said := read(", ".join(value for name, value in given if name == field)):
            yield said


def _dictionary(text: str) -> dict[str, str]:
    """The members of a dictionary (RFC 9651 §3.2), the last of each name; empty where it is none, for then it is
    ignored (RFC 9213 §2.1). Without what is said to be false, and lifetimes that are no integers."""
    found, place = dict[str, str](), 0
    while place < len(text):
        member = _MEMBER.match(text, place)
        if member is None:
            return {}
        name, value = member[1], member[2] or ""
        found.pop(name, None)
        if value != "?0" and (value.isdecimal() or (not name.endswith("max-age") and name != "s-maxage")):
            found[name] = value
        place = member.end()
    return found


def _surrogate(text: str) -> dict[str, str]:
    """Directives, of a lifetime the seconds without what it may be extended by (`3600+600`)."""
    return {name.lower(): seconds for name, seconds in _SURROGATE.findall(text)}


TARGETED: Mapping[str, Callable[[str], dict[str, str]]] = {
    "cdn-cache-control": _dictionary,
    "surrogate-control": _surrogate,
}
