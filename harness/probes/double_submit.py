"""Double-submit cookies: a value in a cookie and in a form that a server only compares with one another (OWASP CSRF
Prevention Cheat Sheet). Such a pair is bound to no key and no session: anybody can invent one."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Mapping

__all__ = ["invented_pair"]

_NAMED = re.compile(r"csrf|xsrf", re.I)
_CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits)


def invented_pair(cookies: str, fields: Mapping[str, str]) -> tuple[str, dict[str, str]] | None:
    """The Cookie header and the form with values of the same shape that nobody gave out, and no other cookie; None
    where no cookie has a field that belongs to it, by its value or, as some mask it, by its name. They are secrets."""
    sent, form = dict[str, str](), dict(fields)
    for name, value in _read(cookies).items():
        own = [
            f for f, told in fields.items() if value and (told == value or (_NAMED.search(f) and _NAMED.search(name)))
        ]
        if own:
            sent[name] = _like(value)
            form |= dict.fromkeys(own, sent[name])
    return ("; ".join(f"{name}={value}" for name, value in sent.items()), form) if sent else None


def _read(cookies: str) -> dict[str, str]:
    """A Cookie header (RFC 6265 §4.2.1)."""
    pairs = (pair.strip().partition("=") for pair in cookies.split(";"))
    return {name: value for name, equals, value in pairs if equals}


def _like(value: str) -> str:
    """As long, and each letter and digit another of its kind."""
    return "".join(next((secrets.choice(kind) for kind in _CLASSES if one in kind), one) for one in value)
