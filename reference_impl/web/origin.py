"""The proof that a state-changing request comes from the client's own pages; no framework, for web and desktop."""

from __future__ import annotations

from collections.abc import Mapping


def is_same_origin(headers: Mapping[str, str], origin: str) -> bool:
    """Tell whether a request was sent by a page of ``origin`` itself, a sibling subdomain not included.

    Browsers set both headers and no script can (Fetch §2.2.2). ``Sec-Fetch-Site`` decides where it is there; Origin
    may then be "null", which is what a form on a page with ``Referrer-Policy: no-referrer`` sends (Fetch §3.2).
    Without it only the exact Origin counts, and a request with neither is refused (OWASP ASVS 5.0.0 3.5.1).
    """
    site, sender = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    if site is None:
        return sender == origin
    return site == "same-origin" and sender in (origin, "null")
