"""The compact serialisation of a JWS (RFC 7515 §7.1), spelt in the one way there is."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping

SEGMENT = re.compile(r"[A-Za-z0-9_-]*")


class Malformed(ValueError):
    """It is no JWS in compact serialisation."""


def protected_header(token: str) -> Mapping[str, object]:
    """Return the header of a token. Raises Malformed.

    Base64url leaves bits of a last character unused, so that several texts say the same bytes (RFC 4648 §3.5). Only
    the canonical one counts: a token of which anything was altered is another token.
    """
    segments = token.split(".")
    if len(segments) != 3 or not all(segments):
        raise Malformed("it has not three segments")
    try:
        texts = [decoded(segment) for segment in segments]
        header = json.loads(texts[0])
    except (ValueError, RecursionError) as error:
        raise Malformed("its header is no JSON") from error
    if not isinstance(header, dict):
        raise Malformed("its header is no JSON object")
    return header


def decoded(segment: str) -> bytes:
    """Return the bytes of a segment. Raises Malformed unless it is base64url without padding, and canonical."""
    if not SEGMENT.fullmatch(segment) or len(segment) % 4 == 1:
        raise Malformed("a segment is no base64url")
    raw = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != segment:
        raise Malformed("a segment is not spelt canonically")
    return raw
