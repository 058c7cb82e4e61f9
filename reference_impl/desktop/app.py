"""Builds the desktop from its parts and runs it until its input ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TextIO

from reference_impl.clock import SystemClock
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
    http = loopback_session(config.ca_file)
    policy = parts.choose(Part.SESSION_POLICY, SessionPolicy())
    stages = {config.stage: config, **{stage.name: config.at(stage) for stage in config.other_stages}}
    selectable = tuple(stages) if config.other_stages else ()
    place = Place("desktop", config.stage, config.issuer, config.other_stages, policy.words(), selectable)
    pages = parts.choose(Part.PAGES, Pages(place))
    with LoopbackServer() as server:
        store = open_store()
        try:
            configs = {"": config, **{stage.name: config.at(stage) for stage in config.other_stages}}
            clock = parts.choose(Part.CLOCK, SystemClock())
            sessions = Sessions({name: DesktopSession(at, store, http, parts, clock) for name, at in configs.items()})
            guard = parts.choose(Part.SETTINGS_GUARD, SettingsGuard(stages))
            switch = StageSwitch(sessions, guard, preference)
            switch.resume()
            window = Window(
                server.port, sessions, store, pages, switch, lambda url: lines.send({"event": "open_url", "url": url})
            )
            server.serve(window)
            with keep_looking(store):
                Control(sessions, store, window, lines, policy).run(commands)
            server.shutdown()
        finally:
            store.close()
