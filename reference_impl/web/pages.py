"""The pages of web and desktop, and the headers they travel with. No page holds a token, or any inline script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Protocol

from jinja2 import Environment, PackageLoader, StrictUndefined

from reference_impl.known_stages import KnownStage
from reference_impl.session_store import StorageStatus

NOTICES = {
    "signed-out": "You are signed out.",
    "signed-out-here": "You are signed out here, but the sign-in service could not be told: it did not answer. "
    "It will be told as soon as it does.",
    "signed-out-kept": "You are signed out, but your keyring still holds the sign-in, for it could not be changed. "
    "Unlock it and try again: then the sign-in is removed.",
    "data-kept": "You are signed out, but what this browser holds of your notes could not be deleted: another tab "
    "keeps it open. Close the other tabs; it is deleted when somebody signs in here next, before anything is shown.",
    "locked": "The keyring is still locked. Your saved sign-in is still there.",
    "denied": "The sign-in was cancelled or refused. You can try again.",
    "browser": "Go on in your browser. This page follows when you are signed in.",
    "expired": "The sign-in in your browser took too long. Please start it again.",
    "cancelled": "The sign-in was given up. An answer to it is not taken any more.",
    "switched": "You are at another stage now, and signed out of the one before.",
    "ended": "Your session has ended. Please sign in again.",
    "unavailable": "The sign-in service does not answer. Please try again in a moment.",
}
_SCRIPT = "text/javascript; charset=utf-8"
_ASSETS = {
    "style.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "sync.js": _SCRIPT,
    "transport.js": _SCRIPT,
    "auth.js": _SCRIPT,
    "before.js": _SCRIPT,
    "leaving.js": _SCRIPT,
    "local_data.js": _SCRIPT,
    "notes.js": _SCRIPT,
    "replicache.js": _SCRIPT,  # made at set-up, of web/replicache
}


class SignedIn(Protocol):
    """What a page may show of a session."""

    @property
    def account(self) -> str:
        """The name that the user knows."""

    @property
    def issuer(self) -> str:
        """Who vouches for the user."""


@dataclass(frozen=True)
class Link:
    """A page of the client's own, and the words that lead there."""

    path: str
    words: str


@dataclass(frozen=True)
class Place:
    """Where the user is: web or desktop, and on which stage. ``others``: further stages to sign in at. ``kept``: how
    long a stored sign-in is kept, in words, where the client stores one. ``selectable``: the stages of a build that may
    be switched."""

    client: str
    stage: str
    issuer: str
    others: tuple[KnownStage, ...] = ()
    kept: str = ""
    selectable: tuple[str, ...] = ()

    def at(self, issuer: str) -> Place:
        """Return the place of whoever is, or may be, signed in at this issuer; "": where the client is of itself."""
        stage = next((other.name for other in self.others if other.issuer == issuer), self.stage)
        return replace(self, stage=stage, issuer=issuer or self.issuer)


class Pages:
    """Renders each page to HTML; everything variable is escaped."""

    def __init__(self, place: Place) -> None:
        self.place = place

    def login(self, storage: StorageStatus, notice: str | None = None, issuer: str = "", return_to: str = "/") -> str:
        """The sign-in page; ``notice`` is a key of `NOTICES`, anything else is not shown. ``issuer``: where one signs
        in, if not at the client's own stage. ``return_to``: a path of the client, to which it leads in the end."""
        told = NOTICES.get(notice or "")
        return self._render(
            "login.html", place=self.place.at(issuer), storage=storage, notice=told, return_to=return_to
        )

    def home(self, session: SignedIn, storage: StorageStatus) -> str:
        """The page of a signed-in user."""
        place = self.place.at(session.issuer)
        return self._render("home.html", place=place, storage=storage, account=session.account)

    def confirm_stage(self, stage: str, storage: StorageStatus, signed_in: bool, issuer: str = "") -> str:
        """The question before a switch from the stage of ``issuer`` to another."""
        place = self.place.at(issuer)
        return self._render("switch.html", place=place, storage=storage, stage=stage, signed_in=signed_in)

    def settings(
        self, session: SignedIn | None, storage: StorageStatus, issuer: str = "", further: Sequence[Link] = ()
    ) -> str:
        """Stage, issuer and where the sign-in is kept; to be seen without a session too, then of ``issuer``.
        ``further``: what else there is for this user."""
        place, account = (self.place.at(session.issuer), session.account) if session else (self.place.at(issuer), None)
        return self._render("settings.html", place=place, storage=storage, account=account, further=further)

    def message(self, title: str, text: str, storage: StorageStatus, *, onward: bool = True) -> str:
        """A page that says one thing; ``onward``: it leads on to the home page."""
        return self._render("message.html", storage=storage, title=title, text=text, onward=onward)

    def asset(self, name: str) -> tuple[bytes, str] | None:
        """Return a static file and its content type; None for any other name."""
        return asset(name)

    def headers(self) -> dict[str, str]:
        """Return the headers of every response (OWASP ASVS 5.0.0 3.4).

        A form may lead to an issuer: browsers apply form-action to the redirects that follow a form, too.
        """
        issuers = " ".join([self.place.issuer, *(other.issuer for other in self.place.others)])
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
            f"object-src 'none'; base-uri 'none'; form-action 'self' {issuers}; frame-ancestors 'none'"
        )
        return {
            "Content-Security-Policy": policy,
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
        }

    def _render(self, template: str, **context: object) -> str:
        return _environment().get_template(template).render({"place": self.place, **context})


def asset(name: str) -> tuple[bytes, str] | None:
    """Return a static file and its content type; None for any other name."""
    if name not in _ASSETS:
        return None
    file = files("reference_impl.web").joinpath("static", name)
    return (file.read_bytes(), _ASSETS[name]) if file.is_file() else None


@cache
def _environment() -> Environment:
    loader = PackageLoader("reference_impl.web")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
