"""Phrases about requests that other people's pages have a user's browser send, and about CORS."""

from __future__ import annotations

from pytest_bdd import given, parsers, when

from harness.ports.cross_site import CrossSite
from harness.probes.bff import origin_of
from harness.scene import Scene
from steps.caching import signed_in
from steps.token import issuer
from steps.web import browser_of

WITH_ALL = ("a form", "a form that takes the window", "a link", "a script's request with JSON", "nothing")
EVIL = "https://evil.example"


@given("a signed-in user whose browser also shows pages of an attacker", target_fixture="visited")
def a_visitor(scene: Scene) -> CrossSite:
    browser = browser_of(scene)
    visited = scene.port(
        "cross site", lambda recorder: scene.target.cross_site(scene.stage, browser, recorder), scene.stage
    )
    visited.log_in("login")
    return visited


@when(
    parsers.re(
        r"(?P<words>.+) tr(?:y|ies) to log the user out in these ways, and by the plainest all that a session does"
    )
)
def try_ways(visited: CrossSite, words: str, datatable: list[list[str]]) -> None:
    for sender, way in datatable[1:]:
        for action in visited.actions if way in WITH_ALL else visited.actions[-1:]:
            visited.attempt("an attack", sender, way, action)


@when("the user's own pages do the same as users do")
def do_as_users_do(visited: CrossSite) -> None:
    for action in ("refresh", "log out", "begin a login"):
        visited.own("the user's own", action)


@when("pages of another origin ask whether they may read the web client, the API and the authorization endpoint")
def ask_by_cors(scene: Scene) -> None:
    """With credentials, by a preflight and without one (Fetch §3.3)."""
    at = issuer(scene)
    preflight = {"Origin": EVIL, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-a"}
    endpoint = at.metadata["authorization_endpoint"]
    for method, headers in (("OPTIONS", preflight), ("GET", {"Origin": EVIL})):
        at.new_agent().send("authorization endpoint", method, endpoint, headers=headers, role="authorize", origin=EVIL)
    with scene.where_offered():
        if not at.address.protected:
            raise at.address.not_offered("api", f"no resource of {at.stage} that needs a token is described")
        for method, headers in (("OPTIONS", preflight), ("GET", {"Origin": EVIL})):
            at.new_agent().send("API", method, at.address.protected, headers=headers, role="api", origin=EVIL)
    with scene.where_offered():
        agent = signed_in(at, "login at the web client")
        paths = ("/", *at.address.web_data, *(route.path for route in at.address.web_routes))
        for path in paths:
            for method, headers in (("OPTIONS", preflight), ("GET", {"Origin": EVIL})):
                agent.send("web client", method, f"{at.address.web}{path}", headers=headers, role="web", origin=EVIL)
        agent.get("its own origin", f"{at.address.web}/", headers={"Origin": origin_of(at.address.web)}, role="web")
