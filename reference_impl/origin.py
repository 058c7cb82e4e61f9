"""What an origin is, the form of every address in a configuration: scheme, host and perhaps a port (RFC 6454 §4)."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv6Address

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_USERINFO = re.compile(r"^([a-z][a-z0-9+.-]*://|(?=[^/]*:)).*@", re.DOTALL | re.IGNORECASE)
_QUERY = re.compile(r"(?<=://)([^?#]*)[?#].*", re.DOTALL)
_ORIGIN = re.compile(rf"([a-z]+)://(?:({_LABEL}(?:\.{_LABEL})*)|\[([0-9a-f:.]+)\])(?::([1-9][0-9]{{0,4}}))?")


def host_of_origin(url: str, *schemes: str) -> str:
    """Return the host of a URL that is an origin of one of these schemes and nothing more, no user, no path, no query,
    written as browsers write it; "" for any other."""
    found = _ORIGIN.fullmatch(url)
    if found is None or found[1] not in schemes or int(found[4] or 1) > 65_535:
        return ""
    try:
        return found[2] or str(IPv6Address(found[3]))
    except AddressValueError:
        return ""


def without_credentials(text: str) -> str:
    """Return a text that may be a URL without what such a one may hold of credentials: its user, password and query
    (RFC 3986 §3.2.1)."""
    return _QUERY.sub(r"\1?…", _USERINFO.sub(r"\1…@", text))
