"""What the system's browser is opened at: the issuer's authorization endpoint, and help pages from a list."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

_log = logging.getLogger("reference_impl.desktop")

HELP_HOSTS = ("help.localhost",)


class NotOpened(Exception):
    """The address is not one that may be opened."""


class ExternalOpener:
    """Opens https addresses of the issuer, for a sign-in, and of the help hosts; refuses and logs anything else."""

    def __init__(self, open_browser: Callable[[str], None], issuers: Sequence[str], help_hosts: Sequence[str]) -> None:
        self.open_browser = open_browser
        self._issuers = frozenset(_origin(issuer) for issuer in issuers)
        self._help = frozenset(help_hosts)

    def open_sign_in(self, url: str) -> None:
        """Open an authorization request that main made itself. Raises NotOpened."""
        if _origin(url) not in self._issuers:
            raise NotOpened(_refused(url))
        self.open_browser(url)

    def open_help(self, url: str) -> None:
        """Open an address that a renderer asked for. Raises NotOpened."""
        if not self.is_help(url):
            raise NotOpened(_refused(url))
        self.open_browser(url)

    def is_help(self, url: str) -> bool:
        """Whether an address is one of the documented help pages: https, a listed host, no user name and no port."""
        try:
            parts = urlsplit(url)
            plain = parts.username is None and parts.password is None and parts.port is None
        except ValueError:
            return False
        spelled = url.isascii() and url.isprintable() and "\\" not in url and " " not in url
        return spelled and plain and parts.scheme == "https" and (parts.hostname or "") in self._help


def _refused(url: str) -> str:
    """Log a refusal, without what follows the origin; return what is told."""
    fields = {"record": "external-refused", "origin": _origin(url)[:200]}
    _log.warning("%s", fields["record"], extra={"fields": fields})
    return "this address is not one that the app opens"


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "?"
    return f"{parts.scheme}://{parts.hostname or ''}{port}"
