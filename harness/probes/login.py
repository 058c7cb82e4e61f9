"""How a test user gets through the pages of a login, as a description tells it, over plain HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol
from urllib.parse import urlencode, urljoin, urlsplit

from harness.probes.forms import Control, Form, Page, find_form, read_page
from harness.probes.http import Answer, HttpProbe

__all__ = [
    "DECLINES",
    "PLACEHOLDERS",
    "FormLogin",
    "Journey",
    "Login",
    "LoginStep",
    "User",
    "Walk",
    "filled_in",
    "walk_forms",
]

MAX_HOPS = 10  # redirects and pages between the authorization request and its end
PLACEHOLDERS = ("name", "password")
"""What a step's value may take from the user who logs in, in braces."""
# What users who decline look for, unless a description says better.
DECLINES = ("cancel", "decline", "deny", "reject", "abort", "no", "not now")


@dataclass(frozen=True)
class User:
    """A test user. The password is a secret."""

    name: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class LoginStep:
    """One thing that the user does: fills a field with a value, or clicks on something, or waits, so many seconds or
    until something is there (in a browser only). An `optional` step is left out where its page does not show.

    A field or something to click on is named by a word (a name, an id, the text on a button or link), or in a browser
    by a CSS selector as well.
    """

    fill: str = ""
    value: str = field(default="", repr=False)
    click: str = ""
    wait: float | str = 0.0
    optional: bool = False


@dataclass(frozen=True)
class Login:
    """How users log in. Without steps: the first text field, the first password field, the first button of whatever
    forms are shown. `decline` is what a user clicks on who declines; "": whatever says cancel, deny or the like."""

    by: Literal["form", "browser"] = "form"
    steps: tuple[LoginStep, ...] = ()
    decline: str = ""


@dataclass(frozen=True)
class Journey:
    """A code request that a user agent is to go through with. `user` None: up to the first page; `deny`: the user
    declines; `ends`: whether a redirect to this URL is the authorization response, or leads elsewhere, and is not
    followed; `about` goes into each observation of `case`."""

    case: str
    url: str = field(repr=False)
    login: Login
    user: User | None
    deny: bool
    ends: Callable[[str], bool]
    about: Mapping[str, str]


class Walk(Protocol):
    """A way to go through a journey, by this user agent."""

    def __call__(self, agent: HttpProbe, journey: Journey) -> tuple[Answer, bool]:
        """The last answer, and whether the user found the way to decline."""


def walk_forms(agent: HttpProbe, journey: Journey) -> tuple[Answer, bool]:
    """Follow redirects, and submit forms as they are written."""
    pages = FormLogin(journey.login, journey.user, journey.deny) if journey.user else None
    answer = agent.get(journey.case, journey.url, role="authorize", **journey.about)
    for _ in range(MAX_HOPS):
        if answer.location:
            if journey.ends(answer.location):
                break
            answer = agent.get(journey.case, answer.location, role="authorize", **journey.about)
            continue
        left = pages.leave(answer.url, answer.text) if pages and answer.status == 200 else None
        if left is None:
            break
        answer = _send(agent, answer.url, left, journey)
    return answer, pages is not None and pages.declined


def _send(agent: HttpProbe, page: str, left: Submission, journey: Journey) -> Answer:
    if left.method == "GET":
        query = urlencode(left.form) if left.form else ""
        return agent.get(journey.case, left.url, query=query, role="login", **journey.about)
    parts = urlsplit(page)
    headers = {"Origin": f"{parts.scheme}://{parts.netloc}"}
    return agent.post(journey.case, left.url, left.form, headers=headers, role="login", **journey.about)


@dataclass(frozen=True)
class Submission:
    """The request by which a page is left; `form` is None for a link."""

    method: str
    url: str
    form: Mapping[str, str] | None = field(default=None, repr=False)


def filled_in(value: str, user: User) -> str:
    """The value with the user's name and password in place of `{name}` and `{password}`."""
    return value.replace("{name}", user.name).replace("{password}", user.password)


class FormLogin:
    """One user going through one login: asked page by page how it is left. `declined`: the way out was found."""

    def __init__(self, login: Login, user: User, deny: bool) -> None:
        self._login, self._user, self._deny = login, user, deny
        self._steps = list(login.steps)
        self.declined = False

    def leave(self, url: str, html: str) -> Submission | None:
        """How the user leaves this page; None where it shows nothing that the description knows."""
        page = read_page(html)
        way_out = self._way_out(page) if self._deny else None
        if way_out:
            self.declined = True
            return _press(url, *way_out, {})
        return self._by_steps(url, page) if self._login.steps else self._by_custom(url, html)

    def _way_out(self, page: Page) -> tuple[Form | None, Control] | None:
        words = (self._login.decline,) if self._login.decline else DECLINES
        return next((found for found in page.controls() if any(found[1].is_called(word) for word in words)), None)

    def _by_custom(self, url: str, html: str) -> Submission | None:
        """The first button of the form that asks for a password, or of the only kind there is."""
        form = find_form(html)
        if form is None:
            return None
        filled = dict.fromkeys(form.text_fields[:1], self._user.name) if form.password_fields else {}
        filled |= dict.fromkeys(form.password_fields[:1], self._user.password)
        return _press(url, form, next(iter(form.controls), Control()), filled)

    def _by_steps(self, url: str, page: Page) -> Submission | None:
        filled: dict[str, str] = {}
        while self._steps:
            step = self._steps[0]
            if step.click:
                found = next((each for each in page.controls() if each[1].is_called(step.click)), None)
            else:
                found = None
            if found:
                self._steps.pop(0)
                return _press(url, *found, filled)
            if not self._done_here(step, page, filled) and not step.optional:
                return None
            self._steps.pop(0)
        form = next((form for form in page.forms if filled.keys() & form.fields.keys()), None)
        return _press(url, form, next(iter(form.controls), Control()), filled) if form else None

    def _done_here(self, step: LoginStep, page: Page, filled: dict[str, str]) -> bool:
        """Wait, or fill a field of the page."""
        if step.wait:
            time.sleep(step.wait if isinstance(step.wait, float | int) else 0)
            return True
        name = next((name for form in page.forms if (name := form.field_called(step.fill))), "")
        if name:
            filled[name] = filled_in(step.value, self._user)
        return bool(name)


def _press(url: str, form: Form | None, control: Control, filled: Mapping[str, str]) -> Submission:
    if form is None:
        return Submission("GET", urljoin(url, control.href))
    fields = {**form.fields, **{name: value for name, value in filled.items() if name in form.fields}}
    if control.name:
        fields[control.name] = control.value
    return Submission("GET" if form.method == "GET" else "POST", urljoin(url, form.action or url), fields)
