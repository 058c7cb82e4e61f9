"""What the channels do. Nothing here takes an address, stage or account from a renderer, and nothing gives it a secret
but a short-lived access token."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import requests

from reference_impl.clock import Clock
from reference_impl.desktop.browser_sign_in import BrowserSignIn
from reference_impl.desktop.policy import SessionPolicy
from reference_impl.desktop.session import DesktopSession
from reference_impl.desktop.sessions import Sessions
from reference_impl.desktop.shell.contract import (
    AccessToken,
    Code,
    Done,
    Handle,
    HelpPage,
    Message,
    Notes,
    Nothing,
    Session,
    SyncAnswer,
    Syncing,
    SyncRequest,
)
from reference_impl.desktop.shell.dispatcher import CallFailed, Handler
from reference_impl.desktop.shell.external import ExternalOpener, NotOpened
from reference_impl.oauth_client import OAuthClientError
from reference_impl.session_store import SessionStore
from reference_impl.token_manager import RefreshTimedOut, SignedOut

T = TypeVar("T")


class Handlers:
    """The operations of the contract. ``changed`` tells every window that the session changed."""

    def __init__(
        self,
        sessions: Sessions,
        sign_in: BrowserSignIn,
        store: SessionStore,
        opener: ExternalOpener,
        clock: Clock,
        changed: Callable[[], None],
    ) -> None:
        self.sessions = sessions
        self.sign_in = sign_in
        self.store = store
        self.opener = opener
        self.clock = clock
        self.changed = changed

    def by_channel(self) -> Mapping[str, Handler]:
        """Return each channel's handler."""
        return {
            "session:get": self.get_session,
            "session:token": self.get_access_token,
            "session:sign-in": self.begin_sign_in,
            "session:cancel": self.cancel_sign_in,
            "session:sign-out": self.sign_out,
            "notes:list": self.list_notes,
            "sync:begin": self.begin_sync,
            "sync:renew": self.renew_handle,
            "sync:push": self.push,
            "sync:pull": self.pull,
            "help:open": self.open_help,
        }

    def get_session(self, request: Nothing) -> Message:
        """Who is signed in, where, and what to warn of."""
        session, warning = self.sessions.shown, self.store.status().warning
        signed_in = session.signed_in
        words = f"{warning.consequence} {warning.fix}" if warning else ""
        account = session.account if signed_in else ""
        return Session(signed_in=signed_in, account=account, stage=session.stage, warning=words, number=session.epoch)

    def get_access_token(self, request: Nothing) -> Message:
        """A token for the page's requests, with what is left of its life."""
        token, expires_at = _translated(self.sessions.shown.access_token)
        return AccessToken(access_token=token, expires_in=max(0, int(expires_at - self.clock.now())))

    def begin_sign_in(self, request: Nothing) -> Message:
        """Send the user to the system's browser (RFC 8252 §8.12): never into a window of the app."""
        url = _translated(lambda: self.sign_in.begin())
        try:
            self.opener.open_sign_in(url)
        except NotOpened:
            self.sign_in.cancel()
            raise CallFailed(Code.REFUSED) from None
        return Done(confirmed=False)

    def cancel_sign_in(self, request: Nothing) -> Message:
        """Give up the sign-in under way."""
        self.sign_in.cancel()
        return Done(confirmed=True)

    def sign_out(self, request: Nothing) -> Message:
        """End the session, for all windows."""
        revoked, _ = self.sessions.shown.logout()
        self.changed()
        return Done(confirmed=revoked)

    def list_notes(self, request: Nothing) -> Message:
        """The user's notes, fetched by main with its own token. What comes after a sign-out is dropped."""
        answer = self.asked(lambda session: session.call("/notes"))
        if answer.status_code != 200:
            raise CallFailed(Code.UNAVAILABLE)
        return Notes(notes=answer.text)

    def begin_sync(self, request: Nothing) -> Message:
        """Whose notes a page may sync, and by which handle."""
        answer = self.asked(lambda session: session.call("/me"))
        if answer.status_code != 200:
            raise CallFailed(Code.UNAVAILABLE)
        subject, handle = str(answer.json()["sub"]), self.sessions.shown.handle
        return Syncing(subject=subject, handle=handle, expires_in=SessionPolicy().lifetime)

    def renew_handle(self, request: Handle) -> Message:
        """The handle of a newer token than the one that was refused."""
        return Handle(handle=self.asked(lambda session: session.refresh_named(request.handle)))

    def push(self, request: SyncRequest) -> Message:
        """Pass a push on."""
        return self.sync("/sync/push", request)

    def pull(self, request: SyncRequest) -> Message:
        """Pass a pull on."""
        return self.sync("/sync/pull", request)

    def sync(self, path: str, request: SyncRequest) -> Message:
        """Send a page's request. A refresh that hangs must hold no push: the page's ``getAuth`` asks for one."""
        answer = self.asked(lambda session: session.send(path, request.body, request.handle))
        if answer is None:
            return SyncAnswer(status=401, body="")
        return SyncAnswer(status=answer.status_code, body=answer.text)

    def asked(self, act: Callable[[DesktopSession], T]) -> T:
        """What came of asking for the session that is shown. What comes after its end is dropped."""
        session = self.sessions.shown
        epoch = session.epoch
        if not session.signed_in:
            raise CallFailed(Code.NOT_AUTHENTICATED)
        answer = _translated(lambda: act(session))
        if not self.is_current(session, epoch):
            raise CallFailed(Code.NOT_AUTHENTICATED)
        return answer

    def is_current(self, session: DesktopSession, epoch: int) -> bool:
        """Whether the session is still the one that a request was sent for."""
        return session is self.sessions.shown and session.signed_in and session.epoch == epoch

    def open_help(self, request: HelpPage) -> Message:
        """Open a help page in the system's browser."""
        try:
            self.opener.open_help(request.url)
        except NotOpened:
            raise CallFailed(Code.REFUSED) from None
        return Done(confirmed=True)


def _translated(act: Callable[[], T]) -> T:
    """Do it, and tell a failure by its code."""
    try:
        return act()
    except SignedOut:
        raise CallFailed(Code.NOT_AUTHENTICATED) from None
    except RefreshTimedOut:
        raise CallFailed(Code.TIMEOUT) from None
    except (OAuthClientError, requests.RequestException):
        raise CallFailed(Code.UNAVAILABLE) from None
