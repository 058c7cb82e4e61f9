"""How a shell is launched. Production launches it by `ShellOptions()`; nothing outside the program changes it."""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field

# Variables by which Qt WebEngine would open a debugging port, take flags of Chromium, or drop its sandbox.
OPENERS = ("QTWEBENGINE_REMOTE_DEBUGGING", "QTWEBENGINE_CHROMIUM_FLAGS", "QTWEBENGINE_DISABLE_SANDBOX")


@dataclass(frozen=True)
class ShellOptions:
    """``debugging``: address and port at which Chromium's debugging protocol listens, none as a rule. ``sandbox``:
    whether renderers run in Chromium's sandbox. ``pages``: further pages by host, as ``app://host/``, to which windows
    may be led; none as a rule."""

    debugging: str = ""
    sandbox: bool = True
    pages: Mapping[str, bytes] = field(default_factory=dict)

    def settle(self, environ: MutableMapping[str, str]) -> None:
        """Leave in the environment what is said here, and nothing that others put there. Before Qt is loaded."""
        for name in OPENERS:
            environ.pop(name, None)
        if self.debugging:
            environ["QTWEBENGINE_REMOTE_DEBUGGING"] = self.debugging
        if not self.sandbox:
            environ["QTWEBENGINE_DISABLE_SANDBOX"] = "1"
        if not environ.get("DISPLAY") and not environ.get("WAYLAND_DISPLAY") and os.name == "posix":
            environ.setdefault("QT_QPA_PLATFORM", "offscreen")
