"""The body of a page that a browser is about to show: read within a bound, and handed on to the browser then."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import CDPSession

__all__ = ["DocumentBody", "hand_on", "read_body"]

PIECE = 65_536
BODILESS = (204, 205, 304)  # RFC 9110 §15.3.5, §15.3.6, §15.4.5


@dataclass(frozen=True)
class DocumentBody:
    """`size` is one more than the bound where the body was cut there. `streamed`: the browser has none of it any more,
    and is to be given it. `lacking`: how many bytes did not come that were announced."""

    content: bytes = b""
    size: int = 0
    streamed: bool = False
    lacking: int = 0


def read_body(browser: CDPSession, event: Mapping[str, Any], most: int) -> DocumentBody:
    """What the answer of this `Fetch.requestPaused` holds. Of a body that does not say how long it is, no more than
    `most` bytes are taken: Chromium would hold all of it in memory, and end with it."""
    request = {"requestId": event["requestId"]}
    status = int(event["responseStatusCode"])
    if 300 <= status < 400 or status in BODILESS:
        return DocumentBody()
    length = _length(event)
    if length is not None and length <= most:
        content = _bytes(browser.send("Fetch.getResponseBody", request), "body")
        return DocumentBody(content[:most], min(len(content), most + 1), lacking=max(0, length - len(content)))
    stream = {"handle": browser.send("Fetch.takeResponseBodyAsStream", request)["stream"]}
    content, ended = b"", False
    while not ended and len(content) <= most:
        piece = browser.send("IO.read", {**stream, "size": PIECE})
        content, ended = content + _bytes(piece, "data"), piece["eof"]
    browser.send("IO.close", stream)
    return DocumentBody(content[:most], min(len(content), most + 1), streamed=True)


def hand_on(browser: CDPSession, event: Mapping[str, Any], body: DocumentBody) -> None:
    """Let the browser show the page. Its cookies are in the jar already."""
    if not body.streamed:
        browser.send("Fetch.continueRequest", {"requestId": event["requestId"]})
        return
    given = {name: event[name] for name in ("requestId", "responseHeaders") if name in event}
    content = base64.b64encode(body.content).decode()
    browser.send("Fetch.fulfillRequest", {**given, "responseCode": event["responseStatusCode"], "body": content})


def _length(event: Mapping[str, Any]) -> int | None:
    """How long the body is, where its answer says so of it as it is shown."""
    told = {each["name"].lower(): each["value"] for each in event.get("responseHeaders", ())}
    length = told.get("content-length", "")
    return int(length) if "content-encoding" not in told and length.isdecimal() else None


def _bytes(told: Mapping[str, Any], name: str) -> bytes:
    return base64.b64decode(told[name]) if told.get("base64Encoded") else str(told[name]).encode()
