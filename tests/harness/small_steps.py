"""Phrases for runs that only the tests of the plugin make."""

from __future__ import annotations

from pytest_bdd import given, parsers, when

from harness.errors import NotHere
from harness.observations import HttpExchange
from harness.scene import Scene

SECRET = "q7Zk2vXw9LmR4tYb8NsD1cHf6JgP3aUe5oIy0xWzQiM"
AT = "http://target/"


@given(parsers.parse("an answer of {status:d}"))
def an_answer(scene: Scene, status: int) -> None:
    scene.recorder.record(HttpExchange(case="answer", method="GET", url=AT, status=status, body=SECRET))


@given(parsers.parse("an answer of {first:d}, and of {second:d} when asked again"))
def two_answers(scene: Scene, first: int, second: int) -> None:
    an_answer(scene, first if scene.recorder.trial == 1 else second)


@when("it crashes when asked again")
def crash_later(scene: Scene) -> None:
    if scene.recorder.trial == 2:
        raise ZeroDivisionError("by then")


@when("a clock is used if there is one")
def use_a_clock_if_there_is_one(scene: Scene) -> None:
    with scene.where_offered():
        scene.port("clock", lambda _: scene.target.clock()).advance("dev", 1.0)


@when("something crashes")
def crash(scene: Scene) -> None:
    raise ZeroDivisionError(f"in the middle of {SECRET}")


@when("the program wants to exit")
def want_to_exit(scene: Scene) -> None:
    raise SystemExit(0)


@when("somebody presses Ctrl-C")
def interrupt(scene: Scene) -> None:
    raise KeyboardInterrupt


@when("a printer is asked for")
def ask_for_a_printer(scene: Scene) -> None:
    raise NotHere("there is no printer", "buy one")


@when("a port is used that the target does not offer")
def use_an_absent_port(scene: Scene) -> None:
    scene.port("clock", lambda _: scene.target.clock()).advance("dev", 1.0)


@when(parsers.parse("it waits {when}"))
def wait(scene: Scene, when: str, datatable: list[list[str]] | None = None) -> None:
    scene.recorder.record(HttpExchange(case="answer", method="GET", url=AT, status=200, about={"when": when}))
