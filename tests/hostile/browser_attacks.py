"""What a hostile issuer does to a user who logs in by a browser, and what a run may say of it."""

from __future__ import annotations

from tests.hostile.attacks import BOMB, DOUBLE_BOMB, LOOP, Hostility, abort, aborts_half_way, floods, sends
from tests.hostile.issuer import Attack
from tests.hostile.scripted import head

__all__ = ["BROWSER_ATTACKS", "FORM", "LATE", "SLOW_ATTACKS", "page"]

AUTHORIZE, LOGIN = ("authorize",), ("login",)
FORM = (
    '<form action="/login" method="post"><input name="user"><input type="password" name="password"><button>Go</button>'
)
HTML = "Content-Type: text/html; charset=utf-8"


def page(html: str) -> bytes:
    body = html.encode("utf-8", "surrogatepass")
    return head(HTML, f"Content-Length: {len(body)}") + body


def shows(html: str) -> Attack:
    return sends(page(html))


LATE = "timed out: no whole answer|given no answer"
CUT = "cut off after 60,000 characters"
GONE = "the browser says: "
NO_CODE = "ended without a code"
NO_END = "came to no end in 40 pages|ended without a code"  # as the machine is fast or busy
SLOW_ATTACKS = (
    Hostility("drip of headers", floods(b"HTTP/1.1 200 OK\r\nX: ", b"x", 0.02), LATE, AUTHORIZE),
    Hostility("drip of a body", floods(head(HTML), b"x", 0.02), LATE, LOGIN),
    Hostility("silence", floods(b"", b"", 0.02), LATE, LOGIN),
)
BROWSER_ATTACKS = (
    Hostility("endless body", floods(head(HTML), b"<p>x</p>" * 8192), CUT, LOGIN),
    Hostility("redirect loop", sends(LOOP), "TooManyRedirects|HTTP 302|the browser says", AUTHORIZE),
    Hostility("page that loads itself", shows("<meta http-equiv=refresh content=0>"), NO_END, AUTHORIZE),
    Hostility("reset", abort, GONE, AUTHORIZE),
    Hostility("reset half-way", aborts_half_way, "broke off", LOGIN),
    Hostility("form that sends itself", shows(f"{FORM}<script>document.forms[0].submit()</script>"), NO_END, LOGIN),
    Hostility("gzip bomb", sends(head(HTML, "Content-Encoding: gzip"), BOMB), CUT, LOGIN),
    Hostility("nested gzip bomb", sends(head(HTML, "Content-Encoding: gzip, gzip"), DOUBLE_BOMB), CUT, LOGIN),
    Hostility("windows without end", shows(f"{FORM}<script>for(;;)open('/me')</script>"), NO_CODE, LOGIN),
    Hostility("dialogs without end", shows(f"<script>for(;;)alert(1)</script>{FORM}"), NO_CODE, LOGIN),
    Hostility("script without end", shows(f"{FORM}<script>onload=()=>{{for(;;);}}</script>"), NO_CODE, LOGIN),
    Hostility("script that stops who types", shows(f"<body oninput='for(;;);'>{FORM}"), NO_CODE, LOGIN),
)
