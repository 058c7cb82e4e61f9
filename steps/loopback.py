"""Phrases about the loopback port at which a native client awaits the answer to a sign-in."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_bdd import given, parsers, when

from harness.ports.loopback import Knock, LoopbackLogin
from harness.scene import Scene
from steps.client_state import answer_of
from steps.effects import clock_of
from steps.mix_up import SignIn, parameters

CLOSED_WITHIN = 8.0  # seconds for which a port that stays open is watched
OF_A_PAGE = {"Origin": "https://evil.test", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
RIGHT = "the right parameters"


@given("a native client with no sign-in under way", target_fixture="login")
def native_client(scene: Scene) -> LoopbackLogin:
    login = scene.port("loopback", lambda recorder: scene.target.loopback(scene.stage, recorder))
    login.start("before")
    return login


@when("two sign-ins are begun and answered, one after the other")
def answer_two(scene: Scene, login: LoopbackLogin) -> None:
    for number in ("first", "second"):
        login.knock(f"the answer to the {number}", Knock(begun_and_answered(scene, login, f"the {number} sign-in")))
        login.sockets(f"after the {number}", CLOSED_WITHIN)


@when("one is given up")
def give_up(login: LoopbackLogin) -> None:
    login.begin("the sign-in given up")
    login.cancel()
    login.sockets("after giving up", CLOSED_WITHIN)


@when(parsers.parse("one is not answered for {minutes:d} minutes"))
def let_time_out(scene: Scene, login: LoopbackLogin, minutes: int) -> None:
    login.begin("the sign-in left alone")
    clock_of(scene).advance(scene.stage, minutes * 60.0)
    login.sockets("after leaving it alone", CLOSED_WITHIN)


@when("these requests come to the port of a sign-in", target_fixture="genuine")
def knock_at_it(scene: Scene, login: LoopbackLogin, datatable: list[list[str]]) -> Mapping[str, str]:
    right = begun_and_answered(scene, login, "the sign-in")
    for case, how, given_parameters in datatable[1:]:
        login.knock(case, knock_of(how, chosen(right, given_parameters)))
    return right


@when(parsers.parse("{count:d} requests of garbage come"))
def volley(login: LoopbackLogin, count: int) -> None:
    login.volley("garbage", count)


@when("the genuine answer comes, and after it a second one with another code")
def genuine_answer(login: LoopbackLogin, genuine: Mapping[str, str]) -> None:
    login.knock("the genuine answer", Knock(genuine, headers={"Sec-Fetch-Dest": "document"}))
    login.knock("a second answer", Knock({**genuine, "code": "c" * 43}))


def begun_and_answered(scene: Scene, login: LoopbackLogin, case: str) -> Mapping[str, str]:
    """Begin a sign-in, and let the user through at the issuer; the parameters of its answer."""
    begun = SignIn(parameters(login.begin(case)), {})
    return answer_of(scene, begun, "existing")


def chosen(right: Mapping[str, str], which: str) -> Mapping[str, str]:
    """The parameters of a request: the right ones, without or with another value, or some more."""
    changes: Mapping[str, Mapping[str, str]] = {
        RIGHT: right,
        "none": {},
        "no state": {name: value for name, value in right.items() if name != "state"},
        "another state": {**right, "state": "s" * 43},
        "an error without a state": {"error": "access_denied"},
        "an access token as well": {**right, "access_token": "a" * 43, "token_type": "Bearer"},
        "a refresh token as well": {**right, "refresh_token": "r" * 43},
        "a token in place of the code": {
            "state": right["state"],
            "iss": right.get("iss", ""),
            "access_token": "a" * 43,
        },
    }
    return changes[which]


def knock_of(how: str, sent: Mapping[str, str]) -> Knock:
    """A request as somebody sends it who is not the browser led there by the issuer."""
    ways = {
        "plain": Knock(sent),
        "by POST": Knock(sent, method="POST"),
        "to /callback": Knock(sent, path="/callback"),
        "to /complete": Knock(sent, path="/complete"),
        "for the host evil.test": Knock(sent, host="evil.test"),
        "by a page's fetch": Knock(sent, headers={**OF_A_PAGE, "Sec-Fetch-Dest": "empty"}),
        "by a page's picture": Knock(sent, headers={**OF_A_PAGE, "Sec-Fetch-Dest": "image"}),
    }
    return ways[how]
