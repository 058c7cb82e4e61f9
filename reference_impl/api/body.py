"""What comes in the body of a request, from whoever sends one."""

from __future__ import annotations

from flask import request


def json_body() -> object:
    """Return the JSON of the request under way; None for what is none, or is nested too deep to be read."""
    try:
        return request.get_json(silent=True)
    except RecursionError:
        return None


def is_unicode(text: str) -> bool:
    """Say whether a text can be written down: JSON can escape half a surrogate pair, which no encoding has."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
