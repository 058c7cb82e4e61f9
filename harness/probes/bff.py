"""A web application that keeps its tokens on the server, met over plain HTTP as a browser without scripts meets it.

Redirects are followed and forms submitted by hand: every exchange is recorded, and a login can be stopped half-way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urljoin, urlsplit

from harness.probes.forms import Form, find_form
from harness.probes.http import Answer, HttpProbe
from harness.probes.login import User

__all__ = ["WebLogin", "log_in", "origin_of", "walk"]

MAX_HOPS = 12  # redirects and forms from the first page to the last


@dataclass(frozen=True)
class WebLogin:
    """Where a login ended, and the callback that it came by, with its code ("" where none came)."""

    end: Answer
    callback: str = field(repr=False)


def log_in(
    agent: HttpProbe,
    case: str,
    web: str,
    user: User,
    *,
    stop_at_callback: bool = False,
    about: Mapping[str, str] | None = None,
) -> WebLogin:
    """Log in at the web application `web`. With `stop_at_callback` the callback is not followed.

    It ends at the application's first page after the callback.
    """
    start = agent.get(case, f"{web}/", role="web", **(about or {}))
    return walk(agent, case, start, user, home=web, stop_at_callback=stop_at_callback, about=about)


def walk(
    agent: HttpProbe,
    case: str,
    start: Answer,
    user: User,
    *,
    home: str,
    stop_at_callback: bool = False,
    about: Mapping[str, str] | None = None,
) -> WebLogin:
    """Go on from `start`: follow redirects, press the only button there is, and fill in a login form as `user`."""
    answer, callback, told = start, "", dict(about or {})
    for _ in range(MAX_HOPS):
        if answer.location:
            if _is_callback(answer.location, home):
                callback = answer.location
                if stop_at_callback:
                    break
            answer = agent.get(case, answer.location, role="web", **told)
            continue
        form = None if callback or answer.status != 200 else find_form(answer.text)
        if form is None:
            break
        target, headers = urljoin(answer.url, form.action), {"Origin": origin_of(answer.url)}
        answer = agent.post(case, target, _filled(form, user), headers=headers, role="web", **told)
    return WebLogin(answer, callback)


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL (RFC 6454 §4)."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _is_callback(location: str, home: str) -> bool:
    """Whether a redirect brings an authorization response to the application."""
    answered = parse_qs(urlsplit(location).query)
    return origin_of(location) == origin_of(home) and ("code" in answered or "error" in answered)


def _filled(form: Form, user: User) -> dict[str, str]:
    """The form as the user sends it, by its first button."""
    filled = dict(form.fields)
    if form.password_fields:
        filled.update(dict.fromkeys(form.text_fields[:1], user.name))
        filled.update(dict.fromkeys(form.password_fields[:1], user.password))
    return {**filled, **{name: values[0] for name, values in form.buttons.items()}}
