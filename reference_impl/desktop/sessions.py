"""The sessions of a desktop that knows several stages: one for each; only the one that is shown holds a sign-in.

Whoever goes from one stage to another does it by `switching.StageSwitch`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from reference_impl.desktop.session import DesktopSession


class Sessions:
    """The sessions by stage; that of the desktop's own stage under "". Each issuer has a redirect URI of its own.

    A sign-in begins at the stage that is shown. An answer is given to that stage's session, wherever it came to and
    whatever it says of itself: the session knows whose answer it waits for, and at which address (RFC 9207 §2.4,
    RFC 9700 §4.4.2.2).

    ``turn`` keeps apart what must not meet: the end of a sign-in, background work, and the way to another stage.
    """

    def __init__(
        self,
        sessions: Mapping[str, DesktopSession],
        renew: Callable[[DesktopSession], None] = DesktopSession.renew_imported,
    ) -> None:
        self._sessions = sessions
        self._renew = renew
        self._lock = threading.Lock()
        self._shown = sessions[""]
        self.turn = threading.RLock()

    @property
    def others(self) -> frozenset[str]:
        """The stages that are known beside the desktop's own."""
        return frozenset(self._sessions) - {""}

    @property
    def stages(self) -> frozenset[str]:
        """The names of all stages that are known."""
        return frozenset(session.stage for session in self._sessions.values())

    @property
    def shown(self) -> DesktopSession:
        """The session that the window shows: at first that of the own stage."""
        with self._lock:
            return self._shown

    @property
    def left(self) -> tuple[DesktopSession, ...]:
        """Sessions that hold a sign-in though they are not shown: of a stage that was left without an end."""
        shown = self.shown
        return tuple(one for one in self._sessions.values() if one is not shown and one.signed_in)

    def show(self, stage: str) -> None:
        """Show the session of the stage with this name; a sign-in under way elsewhere is given up. Raises KeyError."""
        session = next((one for one in self._sessions.values() if one.stage == stage), None)
        if session is None:
            raise KeyError(stage)
        with self._lock:
            before, self._shown = self._shown, session
        if before is not session:
            before.abandon()

    def resume(self) -> None:
        """Take up what the store holds, at every stage, now that it can be used again."""
        for session in self._sessions.values():
            session.resume()
        self.renew()

    def renew(self) -> None:
        """Have the issuer renew a sign-in that was found in plain text; nobody waits for it."""

        def renew_shown() -> None:
            with self.turn:
                self._renew(self.shown)

        threading.Thread(target=renew_shown, name="renewal", daemon=True).start()

    def begin(self, origin: str) -> str:
        """Start a sign-in at the stage that is shown; return the URL for the system's browser.

        Raises what the session raises.
        """
        session = self.shown
        stage = next(name for name, one in self._sessions.items() if one is session)
        return session.begin(f"{origin}/cb{'/' if stage else ''}{stage}")

    @property
    def awaits_answer(self) -> bool:
        """Whether a sign-in at the stage that is shown may still be answered."""
        return self.shown.awaits_answer

    @property
    def sign_in_expired(self) -> bool:
        """Whether the latest sign-in took too long."""
        return self.shown.sign_in_expired

    def cancel(self) -> None:
        """Give up the sign-in under way, if there is one."""
        self.shown.abandon()

    def complete(self, callback: str) -> None:
        """Take the issuer's answer that came to this URL. Raises what `DesktopSession.complete` raises."""
        with self.turn:
            self.shown.complete(callback)
