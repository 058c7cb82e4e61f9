"""Builds the shell from its parts, and runs it until its input ends or its last window is closed."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable
from typing import TextIO

from reference_impl.clock import SystemClock
from reference_impl.desktop.app import open_stages
from reference_impl.desktop.background import Background
from reference_impl.desktop.browser_sign_in import BrowserSignIn
from reference_impl.desktop.config import DesktopConfig
from reference_impl.desktop.control import Lines
from reference_impl.desktop.realtime import RealtimeClient
from reference_impl.desktop.shell.contract import EVENT
from reference_impl.desktop.shell.control import ShellControl
from reference_impl.desktop.shell.dispatcher import Dispatcher
from reference_impl.desktop.shell.external import HELP_HOSTS, ExternalOpener
from reference_impl.desktop.shell.handlers import Handlers
from reference_impl.desktop.shell.navigation import NavigationPolicy
from reference_impl.desktop.shell.options import ShellOptions
from reference_impl.desktop.shell.pages import AppPages
from reference_impl.desktop.shell.scripts import PreloadScripts
from reference_impl.desktop.shell.senders import SenderPolicy
from reference_impl.desktop.switching import preference_of
from reference_impl.loopback import loopback_session
from reference_impl.parts import Part, Parts
from reference_impl.session_store import SessionStore, keep_looking
from reference_impl.web.pages import Pages, Place, asset


class Told:
    """Tells every window that the session changed; nobody, before there are windows."""

    tell: Callable[[str], None] | None = None

    def __call__(self) -> None:
        if self.tell is not None:
            self.tell(json.dumps({"event": EVENT}))


def run(
    config: DesktopConfig,
    parts: Parts,
    open_store: Callable[[], SessionStore],
    commands: Iterable[str],
    out: TextIO,
) -> None:
    """Show the main window and follow commands. The store is closed at the end."""
    options = parts.choose(Part.SHELL_OPTIONS, ShellOptions())
    options.settle(os.environ)
    from PySide6.QtWidgets import QApplication  # after the environment is settled: Qt reads it when it is loaded

    from reference_impl.desktop.shell.windows import PAGES, Windows, register_scheme

    register_scheme()
    app = QApplication(["authassay-desktop"])  # no argument of the command line reaches Chromium
    lines = Lines(out)
    store = open_store()
    try:
        senders = parts.choose(Part.BRIDGE_SENDERS, SenderPolicy())
        told = Told()
        handlers = _handlers(config, parts, store, lines, told)
        policy = parts.choose(Part.SHELL_NAVIGATION, NavigationPolicy(senders, handlers.opener, options.pages))
        dispatcher = parts.choose(Part.BRIDGE_DISPATCHER, Dispatcher(handlers.by_channel(), senders))
        scripts = parts.choose(Part.PRELOAD_SCRIPTS, PreloadScripts())
        assets = parts.choose(Part.ASSETS, asset)
        pages = parts.choose(Part.SHELL_PAGES, AppPages(assets, options.pages))
        windows = Windows(dispatcher, scripts, policy, pages)
        told.tell = windows.tell
        windows.open("main")
        control = ShellControl(handlers, lines, PAGES, windows)
        background = parts.choose(Part.BACKGROUND, Background(handlers.sessions, config.background_pause))
        realtime = parts.choose(Part.REALTIME_CLIENT, RealtimeClient(handlers.sessions, told))
        background.start()
        realtime.start()
        with keep_looking(store):
            threading.Thread(target=_follow, args=(control, commands, app.quit), daemon=True).start()
            app.exec()
        background.stop()
        realtime.stop()
        dispatcher.close()
        windows.close()
        app.processEvents()
    finally:
        store.close()


def _follow(control: ShellControl, commands: Iterable[str], end: Callable[[], None]) -> None:
    try:
        control.run(commands)
    finally:
        end()


def _handlers(
    config: DesktopConfig, parts: Parts, store: SessionStore, lines: Lines, changed: Callable[[], None]
) -> Handlers:
    preference, clock = preference_of({}, config.app), parts.choose(Part.CLOCK, SystemClock())
    sessions, _ = open_stages(config, parts, store, preference, loopback_session(config.ca_file))
    pages = parts.choose(Part.PAGES, Pages(Place("desktop", config.stage, config.issuer)))
    sign_in = parts.choose(Part.BROWSER_SIGN_IN, BrowserSignIn(sessions, store, pages, changed))
    send: Callable[[str], None] = lambda url: lines.send({"event": "open_url", "url": url})  # noqa: E731 - of one use
    opener = parts.choose(Part.EXTERNAL_OPENER, ExternalOpener(send, [config.issuer], HELP_HOSTS))
    handlers: Handlers = parts.choose(Part.BRIDGE_HANDLERS, Handlers(sessions, sign_in, store, opener, clock, changed))
    return handlers
