"""Phrases about where a web client leads its user after a login, a logout and an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode, urljoin

from pytest_bdd import when

from harness.ports import Issuer
from harness.probes import bff
from harness.probes.forms import read_page
from harness.probes.http import HttpProbe
from harness.scene import Scene
from steps.stage import web_of
from steps.token import issuer

EVIL, MARKER = "evil.authassay.test", "smuggled"  # a host that exists nowhere (RFC 6761 §6.2)
NAMES = (
    *("next", "redirect", "redirect_uri", "redirect_url", "return_to", "returnTo", "return", "url", "continue"),
    *("post_logout_redirect_uri", "RelayState", "target", "goto"),
)
VALUES: Mapping[str, Callable[[str], str]] = {
    "two slashes": lambda own: f"//{EVIL}",
    "a slash and a backslash": lambda own: f"/\\{EVIL}",
    "a scheme without slashes": lambda own: f"https:{EVIL}",
    "another scheme without slashes": lambda own: f"http:{EVIL}",
    "its own host as a user name": lambda own: f"{own}@{EVIL}",
    "encoded slashes": lambda own: f"%2f%2f{EVIL}",
    "a tab between the slashes": lambda own: f"/\t/{EVIL}",
    "another host": lambda own: f"https://{EVIL}/",
    "a host that begins like its own": lambda own: f"{own}.{EVIL}",
    "javascript": lambda own: f"javascript:{MARKER}()",
    "data": lambda own: f"data:text/html,{MARKER}",
    "a line end and a header": lambda own: f"/\r\nX-{MARKER}: 1",
    "very long": lambda own: f"/{'a' * 3000}//{EVIL}",
}


@when("the user logs in, logs out and meets an error, while every parameter asks for one of these places")
def ask_to_be_led_away(scene: Scene, datatable: list[list[str]]) -> None:
    at = issuer(scene)
    web, user = web_of(at), at.address.users["existing"]
    for (name,) in datatable[1:]:
        query = urlencode(dict.fromkeys(NAMES, VALUES[name](web)))
        about = {"value": name, "evil": EVIL, "marker": MARKER}
        agent = at.new_agent()
        start = agent.get("login", f"{web}/login", query=query, role="web", **about)
        bff.walk(agent, "login", start, user, home=web, about=about)
        follow(agent, "login of somebody signed in", f"{web}/login?{query}", about)
        log_out(agent, web, query, about)
        follow(at.new_agent(), "error", f"{web}/callback?error=access_denied&state=x&{query}", about)


def follow(agent: HttpProbe, case: str, url: str, about: Mapping[str, str]) -> None:
    """GET it, and whatever it redirects to, twice at most."""
    told: dict[str, Any] = {"role": "web", **about}
    for _ in range(3):
        if not url:
            break
        url = agent.get(case, url, **told).location


def log_out(agent: HttpProbe, web: str, query: str, about: Mapping[str, str]) -> None:
    """By the form of the first page, with the parameters in its address and among its fields."""
    told: dict[str, Any] = {"role": "web", **about}
    page = agent.get("before the logout", f"{web}/", **told)
    forms = [form for form in read_page(page.text).forms if "out" in form.action and form.method == "POST"]
    action = urljoin(page.url, forms[0].action) if forms else f"{web}/logout"
    fields = dict(pair.split("=", 1) for pair in query.split("&"))
    headers = {"Origin": bff.origin_of(web)}
    answer = agent.post("logout", f"{action}?{query}", fields, headers=headers, **told)
    if answer.location:
        follow(agent, "logout", answer.location, about)


@when("a page of the client's own is asked for by a user who is to log in, and by one who is signed in")
def ask_for_own_page(scene: Scene) -> None:
    at = issuer(scene)
    with scene.where_offered():
        wanted, query = own_page(at)
        web, agent = web_of(at), at.new_agent()
        start = agent.get("on the way", f"{web}/login", query=query, role="web")
        walked = bff.walk(agent, "on the way", start, at.address.users["existing"], home=web)
        about: dict[str, Any] = {"role": "web", "wanted": wanted}
        agent.get("a page of its own", walked.end.url, **about, moment="a login")
        led = agent.get("on the way", f"{web}/login", query=query, role="web")
        agent.get("a page of its own", led.location or led.url, **about, moment="somebody signed in")


def own_page(at: Issuer) -> tuple[str, str]:
    """A path of the client, and the query that asks for it. Raises NotOffered where none is documented."""
    if not at.address.return_parameter:
        raise at.address.not_offered("return target", "no parameter is described that says where a login leads to")
    path = at.address.return_path
    return path, urlencode({at.address.return_parameter: path})
