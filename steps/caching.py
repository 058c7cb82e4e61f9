"""Phrases about caches: what says that nobody may keep it, what a browser keeps, and what a shared cache gives away."""

from __future__ import annotations

import secrets
from urllib.parse import urljoin

from pytest_bdd import given, when

from harness.ports import Issuer, WebClient
from harness.probes import bff
from harness.probes.crawl import crawl
from harness.probes.forms import find_form, read_page
from harness.probes.http import HttpProbe
from harness.probes.revocation import find_revocation_endpoint
from harness.probes.shared_cache import CachingClient, PublicOrigin, SharedCache
from harness.probes.stage_address import Client, Route
from harness.scene import Scene
from steps.token import issuer, log_in
from steps.web import browser_of

PUBLIC = "https://public.authassay.test/"  # a name that exists nowhere (RFC 6761 §6.2)


@when("each client asks the issuer's endpoints, rightly and wrongly")
def ask_issuer(scene: Scene, clients: list[Client]) -> None:
    at = issuer(scene)
    for client in clients:
        about = {"client": client.client_id}
        grant = log_in(scene, "login", client)
        with scene.where_offered():
            at.authorize("declined login", client, at.address.users["existing"], deny=True, about=about)
        refuse_login(at, client)
        if grant.refresh_token:
            at.refresh("refresh", grant.refresh_token, client, about=about)
        at.refresh("refused refresh", secrets.token_urlsafe(32), client, about=about)
        with scene.where_offered():
            endpoint = find_revocation_endpoint(at, "search for the endpoint", client)
            at.revoke("revocation", grant.access_token, client, endpoint=endpoint, about=about)
            at.revoke("refused revocation", "", client, changes={"token": None}, endpoint=endpoint, about=about)


def refuse_login(at: Issuer, client: Client) -> None:
    """One try under a name that nobody has, so that nobody is locked out by it."""
    agent, about = at.new_agent(), {"client": client.client_id}
    page = at.authorize("refused login", client, None, agent=agent, about=about).answer
    form = find_form(page.text)
    if form is None or not form.password_fields:
        return
    names = dict.fromkeys(form.text_fields[:1], f"nobody-{secrets.token_hex(4)}")
    filled = {**form.fields, **names, form.password_fields[0]: secrets.token_urlsafe(12)}
    target, headers = urljoin(page.url, form.action or page.url), {"Origin": bff.origin_of(page.url)}
    agent.post("refused login", target, filled, headers=headers, role="login", **about)


@when("the API is asked with a token, and every page and address of the web client with its session")
def ask_api_and_web(scene: Scene) -> None:
    at = issuer(scene)
    with scene.where_offered():
        access, routes = log_in(scene, "login for the API").access_token, listed(at, "api")
        at.call_api("API", access, routes=routes)
        for url in data_of_api(at):
            at.new_agent().get("API", url, headers=bearer(access), role="api", routes=routes)
        ask_routes(at, at.new_agent(), "API", "api", bearer(access))
    with scene.where_offered():
        agent, routes = signed_in(at, "login at the web client"), listed(at, "web")
        pages = crawl(agent, "web client", at.address.web, at.address.web_data, session="yes", routes=routes)
        agent.get("web client", f"{at.address.web}/no-such-page", role="web", session="yes")
        ask_routes(at, agent, "web client", "web", {"Origin": bff.origin_of(at.address.web)})
        for page in pages[:1]:
            log_out(agent, page.url, page.text)


def ask_routes(at: Issuer, agent: HttpProbe, case: str, role: str, headers: dict[str, str]) -> None:
    """Ask whatever else the API or the web client answers its user."""
    (base, _, routes), session = surface(at, role), "yes" if role == "web" else "no"
    for route in routes:
        url = f"{base}{route.path}"
        agent.send(case, route.method, url, json=route.body, headers=headers, role=role, session=session)


def surface(at: Issuer, role: str) -> tuple[str, tuple[str, ...], tuple[Route, ...]]:
    """Where the API or the web client is, at which paths a GET is answered with data, and its further routes."""
    address = at.address
    if role == "api":
        return address.api, address.api_data, address.api_routes
    return address.web, address.web_data, address.web_routes


