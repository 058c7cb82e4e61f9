"""The desktop driven from outside: one JSON object a line on stdin, one reply a line on stdout.

| command | reply, beside ``"ok": true`` |
|---|---|
| ``{"do": "status"}`` | ``signed_in``, ``account``, ``stage``, ``storage`` |
| ``{"do": "begin_login"}`` | ``authorize_url``, for the system's browser |
| the same with ``stage``, and ``confirm`` as below | the same at that stage, to which it switches |
| ``{"do": "cancel_login"}``: no answer to the sign-in under way is taken any more | |
| ``{"do": "call", "path": "/me"}`` | ``status``, ``body`` of the API's answer |
| ``{"do": "refresh"}``, ``{"do": "quit"}`` | |
| ``{"do": "logout"}`` | ``revoked`` by the issuer, ``cleared`` from the store |
| ``{"do": "switch_stage", "stage", "confirm"}`` | ``stage``; without ``"confirm": "yes"`` what it would end |
| ``{"do": "policy"}`` | what outlives the process, as `policy.SessionPolicy` |
| ``{"do": "unlock"}``: ask the user to unlock the store | |
| ``{"do": "recover"}``: look for a better store at once | ``moved``: how many items |
| ``{"do": "window"}`` | ``window``: another one-time link |
| ``{"do": "store", "op": "set", "stage", "account", "item", "value", "kind"}`` | |
| ``{"do": "store", "op": "get", "stage", "account", "item"}`` | ``value``, ``kind`` |
| ``{"do": "store", "op": "clear" or "items", "stage", "account"}`` | ``items`` |

``value`` is base64; ``kind`` is ``text`` (UTF-8, the default) or ``bytes``. A failure is
``{"ok": false, "error": <type>, "message"}``. Each reply repeats ``do``, and ``id`` where the command has one. A line
with ``event`` is no reply:
``{"event": "open_url", "url"}`` asks for the system's browser when somebody signs in by the window.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict
from difflib import get_close_matches
from typing import Any, TextIO

import requests

from reference_impl.desktop.browser_sign_in import BrowserSignIn
from reference_impl.desktop.policy import SessionPolicy
from reference_impl.desktop.session import DesktopSession
from reference_impl.desktop.sessions import Sessions
from reference_impl.desktop.switching import UnknownStage
from reference_impl.desktop.window import Window
from reference_impl.oauth_client import OAuthClientError
from reference_impl.session_store import SessionStore, SessionStoreError

_log = logging.getLogger(__name__)

Command = dict[str, Any]  # `Any`: a line from outside; what is used of it is checked where it is used
Reply = dict[str, object]


class BadCommand(Exception):
    """A line that cannot be followed; the message says what would be."""


class Lines:
    """Writes JSON lines, whole ones, from several threads."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._lock = threading.Lock()

    def send(self, line: Reply) -> None:
        """Write one line at once."""
        with self._lock:
            self._out.write(json.dumps(line) + "\n")
            self._out.flush()


