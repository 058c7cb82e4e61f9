"""What a hostile issuer does, each attack with the steps at which it does it, and what a run may say of it."""

from __future__ import annotations

import base64
import gzip
import json
import os
import socket
import time
from collections.abc import Collection
from dataclasses import dataclass

from tests.hostile.issuer import STEPS, Attack
from tests.hostile.scripted import endlessly, head, reset

__all__ = ["ATTACKS", "EVIL", "KEYS", "Hostility", "evil_strings", "jwt_of", "sends"]

EVERYWHERE = tuple(dict.fromkeys(STEPS.values()))
# Acts in a page, in a terminal, on the direction of reading, in Markdown, in a formula, in XML, in Rich's markup.
EVIL = (
    "</script><script>window.pwned=1</script><img src=x onerror=window.pwned=1>'\"><svg/onload=window.pwned=1>"
    "\x1b[31m\x1b]0;pwned\x07\x1b[2J\x9b2J\x08\x00\u202eevil\u2066\u200f{{7*7}}${7*7}`id`$(id)\u2028"
    "[red]x[/red](javascript:window.pwned=1)![x](http://evil.example/x)=1+1|\r\n<!--]]>&#x3c;\ud800"
)
BOMB = gzip.compress(bytes(30_000_000), 1)
DOUBLE_BOMB = gzip.compress(gzip.compress(bytes(300_000_000), 1))


@dataclass(frozen=True)
class Hostility:
    """An attack at these steps. `told` is a pattern of the reason for which findings that need these steps are unknown;
    "" where the attack is none against what is judged: then the findings are those of an honest issuer."""

    name: str
    attack: Attack
    told: str
    steps: Collection[str] = EVERYWHERE


def sends(*pieces: bytes) -> Attack:
    return lambda connection, step, honest: connection.sendall(b"".join(pieces))


def floods(opening: bytes, piece: bytes, pause: float = 0.0) -> Attack:
    def attack(connection: socket.socket, step: str, honest: bytes) -> None:
        connection.sendall(opening)
        endlessly(connection, piece, pause)

    return attack


def abort(connection: socket.socket, step: str = "", honest: bytes = b"") -> None:
    """Reset the connection, whoever else holds it."""
    reset(connection)
    os.close(connection.detach())


