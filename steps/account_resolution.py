"""Phrases about which account a login leads to."""

from __future__ import annotations

from pytest_bdd import given, when

from harness.ports import Admin, UpstreamIdentity
from harness.scene import Scene
from steps.token import first_client, issuer

HOME, ABROAD = "https://upstream.example", "https://another-upstream.example"


@given("an upstream provider that says what it is told to", target_fixture="admin")
def scriptable_upstream(scene: Scene) -> Admin:
    return scene.port("admin", lambda _: scene.target.admin())


@given("an account that was made by a first login", target_fixture="first")
def first_login(scene: Scene, admin: Admin) -> UpstreamIdentity:
    known = UpstreamIdentity(HOME, f"{scene.id}|S1", "Person@Example.com", True)
    log_in_as(scene, admin, "the first login", known)
    log_in_as(scene, admin, "the same login again", known)
    return known


@when("the provider then asserts these identities, each at a login of its own")
def assert_identities(scene: Scene, admin: Admin, first: UpstreamIdentity, datatable: list[list[str]]) -> None:
    emails = {"the same": first.email, "in small letters": first.email.lower(), "another": "other@example.com"}
    truths = {"true": True, "false": False, "absent": None}
    for number, (case, upstream, subject, email, verified) in enumerate(datatable[1:], 2):
        says = UpstreamIdentity(
            HOME if upstream == "the same" else ABROAD,
            first.subject if subject == "the same" else f"{scene.id}|S{number}",
            emails[email],
            truths[verified],
        )
        log_in_as(scene, admin, case, says)


def log_in_as(scene: Scene, admin: Admin, case: str, says: UpstreamIdentity) -> None:
    """Log in while the provider asserts this identity; where that gives tokens, ask whose they are."""
    at = issuer(scene)
    client, about = first_client(at), {"login": case}
    with admin.upstream_asserts(scene.stage, says):
        ended = at.authorize("login", client, at.address.users["existing"], about=about)
    if ended.code:
        tokens = at.redeem("tokens", ended, client, about=about).json()
        at.call_api("account", str(tokens.get("access_token", "")), **about)
