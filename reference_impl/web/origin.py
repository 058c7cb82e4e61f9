"""The proof that a state-changing request comes from the client's own pages; no framework, for web and desktop."""

from __future__ import annotations


def is_same_origin(own: str, sender: str | None, site: str | None) -> bool:
    """Tell whether a request was sent by a page of the origin ``own``, a sibling subdomain not included.

    ``sender`` is the request's Origin and ``site`` its Sec-Fetch-Site; browsers set both, and no script can.
    Sec-Fetch-Site decides where it is there; Origin may then be "null", which is what a form on a page with
    ``Referrer-Policy: no-referrer`` sends (Fetch §3.2). Without it only the exact Origin counts, and a request with
    neither is refused (OWASP ASVS 5.0.0 3.5.1).
    """
    if site is None:
        return sender == own
    return site == "same-origin" and sender in (own, "null")
