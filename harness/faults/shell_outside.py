"""Faults of the desktop shell's way to what is not its own."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import MutableMapping
from dataclasses import replace

from harness.faults.registry import fault
from reference_impl.desktop.shell.external import ExternalOpener, NotOpened
from reference_impl.desktop.shell.navigation import NavigationPolicy
from reference_impl.desktop.shell.options import ShellOptions
from reference_impl.parts import Part


@fault("F-BRIDGE-06-a", "BRIDGE-06.E1", Part.SHELL_OPTIONS)
def renderers_run_without_the_sandbox(real: ShellOptions) -> ShellOptions:
    return replace(real, sandbox=False)


@fault("F-BRIDGE-06-c", "BRIDGE-06.E2", Part.SHELL_NAVIGATION)
def navigation_is_not_handled(real: NavigationPolicy) -> NavigationPolicy:
    class Lenient(NavigationPolicy):
        def allows(self, url: str) -> bool:
            return True

    real.__class__ = Lenient
    return real


@fault("F-BRIDGE-06-x1", "BRIDGE-06.E3", Part.SHELL_OPTIONS)
def a_debugging_port_is_left_open(real: ShellOptions) -> ShellOptions:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return replace(real, debugging=f"127.0.0.1:{probe.getsockname()[1]}")


@fault("F-BRIDGE-06-x2", "BRIDGE-06.E3", Part.SHELL_OPTIONS)
def the_environment_is_left_as_it_is(real: ShellOptions) -> ShellOptions:
    class Trusting(ShellOptions):
        def settle(self, environ: MutableMapping[str, str]) -> None:
            pass

    return Trusting()


@fault("F-BRIDGE-07-b", "BRIDGE-07.E1", Part.SHELL_NAVIGATION)
def every_new_window_goes_to_the_browser(real: NavigationPolicy) -> NavigationPolicy:
    class Forwarding(NavigationPolicy):
        def opens(self, url: str) -> bool:
            self.opener.open_browser(url)
            return False

    real.__class__ = Forwarding
    return real


@fault("F-BRIDGE-07-x1", "BRIDGE-07.E1", Part.EXTERNAL_OPENER)
def help_is_what_begins_as_help_does(real: ExternalOpener) -> ExternalOpener:
    class Prefix(ExternalOpener):
        def is_help(self, url: str) -> bool:
            return url.startswith("https://help.localhost")

    real.__class__ = Prefix
    return real


@fault("F-BRIDGE-07-x2", "BRIDGE-07.E2", Part.EXTERNAL_OPENER)
def a_refusal_is_logged_with_the_whole_address(real: ExternalOpener) -> ExternalOpener:
    class Telling(ExternalOpener):
        def open_help(self, url: str) -> None:
            try:
                super().open_help(url)
            except NotOpened:
                log = logging.getLogger("reference_impl.desktop")
                log.warning("told", extra={"fields": {"record": "external-refused", "url": json.dumps(url)}})
                raise

    real.__class__ = Telling
    return real


@fault("F-BRIDGE-07-x3", "BRIDGE-07.E3", Part.SHELL_NAVIGATION)
def windows_may_go_to_the_login(real: NavigationPolicy) -> NavigationPolicy:
    class Embedding(NavigationPolicy):
        def allows(self, url: str) -> bool:
            return "/authorize" in url or super().allows(url)

    real.__class__ = Embedding
    return real
