"""Where a sign-in may lead to in the end: a page of the client itself, and nowhere else (ASVS 5.0.0 3.7.2)."""

from __future__ import annotations

import re

HOME = "/"
_LONGEST = 200  # characters
# Only what needs no escaping: no `//`, no backslash, no percent sign, so that no two readers can disagree about it.
_LOCAL = re.compile(r"(?:/[A-Za-z0-9._~-]+)+/?(?:\?[A-Za-z0-9._~=&-]*)?")


def local_path(asked: str | None) -> str:
    """Return the path that was asked for if it is plainly one of this origin, else the home page."""
    return asked if asked and len(asked) <= _LONGEST and _LOCAL.fullmatch(asked) else HOME