class Control:
    """Follows commands one after the other."""

    def __init__(
        self,
        sessions: Sessions,
        sign_in: BrowserSignIn,
        store: SessionStore,
        window: Window,
        lines: Lines,
        policy: SessionPolicy,
    ) -> None:
        self._sessions = sessions
        self._sign_in = sign_in
        self._store = store
        self._window = window
        self._lines = lines
        self._commands: dict[str, Callable[[Command], Reply]] = {
            "status": lambda command: self.status(),
            "begin_login": self._begin_login,
            "cancel_login": lambda command: self._cancel_login(),
            "call": self._call,
            "refresh": self._refresh,
            "logout": self._logout,
            "switch_stage": self._switch_stage,
            "policy": lambda command: asdict(policy),
            "unlock": lambda command: self._unlock(),
            "recover": lambda command: self._recover(),
            "window": lambda command: {"window": window.new_link()},
            "store": self._store_operation,
        }

    def run(self, commands: Iterable[str]) -> None:
        """Say that all is ready, then follow each line until ``quit`` or the end of the input."""
        self._lines.send({"ready": True, "window": self._window.new_link(), **self.status()})
        for line in commands:
            command = _parse(line)
            marks: Reply = {key: command[key] for key in ("do", "id") if key in command}
            if command.get("do") == "quit":
                self._lines.send({**marks, "ok": True})
                return
            self._lines.send({**marks, **self._follow(command)})

    @property
    def _session(self) -> DesktopSession:
        return self._sessions.shown

    def status(self) -> Reply:
        """Who is signed in, at which stage, and where the sign-in is kept."""
        signed_in = self._session.signed_in
        return {
            "signed_in": signed_in,
            "account": self._session.account if signed_in else None,
            "stage": self._session.stage,
            "storage": describe_storage(self._store),
        }

    def _follow(self, command: Command) -> Reply:
        name = command.get("do")
        try:
            if not isinstance(name, str) or name not in self._commands:
                near = get_close_matches(str(name), self._commands, 1, 0.0)[0]
                raise BadCommand(f"{name!r} is not a command; nearest: {near!r}, all: {sorted(self._commands)}")
            return {"ok": True, **self._commands[name](command)}
        except (BadCommand, UnknownStage, OAuthClientError, SessionStoreError, requests.RequestException) as error:
            return {"ok": False, "error": type(error).__name__, "message": str(error)}
        except Exception as error:  # noqa: BLE001 whatever it is, the next command is followed
            _log.exception("a command failed")
            return {"ok": False, "error": type(error).__name__, "message": "unforeseen; the log tells where"}

    def _switch_stage(self, command: Command) -> Reply:
        would_end = self._window.switch.would_end(command.get("stage"))
        if command.get("confirm") != "yes":
            return {"stage": self._session.stage, "would_end": would_end}
        return {"stage": self._window.switch.switch(command.get("stage"))}

    def _begin_login(self, command: Command) -> Reply:
        stage = _text(command, "stage") if "stage" in command else self._session.stage
        if self._window.switch.would_end(stage) and command.get("confirm") != "yes":
            return {"stage": self._session.stage, "would_end": True}
        self._window.switch.switch(stage)
        return {"authorize_url": self._sign_in.begin()}

    def _cancel_login(self) -> Reply:
        self._sign_in.cancel()
        return {}

    def _call(self, command: Command) -> Reply:
        path = _text(command, "path")
        if not path.startswith("/"):
            raise BadCommand("path must begin with a slash")
        answer = self._session.call(path)
        try:
            body = answer.json()
        except requests.JSONDecodeError:
            body = None
        return {"status": answer.status_code, "body": body}

    def _refresh(self, command: Command) -> Reply:
        self._session.refresh()
        return {}

    def _logout(self, command: Command) -> Reply:
        revoked, cleared = self._session.logout()
        return {"revoked": revoked, "cleared": cleared}

    def _unlock(self) -> Reply:
        self._store.unlock()
        self._sessions.resume()
        return {}

    def _recover(self) -> Reply:
        moved = self._store.recover()
        self._sessions.resume()
        return {"moved": len(moved)}

    def _store_operation(self, command: Command) -> Reply:
        operation, stage, account = (_text(command, name) for name in ("op", "stage", "account"))
        if operation == "clear":
            self._store.clear(stage, account)
            return {}
        if operation == "items":
            return {"items": list(self._store.items(stage, account))}
        item = _text(command, "item")
        if operation == "set":
            self._store.set(stage, account, item, _decode(command))
            return {}
        if operation == "get":
            return _encode(self._store.get(stage, account, item))
        raise BadCommand(f"op {operation!r} is not known; it is one of set, get, clear, items")


def describe_storage(store: SessionStore) -> Reply:
    """Tell where sign-ins are kept, and how that was chosen."""
    return {
        **asdict(store.status()),
        "self_tests": [{**asdict(test), "passed": test.passed} for test in store.self_tests],
        "rejected": [asdict(rejection) for rejection in store.rejections],
    }


def _parse(line: str) -> Command:
    try:
        command = json.loads(line)
    except json.JSONDecodeError:
        return {}
    return command if isinstance(command, dict) else {}


def _text(command: Command, name: str) -> str:
    value = command.get(name)
    if not isinstance(value, str):
        raise BadCommand(f"{name} must be a text")
    return value


def _decode(command: Command) -> str | bytes:
    try:
        raw = base64.b64decode(_text(command, "value"), validate=True)
        # surrogatepass: a value that the store must refuse has to reach it
        return raw if command.get("kind") == "bytes" else raw.decode("utf-8", "surrogatepass")
    except (binascii.Error, UnicodeDecodeError):
        raise BadCommand('value must be base64, and UTF-8 within unless kind is "bytes"') from None


def _encode(value: str | bytes) -> Reply:
    raw, kind = (value, "bytes") if isinstance(value, bytes) else (value.encode(), "text")
    return {"value": base64.b64encode(raw).decode(), "kind": kind}
