"""Which pages may speak to the main process: the top frame of an application window, at the application's origin."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

SCHEME, HOST = "app", "shell"
ORIGIN = f"{SCHEME}://{HOST}"


@dataclass(frozen=True)
class Sender:
    """Who sent a message: the page's URL as the browser process knows it, and what kind of window shows it."""

    url: str
    window: str
    top_frame: bool = True

    @property
    def origin(self) -> str:
        """Scheme and host; for logs, which get nothing more of the URL."""
        try:
            parts = urlsplit(self.url)
        except ValueError:
            return "?"
        return f"{parts.scheme}://{parts.netloc}"


class SenderPolicy:
    """Compares the whole origin."""

    windows = frozenset({"main", "palette"})

    def allows(self, sender: Sender) -> bool:
        """Whether messages of this sender are processed."""
        return sender.top_frame and sender.window in self.windows and self.is_application(sender.url)

    def is_application(self, url: str) -> bool:
        """Whether a URL is one of the application's own pages."""
        return Sender(url, "").origin == ORIGIN
