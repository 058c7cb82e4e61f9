"""Builds the desktop from its parts and runs it until its input ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TextIO

import requests

from reference_impl.clock import SystemClock
from reference_impl.desktop.background import Background
from reference_impl.desktop.browser_sign_in import BrowserSignIn
from reference_impl.desktop.config import DesktopConfig
from reference_impl.desktop.control import Control, Lines
from reference_impl.desktop.policy import SessionPolicy
from reference_impl.desktop.server import LoopbackServer
from reference_impl.desktop.session import DesktopSession
from reference_impl.desktop.sessions import Sessions
from reference_impl.desktop.switching import SettingsGuard, StagePreference, StageSwitch
from reference_impl.desktop.window import Window
from reference_impl.loopback import loopback_session
from reference_impl.parts import Part, Parts
from reference_impl.session_store import SessionStore, keep_looking
from reference_impl.web.pages import Pages, Place


def run(
    config: DesktopConfig,
    parts: Parts,
    open_store: Callable[[], SessionStore],
    preference: StagePreference,
    commands: Iterable[str],
    out: TextIO,
) -> None:
    """Listen, wait for the store, and follow commands. The store is closed at the end."""
    lines = Lines(out)
    policy = parts.choose(Part.SESSION_POLICY, SessionPolicy())
    selectable = (config.stage, *(stage.name for stage in config.other_stages)) if config.other_stages else ()
    place = Place("desktop", config.stage, config.issuer, config.other_stages, policy.words(), selectable)
    pages = parts.choose(Part.PAGES, Pages(place))
    with LoopbackServer() as server:
        store = open_store()
        try:
            sessions, switch = open_stages(config, parts, store, preference, loopback_session(config.ca_file))
            sign_in = parts.choose(Part.BROWSER_SIGN_IN, BrowserSignIn(sessions, store, pages))
            open_browser = lambda url: lines.send({"event": "open_url", "url": url})  # noqa: E731 - of one use
            window = Window(server.port, sessions, sign_in, store, pages, switch, open_browser)
            server.serve(window)
            sessions.renew()
            background = parts.choose(Part.BACKGROUND, Background(sessions, config.background_pause))
            background.start()
            with keep_looking(store, then=sessions.resume):
                Control(sessions, sign_in, store, window, lines, policy).run(commands)
            background.stop()
            server.shutdown()
        finally:
            store.close()


def open_stages(
    config: DesktopConfig, parts: Parts, store: SessionStore, preference: StagePreference, http: requests.Session
) -> tuple[Sessions, StageSwitch]:
    """Open a session for each stage that is known, show the one that was chosen last, and leave the others."""
    clock = parts.choose(Part.CLOCK, SystemClock())
    configs = {"": config, **{stage.name: config.at(stage) for stage in config.other_stages}}
    sessions = Sessions(
        {name: DesktopSession(at, store, http, parts, clock) for name, at in configs.items()},
        parts.choose(Part.RENEWAL, DesktopSession.renew_imported),
    )
    guard = parts.choose(Part.SETTINGS_GUARD, SettingsGuard({at.stage: at for at in configs.values()}))
    switch = parts.choose(Part.STAGE_SWITCH, StageSwitch(sessions, guard, preference))
    switch.resume()
    return sessions, switch