def listed(at: Issuer, role: str) -> str:
    """All that the target lists as answered to its user, by the API or by the web client: `GET URL, POST URL`."""
    base, paths, routes = surface(at, role)
    own = [at.address.protected] if at.address.protected and role == "api" else []
    gets = [f"GET {url}" for url in (*own, *(f"{base}{path}" for path in paths))]
    return ", ".join(dict.fromkeys([*gets, *(f"{route.method} {base}{route.path}" for route in routes)]))


def data_of_api(at: Issuer) -> list[str]:
    """The URLs, besides the first, at which a bearer is answered with data."""
    userinfo = at.metadata.get("userinfo_endpoint", "")
    own = [f"{at.address.api}{path}" for path in at.address.api_data]
    return [*own, userinfo] if userinfo and at.address.protected else own


def bearer(access: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {access}"}


def signed_in(at: Issuer, case: str) -> HttpProbe:
    """A user agent with a session at the web client. Raises NotOffered where there is none."""
    if not at.address.web:
        raise at.address.not_offered("web", "its description names no web client")
    agent = at.new_agent()
    bff.log_in(agent, case, at.address.web, at.address.users["existing"])
    return agent


def log_out(agent: HttpProbe, url: str, html: str) -> None:
    """Submit the form that logs out, as the page's button does."""
    forms = [form for form in read_page(html).forms if "out" in form.action and form.method == "POST"]
    for form in forms[:1]:
        headers = {"Origin": bff.origin_of(url)}
        agent.post("logout", urljoin(url, form.action), form.fields, headers=headers, role="web", session="yes")


@when("all that holds data is asked for through a shared cache, with credentials and then without")
def ask_through_cache(scene: Scene) -> None:
    at, cache = issuer(scene), SharedCache()
    for asker in ("user", "anonymous"):
        public = HttpProbe(CachingClient(PublicOrigin(), cache), scene.recorder, {"public.authassay.test"})
        public.get("public page", PUBLIC, asker=asker)
    with scene.where_offered():
        access = log_in(scene, "login for the shared cache").access_token
        at.call_api("API", access)  # raises NotOffered where there is none
        url = at.address.protected or at.metadata["userinfo_endpoint"]
        for each in (url, *data_of_api(at)):
            ask_both(at, cache, at.new_agent(), each, bearer(access))
    with scene.where_offered():
        agent = signed_in(at, "login at the web client for the shared cache")
        pages = crawl(agent, "pages for the shared cache", at.address.web, at.address.web_data, session="yes")
        for page in pages:
            if page.status == 200:
                ask_both(at, cache, agent, page.url, {})


def ask_both(at: Issuer, cache: SharedCache, agent: HttpProbe, url: str, headers: dict[str, str]) -> None:
    """As the user through the cache, as somebody without credentials through it, and as such a one past it."""
    about = {"page": url, "user": at.address.users["existing"].name}
    direct, agent.client = agent.client, CachingClient(agent.client, cache)
    agent.get("shared cache", url, headers=headers, asker="user", **about)
    agent.client = direct
    anonymous = at.new_agent()
    anonymous.client = CachingClient(anonymous.client, cache)
    anonymous.get("shared cache", url, asker="anonymous", **about)
    at.new_agent().get("shared cache", url, asker="anonymous, past the cache", **about)


@given("a browser that keeps its profile on disk, in which nobody is signed in", target_fixture="web_on_disk")
def browser_on_disk(scene: Scene) -> WebClient:
    browser = browser_of(scene)
    return scene.port("web", lambda recorder: scene.target.web(scene.stage, browser, recorder, True), "on disk")


@when("the user logs in, sees every page, and the browser is ended and its caches are searched")
def search_caches(web_on_disk: WebClient) -> None:
    web_on_disk.log_in("login")
    web_on_disk.refresh("renewal")
    web_on_disk.reload("reload")
    web_on_disk.show("settings page", "settings")
    web_on_disk.scan_caches("caches")
