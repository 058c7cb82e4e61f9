"""Phrases about the identifiers of the web client's sessions."""

from __future__ import annotations

from pytest_bdd import given, parsers, when

from harness.ports.session_identifiers import SessionIdentifiers
from harness.scene import Scene
from steps.web import browser_of


@given("a browser into which an attacker can plant cookies", target_fixture="identifiers")
def a_browser(scene: Scene) -> SessionIdentifiers:
    browser = browser_of(scene)
    return scene.port(
        "session identifiers",
        lambda recorder: scene.target.session_identifiers(scene.stage, browser, recorder),
        scene.stage,
    )


@when("the user logs in where the attacker has planted the cookies of a sign-in that he began himself")
def log_in_with_the_attackers(identifiers: SessionIdentifiers) -> None:
    identifiers.plant("the attacker's own")
    identifiers.log_in("the attacker's own identifiers")


@when("the user logs in once more while still signed in")
def log_in_again(identifiers: SessionIdentifiers) -> None:
    identifiers.log_in("a second login")


@when("the user logs in where an identifier is planted that nobody was ever given")
def log_in_with_made_up(identifiers: SessionIdentifiers) -> None:
    identifiers.plant("made up")
    identifiers.log_in("a made-up identifier")


@when(parsers.parse("{count:d} identifiers of new sessions are compared"))
def sample(identifiers: SessionIdentifiers, count: int) -> None:
    identifiers.sample("identifiers", count)
