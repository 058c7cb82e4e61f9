"""What looks like a secret although nobody registered it: the net beneath the redactor, and the audit's scan."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

__all__ = ["MARK", "findings", "looks_random", "unregistered"]

MARK = re.compile(rb"\{\{([a-z0-9_]+):([0-9a-f]{16}):(\d+)(?:/[a-z0-9]+)?(?:\[\d+:\d+\])?\}\}")
_Found = Iterator[tuple[int, int, str]]

# No class below takes braces, and no quantified part can start anew inside itself: marks stay, and time is linear.
# A run that a pattern may begin with is met at its start only, for the same reason.
_QUOTE = rb"\\*[\"']"
_NAMES = rb"(?P<name>access_token|refresh_token|id_token|code|code_verifier|client_secret)"
_KEY = re.compile(
    rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----(?P<value>(?:[A-Za-z0-9+/=\s]|\\[nr]){16,})"
    rb"|(?<!\\)%b(?:d|p|q|dp|dq|qi|k)%b\s*:\s*%b(?P<jwk>[\w-]{20,})" % (_QUOTE, _QUOTE, _QUOTE)
)
_BEARER = re.compile(rb"\b(?i:bearer|dpop)(?:\s|%20)\s*(?P<value>[\w.~+/-]{7,}[\w=]+)")
_FIELD = re.compile(rb"(?<![\w-])%b%b\s*:\s*%b(?P<value>[^\"'\\{}\s]{8,})" % (_NAMES, _QUOTE, _QUOTE))
_PARAMETER = re.compile(rb"(?<![\w-])%b=(?P<value>[^&\s\"'\\{}<>;,]{8,})" % _NAMES)
_PASSWORD = re.compile(
    rb"(?<![\w-])password(?:%b\s*:\s*\\*\"(?P<value>(?:[^\"\\{]|\\[^\"]|\{(?!\{))+)"
    rb"|=(?P<form>[^&\s\"'\\{}<>()\[\];,]+))" % _QUOTE
)
_PAYLOAD = re.compile(rb"\.eyJ[\w-]{4,}(?:\.[\w-]*)?")
_HEADER_END = re.compile(rb"(?<![\w-])[\w-]+\Z")
_LONGEST_HEADER = 4096  # bytes of a JWT's header that are looked back for
_COOKIES = re.compile(
    rb"(?i)(?<![\w-])(?P<set>set-)?cookie"
    rb"(?:%b\s*[:,]\s*%b|\s*:\s*)(?P<line>(?:=\"[^\"\r\n\\]*\"|[^\"'\r\n\\])*)" % (_QUOTE, _QUOTE)
)
_COOKIE = re.compile(rb"=\"?([^=;,\s\"{}][^;,\s\"{}]*)")
_WORDS = re.compile(
    rb"[A-Z]?[a-z]{2,}(?:(?:[_-][A-Z]?|[A-Z])[a-z]{2,})*|[A-Z]+(?:_[A-Z]+)+|/.*|\w+://.*|%2[fF].*|\w+%3[aA]%2[fF].*"
)


def looks_random(value: bytes) -> bool:
    """Whether a value of this shape may be a credential: 8 characters or more, no words (`invalid_grant`), no path."""
    return len(value) >= 8 and not _WORDS.fullmatch(value)


def findings(data: bytes) -> _Found:
    """Start, end and kind of all that looks like a secret, marks left out."""
    for found in _KEY.finditer(data):
        yield *found.span("value" if found["value"] else "jwk"), "unregistered_private_key"
    yield from _jwts(data)
    yield from _named(data, _BEARER, "bearer")
    yield from _named(data, _FIELD)
    yield from _named(data, _PARAMETER)
    for found in _PASSWORD.finditer(data):
        if found["value"] or not _WORDS.fullmatch(found["form"]):
            yield *found.span("value" if found["value"] else "form"), "unregistered_password"
    yield from _cookies(data)


def unregistered(data: bytes, mark: Callable[[bytes, str], str]) -> bytes:
    """The bytes with all that looks like a secret replaced by `mark(value, kind)`, until nothing does."""
    while found := sorted(findings(data)):
        out, place = bytearray(), 0
        for start, end, kind in found:
            if start >= place:
                out += data[place:start] + mark(data[start:end], kind).encode()
                place = end
        data = bytes(out + data[place:])
    return data


def _named(data: bytes, pattern: re.Pattern[bytes], name: str = "") -> _Found:
    for found in pattern.finditer(data):
        if looks_random(found["value"]):
            yield *found.span("value"), f"unregistered_{name or found['name'].decode()}"


def _jwts(data: bytes) -> _Found:
    """Compact JWTs, with or without their signature: from `.eyJ` back to the start of the header."""
    last = 0  # a header has no dot: it does not reach back beyond the one before, and nothing is searched twice
    for found in _PAYLOAD.finditer(data):
        least = max(last, found.start() - _LONGEST_HEADER)
        header = _HEADER_END.search(data[least : found.start()])
        last = found.start()
        place = header[0].find(b"eyJ") if header else -1
        if header and 0 <= place <= len(header[0]) - 8:
            yield found.start() - len(header[0]) + place, found.end(), "unregistered_jwt"


def _cookies(data: bytes) -> _Found:
    for line in _COOKIES.finditer(data):
        end = line.end("line")
        if line["set"]:
            first = data.find(b";", line.start("line"), end)
            end = first if first >= 0 else end
        for found in _COOKIE.finditer(data, line.start("line"), end):
            if looks_random(found[1]):
                yield *found.span(1), "unregistered_cookie"
