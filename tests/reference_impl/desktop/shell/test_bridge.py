"""Main's side of the bridge, without any window: contract, dispatcher, senders, what is opened, where windows go."""

from __future__ import annotations

import json
import logging
import queue
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl.desktop.shell import dispatcher as dispatching
from reference_impl.desktop.shell.contract import (
    CHANNELS,
    Code,
    Done,
    HelpPage,
    Message,
    Nothing,
    contract_json,
    digest,
)
from reference_impl.desktop.shell.dispatcher import CallFailed, Dispatcher
from reference_impl.desktop.shell.external import ExternalOpener, NotOpened
from reference_impl.desktop.shell.navigation import NavigationPolicy
from reference_impl.desktop.shell.options import ShellOptions
from reference_impl.desktop.shell.pages import FILES, AppPages
from reference_impl.desktop.shell.scripts import PreloadScripts
from reference_impl.desktop.shell.senders import Sender, SenderPolicy
from reference_impl.web.pages import asset

MAIN = Sender("app://shell/index.html", "main")
Ask = Callable[..., dict[str, Any]]


def asking(handler: Callable[[Any], Message]) -> Ask:
    """Ask a dispatcher with this handler of `help:open` and `session:cancel`."""
    made = Dispatcher({"help:open": handler, "session:cancel": handler}, SenderPolicy())

    def ask(text: object, sender: Sender = MAIN) -> dict[str, Any]:
        replies: queue.Queue[str] = queue.Queue()
        made.receive(text if isinstance(text, str) else json.dumps(text), sender, replies.put)
        reply: dict[str, Any] = json.loads(replies.get(timeout=10))
        return reply

    return ask


def message(channel: str = "session:cancel", body: object = None, **more: object) -> dict[str, object]:
    return {"id": 7, "channel": channel, "body": {} if body is None else body, **more}


def done(request: object) -> Message:
    return Done(confirmed=True)


def test_a_right_message_is_answered_by_its_value() -> None:
    assert asking(done)(message()) == {"id": 7, "value": {"confirmed": True}}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("junk", Code.MALFORMED),
        ("5", Code.MALFORMED),
        (message(window="main"), Code.MALFORMED),
        ({"id": "7", "channel": "session:cancel", "body": {}}, Code.MALFORMED),
        (message(body=[]), Code.MALFORMED),
        (message(body={"account": "mallory"}), Code.MALFORMED),
        (message(body={"__proto__": {"x": 1}}), Code.MALFORMED),
        (message("help:open", {"url": 5}), Code.MALFORMED),
        (message("help:open", {}), Code.MALFORMED),
        (message("no:such"), Code.UNKNOWN_CHANNEL),
        (message("session:get"), Code.UNKNOWN_CHANNEL),
        (message("help:open", {"url": "x" * 2_000_000}), Code.TOO_LARGE),
        ('{"id": 7, "channel": "session:cancel", "body": ' + "[" * 10_000 + "]" * 10_000 + "}", Code.MALFORMED),
    ],
)
def test_a_wrong_message_is_answered_by_its_code_and_reaches_no_handler(text: object, code: Code) -> None:
    def fail(request: object) -> Message:
        raise AssertionError("it was called")

    assert asking(fail)(text) in ({"id": 7, "error": str(code)}, {"id": 0, "error": str(code)})


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_whatever_comes_is_answered_once(body: object) -> None:
    reply = asking(done)(json.dumps(body))
    assert reply["error"] in list(Code)


