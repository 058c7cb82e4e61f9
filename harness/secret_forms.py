"""Every form in which a secret is looked for, and the index that finds them all in one pass.

Dense forms (raw, base64 in its three alignments, hex, digests) are indexed by blocks of six bytes. Sparse ones
(percent-encoding, JSON and HTML escapes, UTF-16, hex in capitals) are undone where they occur in the text, and the
result is searched again; so mixed and nested encodings are found too. A fragment counts from 12 characters on, of
the secret or of its base64 or hex form: fewer would meet ordinary text. Of a UUID, or another hexadecimal number, it
counts from 20 characters on: others stand in ordinary text, as digests and as names of files, and much of a UUID is
the same in all (RFC 9562 §5.4).
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import quote_plus

from harness.secret_views import views

__all__ = ["FRAGMENT", "Finder", "Form", "Match", "Secret", "TooManyAlike", "backwards", "forms_of", "random_part"]

FRAGMENT = 12  # characters; the shortest part of a secret that counts
_HEXADECIMAL_FRAGMENT = 20
_HEXADECIMAL = re.compile(rb"[0-9A-Fa-f-]{20,}\Z")
_BLOCK = 6
# A fragment of 12 holds 7 block starts. Every 3rd block of a form and every 2nd place of a text meet within 6.
_FORM_STEP = 3
_TEXT_STEP = 2
_DEPTH = 3  # how many encodings around one another are undone
# Forms and offsets that one block leads to: with more, searching would take the product of a text's repetitions and
# theirs. A form that counts in parts is found by its other blocks; one that counts as a whole has none.
_SAME, _ALIKE = 8, 64
_JOSE = re.compile(rb"eyJ[\w-]*\.(?:[\w-]*\.([\w-]*)|([\w-]*(?:\.[\w-]*){3})|eyJ[\w-]*)\Z")
_LONG = 16  # characters; a shorter signature is no random part to look for
_WORDS = re.compile(rb"(?:[a-z]{2,}[-_.:/ ]{1,3})+")  # at the start of a secret, such as urn:example:refresh_token:


@dataclass(frozen=True)
class Secret:
    """A secret, its kind and its mark. `whole`: only all of it counts, no fragment. The value is not in the repr."""

    value: bytes = field(repr=False)
    kind: str
    mark: str
    whole: bool = False


PLANTED = "{{planted:0000000000000000:43}}"


def new_witness() -> Secret:
    """A witness of a search: where it is put and not found, nothing was searched."""
    return Secret(secrets.token_urlsafe(32).encode(), "planted", PLANTED)


@dataclass(frozen=True, eq=False)
class Form:
    """How a secret, or its part from `offset` on, may stand in a text. Matches shorter than `minimum` are none."""

    secret: Secret
    transform: str
    data: bytes = field(repr=False)
    minimum: int
    offset: int = 0
    partial: bool = False  # it stands for a part of the secret only


@dataclass(frozen=True)
class Match:
    """Where a form, or its part `[low:high]`, stands in the bytes searched: from `start` to before `end`."""

    start: int
    end: int
    form: Form
    low: int
    high: int

    @property
    def part(self) -> bytes:
        """The part of the form that stands there; b"" where all of it does."""
        return b"" if (self.low, self.high) == (0, len(self.form.data)) else self.form.data[self.low : self.high]

    @property
    def mark(self) -> str:
        """The secret's mark, with the transform where it was encoded and the range where it was cut."""
        form = self.form
        cut = form.partial or (self.low, self.high) != (0, len(form.data))
        transform = f"/{form.transform}" if form.transform else ""
        span = f"[{form.offset + self.low}:{form.offset + self.high}]" if cut else ""
        return f"{form.secret.mark[:-2]}{transform}{span}}}}}"


def backwards(secret: Secret) -> Secret:
    """The secret read from its end, as whoever wants to hide it a little writes it: one more to look for where nothing
    of it may be. All of it counts as random: a header that is public text is none when read so."""
    return replace(secret, value=secret.value[::-1], mark=f"{secret.mark[:-2]}/reversed}}}}")


def random_part(value: bytes) -> bytes:
    """What of a secret is random: of a JWS its signature (RFC 7515 §7.1), of a JWE all but its header (RFC 7516
    §7.1), else all but the words that it begins with; empty for an unsigned JWT. Headers, claims and words alone are
    public text."""
    found = _JOSE.match(value)
    if not found:
        return _without_words(value)
    part: bytes = found[1] or found[2] or b""  # header and claims alone are an unsigned JWT as well
    return part if len(part) >= _LONG else b""


def _without_words(value: bytes) -> bytes:
    """What follows the words that the value begins with; all of it where these are no fragment, or nearly all of it."""
    words = _WORDS.match(value)
    rest = value[words.end() :] if words and words.end() >= FRAGMENT else value
    return rest if len(rest) >= _LONG else value


def forms_of(secret: Secret, hashed: bool = True) -> Iterator[Form]:
    """The dense forms of a secret, and with `hashed` those of its SHA-1 and SHA-256."""
    part = secret.value if secret.whole else random_part(secret.value)
    if part != secret.value:
        yield from _encoded(replace(secret, whole=True), secret.value)
    if part:
        yield from _encoded(secret, part)
    if not hashed:
        return
    for name in ("sha1", "sha256"):
        digest = hashlib.new(name, secret.value, usedforsecurity=False).digest()
        yield Form(secret, name, digest.hex().encode(), FRAGMENT)
        for text in {base64.b64encode(digest), base64.urlsafe_b64encode(digest)}:
            yield Form(secret, name, text.rstrip(b"="), FRAGMENT)


