"""Phrases about the desktop shell: what its pages can reach, and what its main process takes from whom."""

from __future__ import annotations

import json

from pytest_bdd import given, parsers, when

from harness.ports.shell import DesktopShell, RawMessage
from harness.scene import Scene

HELP = "https://help.localhost/witness-of-a-payload"
SYNC = json.dumps({"body": "{}", "handle": "none.0"})
RIGHT = {  # the bodies that are not empty
    "help:open": json.dumps({"url": HELP}),
    "sync:renew": json.dumps({"handle": "none.0"}),
    "sync:push": SYNC,
    "sync:pull": SYNC,
}
# What a message's body may be that no channel takes, as JavaScript of the message's text.
BODIES = {
    "null": "null",
    "a text": '"text"',
    "a list": "[]",
    "a field more": '{"account": "mallory", "stage": "dev"}',
    "a prototype": '{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}',
    "a number for a text": '{"url": 5}',
}


@given("the desktop shell", target_fixture="shell")
def the_shell(scene: Scene) -> DesktopShell:
    shell = scene.port("shell", lambda recorder: scene.target.shell(scene.stage, recorder))
    shell.state("before")
    return shell


@when(parsers.parse("script looks for all that it can reach in the windows {first} and {second}"))
def look_around(scene: Scene, shell: DesktopShell, first: str, second: str) -> None:
    for window in (first, second):
        with scene.where_offered():
            shell.surface("surface", window)


@when("a compromised renderer sends messages of every wrong kind on each channel, and on one that is not there")
def send_wrong_messages(shell: DesktopShell) -> None:
    shell.send("wrong messages", "main", [message for channel in shell.channels() for message in wrong(channel)])
    body = "{}"
    there = [RawMessage("an unknown channel", "no:such", text("no:such", body))]
    shell.send("no messages", "main", [*there, *(RawMessage(what, "", script) for what, script in NO_MESSAGES.items())])
    shell.state("after")


@when("what the main process replies is malformed")
def reply_malformed(shell: DesktopShell) -> None:
    shell.misreply("malformed replies")


@when(parsers.parse("{frame} sends a right message on each channel"))
def send_right_messages(shell: DesktopShell, frame: str) -> None:
    named = frame.removeprefix("the ").removeprefix("a ").removesuffix(" window")
    messages = [RawMessage("right", channel, text(channel, RIGHT.get(channel, "{}"))) for channel in shell.channels()]
    shell.send(f"right messages of {named}", named, messages)
    shell.state(f"after {named}")


NO_MESSAGES = {
    "no JSON": "'junk'",
    "a number": "'5'",
    "an identifier that is a text": """'{"id": "x", "channel": "session:get", "body": {}}'""",
    "a field more beside the body": """JSON.stringify({id, channel: "session:get", body: {}, window: "main"})""",
    "no body": """JSON.stringify({id, channel: "session:get"})""",
    "ten million characters": """JSON.stringify({id, channel: "session:get", body: {text: "x".repeat(1e7)}})""",
    "ten thousand levels": """`{"id": ${id}, "channel": "session:get", "body": ${DEEP}}`""".replace(
        "DEEP", '"[".repeat(1e4) + "]".repeat(1e4)'
    ),
}


def wrong(channel: str) -> list[RawMessage]:
    return [RawMessage(what, channel, text(channel, body)) for what, body in BODIES.items()]


def text(channel: str, body: str) -> str:
    """The text of a message, as JavaScript: `__proto__` in it stays a name."""
    return f"""'{{"id": ' + id + ', "channel": {json.dumps(channel)}, "body": {body}}}'"""