def aborts_half_way(connection: socket.socket, step: str, honest: bytes) -> None:
    connection.sendall(honest[: len(honest) // 2])
    time.sleep(0.02)
    abort(connection)


def claims_length(delta: int) -> Attack:
    """Says that the body is so many bytes longer than it is."""

    def attack(connection: socket.socket, step: str, honest: bytes) -> None:
        start, _, body = honest.partition(b"\r\n\r\n")
        lines = [line for line in start.split(b"\r\n") if not line.lower().startswith(b"content-length")]
        length = b"Content-Length: %d" % max(0, len(body) + delta)
        connection.sendall(b"\r\n".join([*lines, length]) + b"\r\n\r\n" + body)

    return attack


def json_answer(data: object, *lines: str, status: str = "200 OK") -> bytes:
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    return head("Content-Type: application/json", f"Content-Length: {len(body)}", *lines, status=status) + body


def with_lines(*lines: str) -> Attack:
    """The honest answer with more header lines."""

    def attack(connection: socket.socket, step: str, honest: bytes) -> None:
        start, _, body = honest.partition(b"\r\n\r\n")
        connection.sendall(start + "".join(f"\r\n{line}" for line in lines).encode("latin-1") + b"\r\n\r\n" + body)

    return attack


def evil_strings(connection: socket.socket, step: str, honest: bytes) -> None:
    """Hostile in every string that an issuer may choose: metadata, page, header, reason phrase, error, token, key."""
    line = EVIL.encode("utf-8", "surrogatepass").replace(b"\r\n", b"").replace(b"\x00", b"")
    if step in ("metadata", "keys"):
        told = {**json.loads(honest.partition(b"\r\n\r\n")[2] or b"{}"), "service_documentation": EVIL, EVIL: EVIL}
        connection.sendall(json_answer({**told, "scopes_supported": [EVIL], "kid": EVIL}))
    elif step == "token":
        error = {"error": EVIL, "error_description": EVIL, "error_uri": f"javascript:{EVIL}"}
        connection.sendall(json_answer(error, status="400 Bad"))
    elif step == "authorize":
        page = f"<title>{EVIL}</title><h1>{EVIL}</h1>".encode("utf-8", "surrogatepass")
        lines = (b"X-Evil: " + line, b"Server: " + line, b"Location: http://127.0.0.1:1/?error=" + line, b"", page)
        connection.sendall(b"HTTP/1.1 302 " + line + b"\r\n" + b"\r\n".join(lines))
    else:
        connection.sendall(honest)


def another_form(connection: socket.socket, step: str, honest: bytes) -> None:
    page = b'<form method="post" action="/login"><input name="user"><input type="password" name="password"></form>'
    connection.sendall(head("Content-Type: text/html", f"Content-Length: {len(page)}") + page)


def jwt_of(payload: bytes) -> str:
    """A token with this payload and a signature that no key made."""

    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    return ".".join(map(part, (b'{"alg":"ES256"}', payload, bytes(64))))


KEY = {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}
KEYS = json.dumps({"keys": [{**KEY, "kid": str(number)} for number in range(100_000)]}).encode()
TOKENS = {"token_type": "Bearer", "expires_in": 10**400, "access_token": jwt_of(b'{"iss":"%s"}' % (b"x" * 1_500_000))}
LONG = {"token_type": "Bearer", "access_token": "aB3" * 9_000}
OTHER_TYPES = {name: [1] for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
CRUMBS = [f"Set-Cookie: c{n}={'x' * 300}{n}; Path=/" for n in range(30)]
NO_END = "came to no end|ended without a code"
LOOP = head("Location: ?", "Content-Length: 0", status="302 Found")
CUT = "cut off after 60,000 characters"
ATTACKS = (
    Hostility("endless body", floods(head("Content-Type: text/plain"), b"x" * 65536), CUT),
    Hostility("endless headers", floods(b"HTTP/1.1 200 OK\r\n", b"X-More: x\r\n" * 100), "got more than 100 headers"),
    Hostility("one endless header", floods(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 65536), "[Ll]ine|header"),
    Hostility("drip of headers", floods(b"HTTP/1.1 200 OK\r\nX: ", b"x", 0.02), "no whole answer within 0.4 s"),
    Hostility("drip of a body", floods(head("Content-Length: 9999"), b"x", 0.02), "no whole answer within 0.4 s"),
    Hostility("silence", lambda connection, step, honest: time.sleep(3), "no whole answer within 0.4 s"),
    Hostility("flood of interim answers", floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 99), "bytes came"),
    Hostility("only early hints", sends(head("Link: </x>", status="103 Early Hints")), "no final answer"),
    Hostility("redirect loop", sends(LOOP), "HTTP 302"),
    Hostility("redirect loop of the login", sends(LOOP), NO_END, ("login",)),
    Hostility("reset", abort, "reset by|closed without an answer"),
    Hostility("reset half-way", aborts_half_way, "reset by|broke off"),
    *(
        Hostility(f"reset at {step}", abort, "reset by|closed without an answer|no answer", (step,))
        for step in ("authorize", "login", "token")
    ),
    Hostility("gzip bomb", sends(head("Content-Encoding: gzip"), BOMB), CUT),
    Hostility("nested gzip bomb", sends(head("Content-Encoding: gzip, gzip"), DOUBLE_BOMB), CUT),
    Hostility("what is no gzip", sends(head("Content-Encoding: gzip"), b"{}"), "not packed as"),
    Hostility("no HTTP", sends(b"\x16\x03\x01\x00\xa5" * 50), "no HTTP is spoken|Line"),
    Hostility("no JSON", sends(json_answer(b'{"issuer": ')), "no metadata"),
    Hostility("deep JSON", sends(json_answer(b'{"issuer":' + b"[" * 50_000 + b"]" * 50_000 + b"}")), "no metadata"),
    Hostility("deep JSON of tokens", sends(json_answer(b"[" * 50_000)), "was not redeemed for a token", ("token",)),
    Hostility("a body that is shorter", claims_length(500), "broke off"),
    Hostility("a body that is longer", claims_length(-9), "no metadata"),
    Hostility("metadata of other types", sends(json_answer(OTHER_TYPES)), "no metadata", ("metadata",)),
    Hostility("cookies without end", with_lines(*CRUMBS), ""),
    Hostility("another form for ever", another_form, NO_END, ("login",)),
    Hostility("a hundred thousand keys", sends(json_answer(KEYS)), "", ("keys",)),
    Hostility("tokens of megabytes", sends(json_answer(TOKENS)), "was not redeemed for a token", ("token",)),
    Hostility("tokens that are too long", sends(json_answer(LONG)), "too long to redact", ("token",)),
)  # fmt: skip
