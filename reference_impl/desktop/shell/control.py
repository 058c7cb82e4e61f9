"""The shell driven from outside, as `reference_impl.desktop.control` is: a JSON object a line, one reply a line.

| command | reply, beside ``"ok": true`` |
|---|---|
| ``{"do": "status"}`` | ``signed_in``, ``account``, ``stage``, ``storage``, ``contract``: the digest of main's side |
| ``{"do": "begin_login"}``, ``{"do": "cancel_login"}`` | ``authorize_url`` |
| ``{"do": "call", "path": "/me"}`` | ``status`` |
| ``{"do": "refresh"}``, ``{"do": "logout"}``, ``{"do": "quit"}`` | |
| ``{"do": "open", "window": "palette"}`` | |
| ``{"do": "windows"}`` | ``windows``: the effective settings of each that is open |
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import requests

from reference_impl.desktop.control import Lines, Reply, describe_storage
from reference_impl.desktop.shell.contract import digest
from reference_impl.desktop.shell.handlers import Handlers
from reference_impl.oauth_client import OAuthClientError
from reference_impl.session_store import SessionStoreError

_log = logging.getLogger(__name__)


class OpenWindows(Protocol):
    """The windows, as far as commands concern them."""

    def open(self, kind: str) -> None:
        """Show one of this kind."""

    def settings(self) -> dict[str, dict[str, str]]:
        """Return what is allowed in each that is open."""


class ShellControl:
    """Follows commands one after the other."""

    def __init__(self, handlers: Handlers, lines: Lines, kinds: Iterable[str], windows: OpenWindows) -> None:
        self._handlers, self._lines, self._kinds, self._windows = handlers, lines, frozenset(kinds), windows
        self._commands: dict[str, Callable[[dict[str, Any]], Reply]] = {
            "status": lambda command: self.status(),
            "begin_login": lambda command: {"authorize_url": handlers.sign_in.begin()},
            "cancel_login": lambda command: self._cancel(),
            "call": lambda command: {"status": handlers.sessions.shown.call(str(command.get("path"))).status_code},
            "refresh": lambda command: self._refresh(),
            "logout": lambda command: self._logout(),
            "open": lambda command: self._open(str(command.get("window"))),
            "windows": lambda command: {"windows": windows.settings()},
        }

    def run(self, commands: Iterable[str]) -> None:
        """Say that all is ready, then follow each line until ``quit`` or the end of the input."""
        self._lines.send({"ready": True, **self.status()})
        for line in commands:
            command = _parse(line)
            if command.get("do") == "quit":
                self._lines.send({"do": "quit", "ok": True})
                return
            self._lines.send({"do": command.get("do"), **self._follow(command)})

    def status(self) -> Reply:
        """Who is signed in, at which stage, and where the sign-in is kept."""
        session = self._handlers.sessions.shown
        signed_in = session.signed_in
        return {
            "signed_in": signed_in,
            "account": session.account if signed_in else None,
            "stage": session.stage,
            "storage": describe_storage(self._handlers.store),
            "contract": digest(),
        }

    def _follow(self, command: dict[str, Any]) -> Reply:
        try:
            return {"ok": True, **self._commands[command["do"]](command)}
        except (KeyError, TypeError):
            return {"ok": False, "error": "BadCommand", "message": f"it is one of {sorted(self._commands)}, quit"}
        except (OAuthClientError, SessionStoreError, requests.RequestException) as error:
            return {"ok": False, "error": type(error).__name__, "message": str(error)}
        except Exception as error:  # noqa: BLE001 whatever it is, the next command is followed
            _log.exception("a command failed")
            return {"ok": False, "error": type(error).__name__, "message": "unforeseen; the log tells where"}

    def _cancel(self) -> Reply:
        self._handlers.sign_in.cancel()
        return {}

    def _refresh(self) -> Reply:
        self._handlers.sessions.shown.refresh()
        return {}

    def _logout(self) -> Reply:
        revoked, cleared = self._handlers.sessions.shown.logout()
        self._handlers.changed()
        return {"revoked": revoked, "cleared": cleared}

    def _open(self, kind: str) -> Reply:
        if kind not in self._kinds:
            return {"ok": False, "error": "BadCommand", "message": f"window is one of {sorted(self._kinds)}"}
        self._windows.open(kind)
        return {}


def _parse(line: str) -> dict[str, Any]:
    try:
        command = json.loads(line)
    except json.JSONDecodeError:
        return {}
    return command if isinstance(command, dict) else {}
