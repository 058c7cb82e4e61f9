"""A desktop shell in three worlds: main process, preload, renderer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.observations.bridge import BridgeCalls, ShellState, Surface

__all__ = ["DesktopShell", "Frame", "RawMessage"]

# A window (`main`, `palette`, `about`), an `iframe` of the main one or a `foreign iframe` there, the main window
# `navigated` to somebody else's page, or `returned` from there.
Frame = str


@dataclass(frozen=True)
class RawMessage:
    """What a compromised renderer sends: `text` is a JavaScript expression of the message, in which `id` is its
    identifier."""

    what: str
    channel: str
    text: str


class DesktopShell(Protocol):
    """One shell, which scenarios may share; each finds it signed out, with its main window alone."""

    def channels(self) -> Sequence[str]:
        """The channels of its documented contract."""

    def surface(self, case: str, window: str) -> Surface: ...

    def send(self, case: str, frame: Frame, messages: Sequence[RawMessage]) -> BridgeCalls:
        """Send messages past the page's functions, by whatever way the frame has to the main process."""

    def misreply(self, case: str) -> BridgeCalls:
        """Call a function of the page while what main replies is replaced by malformed data."""

    def state(self, case: str) -> ShellState: ...

    def begin(self, case: str) -> str:
        """Begin a sign-in in the main window; the URL of its authorization request."""

    def arrive(self, callback: str) -> None:
        """Bring the issuer's answer to where the shell awaits it."""

    def sign_out(self) -> None:
        """Sign out in the main window."""

    def close(self) -> None: ...
