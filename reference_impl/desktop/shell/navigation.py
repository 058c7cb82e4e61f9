"""Where windows may go: to the application's own pages, and nowhere else. No page opens a window of the app; a help
page that one asks to open goes to the system's browser."""

from __future__ import annotations

import logging
from collections.abc import Collection
from contextlib import suppress

from reference_impl.desktop.shell.external import ExternalOpener, NotOpened
from reference_impl.desktop.shell.senders import SCHEME, Sender, SenderPolicy

_log = logging.getLogger("reference_impl.desktop")


class NavigationPolicy:
    """Decides for every frame, also for redirects."""

    def __init__(self, senders: SenderPolicy, opener: ExternalOpener, further_hosts: Collection[str] = ()) -> None:
        """``further_hosts``: hosts of the app's own scheme whose pages the launch brought along."""
        self._senders = senders
        self.opener = opener
        self._origins = frozenset(f"{SCHEME}://{host}" for host in further_hosts)

    def allows(self, url: str) -> bool:
        """Whether a frame may be led to a URL; a refusal is logged, without what follows the origin."""
        if self._senders.is_application(url) or Sender(url, "").origin in self._origins:
            return True
        self._refuse("navigation-refused", url)
        return False

    def opens(self, url: str) -> bool:
        """Whether a page may open a window of the app at a URL: never; a help page is opened outside."""
        self._refuse("window-refused", url)
        with suppress(NotOpened):
            self.opener.open_help(url)
        return False

    def _refuse(self, record: str, url: str) -> None:
        fields = {"record": record, "origin": Sender(url, "").origin[:200]}
        _log.warning("%s", record, extra={"fields": fields})
