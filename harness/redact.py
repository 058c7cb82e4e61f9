"""The redactor: the only place that knows secrets, in memory only.

A secret becomes its mark `{{kind:hash:length}}`: 16 hex digits of an HMAC-SHA256 keyed per run, so equal secrets have
equal marks, and its length in characters; `/b64` and the like where it appeared encoded, `[0:12]` where it was cut.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import re
import secrets as randomness
import threading
import zlib
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, unquote_plus

from harness.errors import UsageError
from harness.secret_forms import Finder, Secret, TooManyAlike
from harness.secret_marks import marked
from harness.secret_patterns import MARK, looks_random, unregistered

__all__ = ["LONGEST", "SHORTEST", "Redactor", "TooMuchSecret", "presented_tokens"]

SHORTEST = 8  # characters; a shorter secret would redact ordinary text
LONGEST = 16_384  # characters; no header would carry a longer one, and each costs hundreds of bytes to look for
MOST = 4_000_000  # characters of all secrets together
_KIND = re.compile(r"[a-z0-9_]+")
_WHOLE = frozenset({"password", "subject"})
_TOKENS = frozenset({"access_token", "refresh_token", "id_token"})
_NAMED = _TOKENS | {"code", "code_verifier", "client_secret", "password"}
Headers = Mapping[str, str] | Iterable[tuple[str, str]]


class TooMuchSecret(UsageError):
    """A secret that is too long, or one too many: what holds it cannot be recorded."""


class Redactor:
    """Replaces secrets by their marks; safe for threads. `key` keeps marks equal across the processes of one run."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or randomness.token_bytes(32)
        self._secrets: dict[bytes, Secret] = {}
        self._finder = Finder()
        self._length = 0  # characters of all secrets
        self._public: dict[bytes, None] = {}
        self._lock = threading.RLock()

    def register(self, value: str | bytes, kind: str) -> str:
        """The mark of a secret, known from now on. `kind` is a word like `access_token`, `refresh_token`, `code`,
        `session_cookie`, `password`. Raises UsageError under 8 characters, TooMuchSecret over 16,384 or
        when there are too many, ValueError for a kind that is no word."""
        if not _KIND.fullmatch(kind):
            raise ValueError(f"{kind!r} is no kind of secret: lower-case letters, digits and underscores only")
        data, length = _bytes(value), len(_string(value))
        if length < SHORTEST:
            raise UsageError(f"a {kind} of {length} characters is too short to redact; use {SHORTEST} or more")
        if MARK.fullmatch(data):
            return _string(data)
        with self._lock:
            if data not in self._secrets:
                self._admit(kind, length)
                whole = kind in _WHOLE or _is_json(data) or _repeats_itself(data)
                secret = Secret(data, kind, self._mark(data, kind), whole)
                try:
                    self._finder.add(secret)
                except TooManyAlike:
                    raise TooMuchSecret(f"a {kind} that ends as too many others of this run do") from None
                self._secrets[data] = secret
            return self._secrets[data].mark

    def _admit(self, kind: str, length: int) -> None:
        if length > LONGEST:
            raise TooMuchSecret(f"a {kind} of {length:,} characters is too long to redact; the longest has {LONGEST:,}")
        if self._length + length > MOST:
            raise TooMuchSecret(f"a {kind} too many: the secrets of this run have more than {MOST:,} characters")
        self._length += length

    def mark(self, value: str | bytes) -> str | None:
        """The mark of a registered secret, else None."""
        secret = self._secrets.get(_bytes(value))
        return secret.mark if secret else None

    def text(self, text: str) -> str:
        """The text with every form of every secret, and what looks like one, replaced by marks. Idempotent.

        Surrogates that stand alone, as JSON can escape them, are no text and could not be written: they are replaced.
        """
        data = text.encode("utf-8", "surrogatepass")
        return self._redact(data, whole_characters=True).decode("utf-8", "replace")

    def data(self, data: bytes) -> bytes:
        """The same for bytes."""
        return self._redact(data)

    def headers(self, headers: Headers) -> tuple[tuple[str, str], ...]:
        """Header fields redacted with the help of their names: cookies and credentials, registered or not."""
        redacted = []
        for name, value in _pairs(headers):
            line = self.text(f"{name}: {value}")
            redacted.append((name, line[len(name) + 2 :]) if line.startswith(f"{name}: ") else (name, line))
        return tuple(redacted)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of secrets registered, sorted."""
        with self._lock:
            return tuple(sorted({secret.kind for secret in self._secrets.values()}))

    def secrets(self) -> tuple[Secret, ...]:
        """All secrets registered, for a scan. Never to be written anywhere."""
        with self._lock:
            return tuple(self._secrets.values())

    def publish(self, *texts: str) -> None:
        """Text that everybody may read. A target may make its codes and tokens of such words, as of its own URLs."""
        with self._lock:
            self._public.update(dict.fromkeys(_bytes(text) for text in texts if len(text) >= SHORTEST))

    @property
    def public(self) -> bytes:
        """All that was published, for a scan: a text a line."""
        with self._lock:
            return b"\n".join(self._public)

    def register_from_response(self, headers: Headers, body: str | bytes) -> tuple[str, ...]:
        """Registers tokens in a JSON body, the code in Location, and cookie values in Set-Cookie. Returns the marks."""
        found = [(name, value) for name, value in _json_secrets(body) if name in _TOKENS]
        for name, value in _pairs(headers):
            if name.lower() == "location":
                found += _url_secrets(value)
            elif name.lower() == "set-cookie":
                found += _cookies(value.partition(";")[0])
        return self._register_all(found)

    def register_from_request(self, url: str, headers: Headers, body: str | bytes = "") -> tuple[str, ...]:
        """Registers secrets in the URL, the Authorization and Cookie headers, and a form or JSON body."""
        found = [*_url_secrets(url), *_json_secrets(body), *_form_secrets(_string(body))]
        for name, value in _pairs(headers):
            if name.lower() == "cookie":
                found += [cookie for pair in value.split(";") for cookie in _cookies(pair)]
            elif name.lower() == "authorization":
                found += _credentials(value)
        return self._register_all(found)

    def _register_all(self, found: Iterable[tuple[str, str]]) -> tuple[str, ...]:
        return tuple(
            self.register(value, kind)
            for kind, value in found
            if len(value) >= SHORTEST and looks_random(_bytes(value))
        )

    def _mark(self, value: bytes, kind: str) -> str:
        digest = hmac.new(self._key, value, hashlib.sha256).hexdigest()[:16]
        return f"{{{{{kind}:{digest}:{len(_string(value))}}}}}"

    def _redact(self, data: bytes, whole_characters: bool = False) -> bytes:
        with self._lock:
            matches = self._finder.find(data)
        return unregistered(marked(data, matches, whole_characters), self._mark)


def _is_json(data: bytes) -> bool:
    """Whether a value is JSON, as a JWS may be (RFC 7515 §7.2): what stands around its parts, such as `": "eyJ`, stands
    in other answers too. Then only the whole of it counts; of the token that it was made from the signature is known.
    """
    return data.lstrip().startswith(b"{")


def _repeats_itself(data: bytes) -> bool:
    """Whether a value is so regular that its parts stand in ordinary text too: then only the whole of it counts."""
    return len(data) >= 64 and len(zlib.compress(data, 1)) * 4 < len(data)


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")


def _string(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


def _pairs(headers: Headers) -> Iterable[tuple[str, str]]:
    return headers.items() if isinstance(headers, Mapping) else headers


def _form_secrets(text: str) -> list[tuple[str, str]]:
    return [(name, value) for name, value in parse_qsl(text) if name in _NAMED]


def _url_secrets(url: str) -> list[tuple[str, str]]:
    before, _, fragment = url.partition("#")  # not by urlsplit, which refuses some of what a target may send
    return _form_secrets(before.partition("?")[2]) + _form_secrets(fragment)


def _json_secrets(body: str | bytes) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []

    def collect(pairs: list[tuple[str, object]]) -> None:
        found.extend((name, value) for name, value in pairs if name in _NAMED and isinstance(value, str))

    with contextlib.suppress(ValueError, RecursionError):  # no JSON, or none that one can read
        json.loads(body, object_pairs_hook=collect)
    return found


def _cookies(pair: str) -> list[tuple[str, str]]:
    value = pair.partition("=")[2].strip().strip('"')
    return [("session_cookie", value)] if value else []


def presented_tokens(credentials: str) -> list[str]:
    """What stands for a token each in a caller's credentials (RFC 6750 §2.1): who sends two, or one among spaces, has
    sent no longer secret, and what stands before a JWT's signature is none."""
    if _is_json(credentials.encode("utf-8", "surrogatepass")):
        return [credentials.strip()]
    return [word for word in re.split(r"[\s,]+", credentials) if word]


def _credentials(authorization: str) -> list[tuple[str, str]]:
    scheme, _, credentials = authorization.strip().partition(" ")
    if scheme.lower() in ("bearer", "dpop"):
        return [("access_token", token) for token in presented_tokens(credentials)]
    if scheme.lower() == "basic":
        with contextlib.suppress(ValueError):
            secret = base64.b64decode(credentials).decode().partition(":")[2]
            return [("client_secret", unquote_plus(secret))]  # RFC 6749 §2.3.1 encodes it as a form value
    return []