def _encoded(secret: Secret, part: bytes) -> Iterator[Form]:
    offset = len(secret.value) - len(part)
    whole = secret.whole or len(part) < FRAGMENT
    hexadecimal = _HEXADECIMAL.search(part)
    for transform, text in _texts(part):
        start = offset if text is part else 0
        shortest = len(text) * _HEXADECIMAL_FRAGMENT // len(part) if hexadecimal else FRAGMENT
        yield Form(secret, transform, text, len(text) if whole else shortest, start, offset > 0)


def _texts(part: bytes) -> Iterator[tuple[str, bytes]]:
    yield "", part
    if b" " in part:
        yield "form", part.replace(b" ", b"+")
    yield "hex", part.hex().encode()
    quoted = quote_plus(part).encode()  # in credentials of the Basic scheme (RFC 6749 §2.3.1)
    for text in {part: None, quoted: None}:
        yield from (("b64", each) for each in _in_base64(text))
    if not part.isascii():
        wide = part.decode("utf-8", "replace")
        yield "utf16", wide.encode("utf-16-le", "surrogatepass")
        yield "utf16", wide.encode("utf-16-be", "surrogatepass")


def _in_base64(part: bytes) -> Iterator[bytes]:
    for before in range(3):  # bytes of something else in the group of three in which the secret starts
        first, last = -(-8 * before // 6), (before + len(part)) * 8 // 6
        text = base64.b64encode(bytes(before) + part)[first:last]
        yield text
        if b"+" in text or b"/" in text:
            yield text.translate(bytes.maketrans(b"+/", b"-_"))


class TooManyAlike(ValueError):
    """One secret more that ends as many others do."""


class Finder:
    """Finds every form of every secret added to it. Adding while searching needs a lock around both."""

    def __init__(self, hashed: bool = True) -> None:
        self._hashed = hashed
        self._blocks: dict[bytes, list[tuple[Form, int]]] = {}

    def add(self, secret: Secret) -> None:
        """Raises TooManyAlike for a secret that could not be found, as too many others end as it does."""
        for form in forms_of(secret, self._hashed):
            for offset in _offsets(form):
                entries = self._blocks.setdefault(form.data[offset : offset + _BLOCK], [])
                whole = form.minimum == len(form.data)
                if len(entries) < (_ALIKE if whole else _SAME):
                    entries.append((form, offset))
                elif whole:
                    raise TooManyAlike

    def find(self, data: bytes) -> list[Match]:
        """All matches, in the order of their start, the longer first; they may overlap."""
        return sorted(self._search(data, 0), key=lambda match: (match.start, -match.end)) if self._blocks else []

    def _search(self, data: bytes, depth: int) -> Iterator[Match]:
        yield from self._dense(data)
        if depth == _DEPTH:
            return
        for view in views(data):
            for match in self._search(view.data, depth + 1):
                form = match.form if match.form.transform else replace(match.form, transform=view.transform)
                yield Match(view.places[match.start], view.places[match.end], form, match.low, match.high)

    def _dense(self, data: bytes) -> Iterator[Match]:
        blocks = self._blocks
        done: dict[tuple[Form, int], int] = {}  # per form and diagonal: how far it was followed
        found: dict[Form, int] = {}  # per form: how far its matches reach; inside of them it is not looked for again
        for place in [i for i in range(0, len(data) - _BLOCK + 1, _TEXT_STEP) if data[i : i + _BLOCK] in blocks]:
            for form, offset in blocks[data[place : place + _BLOCK]]:
                if done.get((form, place - offset), 0) > place or found.get(form, 0) >= place + _BLOCK:
                    continue
                match = _extended(data, place, form, offset)
                done[form, place - offset] = match.end
                if match.high - match.low >= form.minimum:
                    found[form] = max(match.end, found.get(form, 0))
                    yield match


def _offsets(form: Form) -> range:
    """Which blocks of a form are indexed. Of one that counts as a whole only the last two, as what stands first may
    be the same in many (a JWT's header)."""
    last = len(form.data) - _BLOCK
    return range(last - _TEXT_STEP + 1, last + 1) if form.minimum == len(form.data) else range(0, last + 1, _FORM_STEP)


def _extended(data: bytes, place: int, form: Form, offset: int) -> Match:
    text, size = form.data, len(form.data)
    start = place - offset
    if start >= 0 and data[start : start + size] == text:
        return Match(start, start + size, form, 0, size)
    if form.minimum == size:
        return Match(place, place + _BLOCK, form, offset, offset + _BLOCK)
    before, after = min(offset, place), min(size - offset, len(data) - place)
    low = offset - _common(data[place - before : place][::-1], text[offset - before : offset][::-1])
    high = offset + _common(data[place : place + after], text[offset : offset + after])
    return Match(start + low, start + high, form, low, high)


def _common(one: bytes, other: bytes) -> int:
    """How many bytes two strings of one length have in common from their start."""
    least, most = 0, len(one)
    while least < most:
        middle = (least + most + 1) // 2
        least, most = (middle, most) if one[least:middle] == other[least:middle] else (least, middle - 1)
    return least
