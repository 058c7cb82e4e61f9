"""The files that windows show, by the scheme ``app``. They are part of the program: none is loaded.

What syncs the notes are the web client's own scripts, with another `transport.js`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files
from urllib.parse import urlsplit

from reference_impl.desktop.shell.senders import HOST

FILES: Mapping[str, tuple[str, str]] = {
    "/index.html": ("reference_impl.desktop.shell", "text/html"),
    "/palette.html": ("reference_impl.desktop.shell", "text/html"),
    "/about.html": ("reference_impl.desktop.shell", "text/html"),
    "/renderer.js": ("reference_impl.desktop.shell", "text/javascript"),
    "/palette.js": ("reference_impl.desktop.shell", "text/javascript"),
    "/assets/transport.js": ("reference_impl.desktop.shell", "text/javascript"),
    "/shell.css": ("reference_impl.desktop.shell", "text/css"),
    "/style.css": ("reference_impl.web", "text/css"),
}
NOTES = b"<!-- notes -->"  # where a page has its notes
# The renderer speaks to nobody but the main process: it can load its own files, and connect nowhere.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'none'; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-src 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}


Assets = Callable[[str], tuple[bytes, str] | None]  # name -> content and type


class AppPages:
    """Reads the files; ``further``: pages by host that a launch brought along."""

    def __init__(self, assets: Assets, further: Mapping[str, bytes] | None = None) -> None:
        """``assets``: the web client's."""
        self._assets = assets
        self._further = dict(further or {})

    def read(self, url: str) -> tuple[bytes, str, dict[str, str]] | None:
        """Return body, media type and headers of a URL; None where there is none."""
        parts = urlsplit(url)
        if parts.netloc in self._further:
            return self._further[parts.netloc], "text/html", {"Cache-Control": "no-store"}
        if parts.netloc != HOST:
            return None
        if parts.path not in FILES:
            found = self._assets(parts.path.removeprefix("/assets/")) if parts.path.startswith("/assets/") else None
            return (found[0], found[1].partition(";")[0], HEADERS) if found else None
        package, kind = FILES[parts.path]
        body = files(package).joinpath("static", parts.path.rpartition("/")[2]).read_bytes()
        return body.replace(NOTES, notes()), kind, HEADERS


def notes() -> bytes:
    """Return the web client's section of the notes."""
    return files("reference_impl.web").joinpath("templates", "notes.html").read_bytes()
