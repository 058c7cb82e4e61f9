"""Phrases about keys and cookies that must be a stage's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any
from urllib.parse import urljoin, urlsplit

from pytest_bdd import when

from harness.ports import Issuer
from harness.probes import bff
from harness.probes.double_submit import invented_pair
from harness.probes.forms import Form, find_form
from harness.scene import Scene
from steps.stage import places_of, web_of
from steps.token import first_client


@dataclass(frozen=True)
class Begun:
    """What a stage has given to browsers: a login page at the issuer, a callback under way at the web application, and
    a session there; each with the cookie that belongs to it ("" where there is none)."""

    at: Issuer
    page: str
    form: Form | None = field(repr=False)
    issuer_cookie: str = field(repr=False)
    callback: str = field(default="", repr=False)
    flow_cookie: str = field(default="", repr=False)
    session_cookie: str = field(default="", repr=False)


@when("each stage publishes its keys")
def fetch_keys(issuers: dict[str, Issuer]) -> None:
    for at in issuers.values():
        at.new_agent().get("published keys", at.metadata["jwks_uri"], role="jwks")


@when("what each stage gives to browsers, in the middle of a login and after it, is presented to each other stage")
def present_cookies(scene: Scene, issuers: dict[str, Issuer]) -> None:
    begun = {stage: begin_at_issuer(at) for stage, at in issuers.items()}
    with scene.where_offered():
        begun = {stage: begin_at_web(one) for stage, one in begun.items()}
    for own, other in permutations(begun.values(), 2):
        present(own, other)


def begin_at_issuer(at: Issuer) -> Begun:
    agent = at.new_agent()
    shown = at.authorize("a login page", first_client(at), None, agent=agent).answer
    return Begun(at, shown.url, find_form(shown.text), agent.cookies_for(shown.url))


def begin_at_web(begun: Begun) -> Begun:
    """The same with a callback that was not followed, and with a session. Raises NotOffered without a web client."""
    at, web, user = begun.at, web_of(begun.at), begun.at.address.users["existing"]
    waiting, signed_in = at.new_agent(), at.new_agent()
    login = bff.log_in(waiting, "a web login that waits", web, user, stop_at_callback=True)
    bff.log_in(signed_in, "a web login", web, user)
    for place in places_of(at):  # that the cookie is one
        signed_in.get("session at home", f"{web}{place}", place=place)
    flow, session = waiting.cookies_for(login.callback), signed_in.cookies_for(f"{web}/")
    return Begun(at, begun.page, begun.form, begun.issuer_cookie, login.callback, flow, session)


def present(own: Begun, other: Begun) -> None:
    """Bring it to the other stage's hosts: with the cookie, and without any as a stranger does."""
    to, about = other.at, {"origin": own.at.stage}
    if own.form is not None and own.issuer_cookie:
        present_form(to, _moved(urljoin(own.page, own.form.action), to.address.issuer), filled(own.form, to),
                     own.issuer_cookie, about)  # fmt: skip
    if own.flow_cookie:
        _both(to, "callback", _moved(own.callback, to.address.web), own.flow_cookie, about)
    for place in places_of(to) if own.session_cookie else ():
        _both(to, "session", f"{to.address.web}{place}", own.session_cookie, {**about, "place": place})


def present_form(to: Issuer, url: str, form: Mapping[str, str], cookie: str, about: Mapping[str, str]) -> None:
    """And with a pair of cookie and field that no stage gave out: where that does as well, nothing is a stage's own."""
    _both(to, "login form", url, cookie, about, form, to.address.issuer)
    if pair := invented_pair(cookie, form):
        headers = {"Origin": bff.origin_of(to.address.issuer), "Cookie": pair[0]}
        _send(to, "login form with an invented pair", "POST", url, pair[1], headers, about)


def filled(form: Form, to: Issuer) -> dict[str, str]:
    """The form as the other stage's user would send it."""
    user = to.address.users["existing"]
    names = dict.fromkeys(form.text_fields[:1], user.name) | dict.fromkeys(form.password_fields[:1], user.password)
    return {**form.fields, **names, **{name: values[0] for name, values in form.buttons.items()}}


def _both(
    to: Issuer, what: str, url: str, cookie: str, about: Mapping[str, str],
    form: Mapping[str, str] | None = None, origin: str = "",
) -> None:  # fmt: skip
    method, named = ("GET", {}) if form is None else ("POST", {"Origin": bff.origin_of(origin)})
    for case, headers in (("without", named), ("with", {**named, "Cookie": cookie})):
        _send(to, f"{what} {case} a foreign cookie", method, url, form, headers, about)


def _send(
    to: Issuer, case: str, method: str, url: str, form: Mapping[str, str] | None, headers: Mapping[str, str],
    about: Mapping[str, str],
) -> None:  # fmt: skip
    told: dict[str, Any] = dict(about)  # `Any`: beside options of other types
    to.new_agent().send(case, method, url, form=form, headers=headers, **told)


def _moved(url: str, to: str) -> str:
    """The URL on the other stage's host."""
    there = urlsplit(to)
    return urlsplit(url)._replace(scheme=there.scheme, netloc=there.netloc).geturl()
