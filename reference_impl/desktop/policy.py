"""The documented session policy of the desktop: what of a sign-in outlives the process, how long, and why.

NIST SP 800-63B-4 §5.1: session secrets that are bearer tokens SHOULD NOT persist across a restart of the application.
Keeping them is a deviation, so it is written down here, told to the user, and bounded.
"""

from __future__ import annotations

from dataclasses import dataclass

from reference_impl.config import Lifetimes

DAY = 86_400  # seconds


@dataclass(frozen=True)
class SessionPolicy:
    """``lifetime``: seconds from the sign-in; ``idle``: seconds from the latest use. ``items``: the store's names."""

    persists: bool = True
    items: tuple[str, ...] = ("refresh_token", "profile")
    lifetime: int = Lifetimes().refresh_absolute
    idle: int = Lifetimes().refresh_idle
    deviation: str = "NIST SP 800-63B-4 §5.1: session secrets SHOULD NOT persist across a restart"
    reason: str = (
        "A desktop is restarted daily, and a password asked for daily is typed anywhere. What is kept is a refresh "
        "token in the system's secret store, used once and rotated (RFC 9700 §4.14.2); its reuse ends the session"
    )

    def words(self) -> str:
        """Tell the user, on the settings page."""
        if not self.persists:
            return "Only until the app is closed."
        return f"Over restarts, for {self.lifetime // DAY} days at most, or until {self.idle // DAY} days without use."