@pytest.mark.parametrize(
    "sender",
    [
        Sender("app://shell.evil/index.html", "main"),
        Sender("https://shell/", "main"),
        Sender("app://shell@evil/", "main"),
        Sender("app://shell:80/", "main"),
        Sender("about:blank", "main"),
        Sender("app://shell/index.html", "about"),
        Sender("app://shell/index.html", "main", top_frame=False),
        Sender("app://[", "main"),
    ],
)
def test_a_foreign_sender_is_refused_and_logged_without_what_it_sent(
    sender: Sender, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert asking(done)(message("help:open", {"url": "witness"}), sender)["error"] == "Forbidden"
    [record] = [one for one in caplog.records if one.message == "bridge-refused"]
    told = vars(record)["fields"]
    assert told["channel"] == "help:open"
    assert "witness" not in json.dumps(told)


def test_an_error_of_a_handler_is_told_by_its_code_only(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(request: object) -> Message:
        raise CallFailed(Code.REFUSED)

    def fail(request: object) -> Message:
        raise ValueError("a secret")

    assert asking(refuse)(message()) == {"id": 7, "error": "Refused"}
    with caplog.at_level(logging.CRITICAL, "reference_impl.desktop"):
        assert asking(fail)(message()) == {"id": 7, "error": "Internal"}


def test_a_reply_of_another_type_is_not_passed_on() -> None:
    assert asking(lambda request: Nothing())(message()) == {"id": 7, "error": "BadReply"}


def test_a_handler_that_hangs_is_given_up_and_its_late_reply_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    short = {**CHANNELS, "session:cancel": replace(CHANNELS["session:cancel"], limit=0.05)}
    monkeypatch.setattr(dispatching, "CHANNELS", short)
    go_on, ended, replies = threading.Event(), threading.Event(), list[str]()

    def hang(request: object) -> Message:
        go_on.wait(10)
        return Done(confirmed=True)

    made = Dispatcher({"session:cancel": hang}, SenderPolicy())

    def take(text: str) -> None:
        replies.append(text)
        ended.set()

    made.receive(json.dumps(message()), MAIN, take)
    assert ended.wait(10)
    go_on.set()
    while any(thread.name == "bridge" for thread in threading.enumerate()):
        threading.Event().wait(0.01)
    assert [json.loads(reply)["error"] for reply in replies] == ["Timeout"]


def test_the_contract_is_the_same_each_time_and_in_both_scripts() -> None:
    assert contract_json() == contract_json()
    assert len(digest()) == 64
    scripts = PreloadScripts()
    for script in (scripts.preload(), scripts.bridge()):
        assert json.dumps(contract_json()) in script
        assert script.startswith('if (location.origin === "app://shell")')


@pytest.mark.parametrize(
    "url",
    [
        "http://help.localhost/",
        "https://help.localhost.evil/",
        "https://help.localhost@evil/",
        "https://user@help.localhost/",
        "https://help.localhost:444/",
        "https://auth.prod.localhost/authorize",
        "file:///etc/passwd",
        "smb://help.localhost/x",
        "ms-msdt:/id",
        "javascript:alert(1)",
        "https:\\\\help.localhost",
        "https://[",
        "",
    ],
)
def test_what_a_renderer_may_not_open_is_refused(url: str) -> None:
    opened: list[str] = []
    opener = ExternalOpener(opened.append, ["https://auth.prod.localhost"], ["help.localhost"])
    with pytest.raises(NotOpened):
        opener.open_help(url)
    assert opened == []


def test_the_issuer_and_help_pages_are_opened() -> None:
    opened: list[str] = []
    opener = ExternalOpener(opened.append, ["https://auth.prod.localhost:444"], ["help.localhost"])
    opener.open_sign_in("https://auth.prod.localhost:444/authorize?x=y")
    opener.open_help("https://help.localhost/start")
    with pytest.raises(NotOpened):
        opener.open_sign_in("https://auth.prod.localhost.evil:444/authorize")
    assert len(opened) == 2


def test_windows_go_to_the_applications_pages_only() -> None:
    opened: list[str] = []
    policy = NavigationPolicy(SenderPolicy(), ExternalOpener(opened.append, [], ["help.localhost"]))
    assert policy.allows("app://shell/index.html")
    for url in ("app://shell.evil/", "https://evil.test/", "file:///etc/passwd", "about:blank", "data:text/html,x"):
        assert not policy.allows(url)
    for url in ("app://shell/index.html", "https://evil.test/", "https://help.localhost/"):
        assert not policy.opens(url)
    assert opened == ["https://help.localhost/"]


def test_every_file_is_there_with_a_policy_that_lets_nothing_be_loaded_from_elsewhere() -> None:
    pages = AppPages(asset)
    for path in FILES:
        found = pages.read(f"app://shell{path}")
        assert found is not None
        assert "default-src 'none'" in found[2]["Content-Security-Policy"]
    for url in (
        "app://shell/../x",
        "app://other/index.html",
        "app://shell/",
        "app://shell/preload.js",
        "app://shell/assets/bridge.js",
    ):
        assert pages.read(url) is None


def test_a_production_launch_drops_what_would_open_the_shell() -> None:
    environ = dict.fromkeys(("QTWEBENGINE_REMOTE_DEBUGGING", "QTWEBENGINE_CHROMIUM_FLAGS"), "1")
    ShellOptions().settle(environ)
    assert not [name for name in environ if name.startswith("QTWEBENGINE")]
    ShellOptions(debugging="127.0.0.1:1", sandbox=False).settle(environ)
    assert environ["QTWEBENGINE_REMOTE_DEBUGGING"] == "127.0.0.1:1"


def test_a_help_page_has_a_longest_address() -> None:
    with pytest.raises(ValueError, match="at most 2048"):
        HelpPage(url="https://help.localhost/" + "x" * 3000)
