"""The desktop's session: sign in by RFC 8252, call the API, sign out; the sign-in outlives the process in the store."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress

import requests

from reference_impl.account import UNKNOWN, account_name
from reference_impl.clock import Clock
from reference_impl.desktop.config import DesktopConfig
from reference_impl.desktop.session_reference import SessionReference
from reference_impl.desktop.sign_in import PendingSignIn
from reference_impl.oauth_client import CallbackRefused, OAuthClient, OAuthClientError
from reference_impl.parts import Part, Parts
from reference_impl.revocations import Revocations
from reference_impl.session_store import NotFound, SessionStore, SessionStoreError
from reference_impl.token_manager import Logout, SignedOut, TokenManager

PENDING = "pending_revocations"  # the store's item for them

_log = logging.getLogger("reference_impl.desktop")


class StoreVault:
    """Keeps an account's refresh token and profile in the session store, and works on without the store.

    The newest token is held here as well: a store that fails in mid-run costs the sign-in at the next start, not now.
    """

    def __init__(self, store: SessionStore, stage: str, account: str) -> None:
        self._store = store
        self._address = (stage, account)
        self._unwritten: dict[str, str] = {}  # by item: what the store did not take
        self._uncleared = False
        self._refresh_token: str | None = None
        self.profile = UNKNOWN
        self._read()

    def load(self) -> str | None:
        """Return the newest refresh token, or None."""
        return self._refresh_token

    def save(self, refresh_token: str) -> None:
        """Keep this token and no other."""
        self._refresh_token = refresh_token
        self._write("refresh_token", refresh_token)

    def save_profile(self, name: str) -> None:
        """Keep the account's name, to be shown at the next start without asking anybody."""
        self.profile = name
        self._write("profile", name)

    def forget(self) -> None:
        """Clear the account here and in the store."""
        self._refresh_token, self.profile = None, UNKNOWN
        self._unwritten.clear()
        self._clear()

    def resume(self) -> None:
        """Catch up with a store that can be used again: clear, write and read what it did not before."""
        if self._uncleared:
            self._clear()
        for item, value in dict(self._unwritten).items():
            self._write(item, value)
        if self._refresh_token is None and not self._uncleared:
            self._read()

    def holds_imported(self) -> bool:
        """Tell whether the token that the store holds lay in plain text before, and has not been replaced since.

        One that still lies there, because it could not be brought, is not in the store: its successor might not be kept
        either, and at the next start the old one would look stolen.
        """
        try:
            kept = self._store.look(*self._address, "refresh_token")
            return kept.imported and self._store.keep_newest(*self._address, "refresh_token", kept) == kept
        except SessionStoreError:
            return False

    def is_clear(self) -> bool:
        """Tell whether the store really holds nothing more of the account, but for what is to be revoked."""
        try:
            return set(self._store.items(*self._address)) <= {PENDING}
        except SessionStoreError:
            return False

    def _read(self) -> None:
        self._refresh_token = read_item(self._store, self._address, "refresh_token")
        self.profile = read_item(self._store, self._address, "profile") or UNKNOWN

    def _write(self, item: str, value: str) -> None:
        self._unwritten[item] = value
        try:
            self._store.set(*self._address, item, value)
            del self._unwritten[item]
        except SessionStoreError as error:
            _report("session-not-stored", error)

    def _clear(self) -> None:
        self._uncleared = True
        try:
            self._store.clear(*self._address, keep=(PENDING,))
            self._uncleared = False
        except SessionStoreError as error:
            _report("session-not-cleared", error)


class StoreShelf:
    """Keeps what is still to be revoked in the session store, beside the account's session and never in its place.

    It holds a refresh token that the issuer may still honour, which is why it is a secret of the store; but no sign-in
    and no refresh reads it, it is only ever sent to be revoked, and it goes when that is confirmed. Without it a
    sign-out whose network failed could not be told to the issuer after a restart.
    """

    most = 5  # so that they fit into one entry of every store

    def __init__(self, store: SessionStore, stage: str, account: str) -> None:
        self._store = store
        self._address = (stage, account)
        self._text = read_item(store, self._address, PENDING)

    def load(self) -> str | None:
        """Return the newest text, also where the store failed to keep it."""
        return self._text

    def resume(self) -> None:
        """Read what could not be read from the store before."""
        self._text = self._text or read_item(self._store, self._address, PENDING)

    def save(self, text: str | None) -> None:
        """Keep this text, or nothing."""
        before, self._text = self._text, text
        try:
            if text is not None:
                self._store.set(*self._address, PENDING, text)
            elif before is not None:
                self._store.clear(*self._address, keep=[name for name in self._store.item_names if name != PENDING])
        except SessionStoreError as error:
            _report("revocation-not-stored", error)


def read_item(store: SessionStore, address: tuple[str, str], item: str) -> str | None:
    """Return a text of the store; None where there is none, or none to be had."""
    try:
        value = store.get(*address, item)
    except NotFound:
        return None
    except SessionStoreError as error:
        _report("session-not-loaded", error)
        return None
    return value if isinstance(value, str) else None


def _report(record: str, error: SessionStoreError) -> None:
    _log.warning("%s", record, extra={"fields": {"record": record, "reason": type(error).__name__}})


class DesktopSession:
    """The session of this process at one stage."""

    def __init__(
        self, config: DesktopConfig, store: SessionStore, http: requests.Session, parts: Parts, clock: Clock
    ) -> None:
        self._config = config
        self._http = http
        self._clock = clock
        self._lock = threading.Lock()
        self._pending = parts.choose(Part.SIGN_INS, PendingSignIn(clock))
        self._vault = StoreVault(store, config.stage, config.account)
        self._oauth = parts.choose(Part.OAUTH_CLIENT, OAuthClient(http, config.issuer, config.client_id, clock))
        self._manager = parts.choose(Part.TOKEN_MANAGER, TokenManager(self._oauth, self._vault, clock))
        self._shelf = StoreShelf(store, config.stage, config.account)
        revocations = Revocations(self._client_of, clock, self._shelf)
        self._logout = parts.choose(Part.LOGOUT, Logout(revocations))
        self._logout.revocations.resume()
        self._reference = parts.choose(Part.SESSION_REFERENCE, SessionReference())
        self._log("session-resumed")

    @property
    def stage(self) -> str:
        """The stage that this session is at."""
        return self._config.stage

    @property
    def issuer(self) -> str:
        """Who vouches for the user."""
        return self._config.issuer

    @property
    def signed_in(self) -> bool:
        """Whether this process holds a session, as far as it knows."""
        return self._manager.signed_in

    @property
    def account(self) -> str:
        """The name to show for the signed-in user."""
        return self._vault.profile

    def begin(self, redirect_uri: str) -> str:
        """Start a sign-in and return the URL for the system's browser. Only the latest one can be completed."""
        flow = self._oauth.begin(redirect_uri)
        with self._lock:
            self._pending.keep(flow)
        return flow.authorize_url

    @property
    def awaits_answer(self) -> bool:
        """Whether a sign-in is under way, and its answer may still come."""
        with self._lock:
            return self._pending.find() is not None

    @property
    def sign_in_expired(self) -> bool:
        """Whether the latest sign-in was given up because it took too long."""
        with self._lock:
            return self._pending.has_expired

    def complete(self, callback: str) -> None:
        """Take the issuer's answer, once; ``callback`` is the URL that it came to.

        Raises CallbackRefused and what `OAuthClient.redeem` raises.

        Any program of the machine can send a callback; one with another state leaves the sign-in under way.
        """
        with self._lock:
            flow = self._pending.find()
            if flow is None:
                raise CallbackRefused("no sign-in is under way")
            if not self._oauth.is_answer(flow, callback):
                raise CallbackRefused("the state of the answer is not the one of this sign-in")
            self._pending.take()
        tokens = self._oauth.redeem(flow, callback)
        if self.signed_in:
            self._logout.end(self._manager)
        self._manager.sign_in(tokens)
        self._vault.save_profile(account_name(self._manager, lambda token: self._ask("/me", token)))
        self._reference.forget()
        self._log("signed-in")

    def abandon(self) -> None:
        """Let no answer complete the sign-in that is under way, if one is."""
        with self._lock:
            self._pending.take()

    @property
    def epoch(self) -> int:
        """Which session it is: another number after each sign-in and sign-out."""
        return self._manager.epoch

    def stream(self, path: str) -> requests.Response:
        """GET a path of the API whose answer does not end. Raises OAuthClientError, requests.RequestException."""
        return self._manager.call(lambda token: self._ask(path, token, stream=True))

    def call(self, path: str) -> requests.Response:
        """GET a path of the API. Raises OAuthClientError, requests.RequestException."""
        return self._manager.call(lambda token: self._ask(path, token))

    def access_token(self) -> tuple[str, float]:
        """Return an access token and when it ends, in seconds since the epoch. Raises OAuthClientError."""
        return self._manager.access()

    @property
    def handle(self) -> str:
        """The name of the access token that is held; no secret."""
        return self._manager.handle

    def refresh_named(self, handle: str) -> str:
        """Return the name of a newer token than this one of the session. Raises OAuthClientError."""
        if not self._manager.is_own(handle):
            raise SignedOut("another session has begun")
        return self._manager.refresh_named(handle)

    def send(self, path: str, body: str, handle: str) -> requests.Response | None:
        """POST JSON to the API by the token of this name; None where it is not the one that is held. Nothing is
        refreshed. Raises requests.RequestException."""
        token = self._manager.named(handle)
        return None if token is None else self._ask(path, token, body=body)

    def refresh(self) -> None:
        """Refresh the tokens now. Raises OAuthClientError."""
        reference = self._reference.of(self._vault.load())
        try:
            self._manager.refresh()
        except OAuthClientError as error:
            self._log("refresh-failed", reference, type(error).__name__)
            raise
        self._log("refreshed")

    def renew_imported(self) -> None:
        """Ask the issuer for another token where the store's lay in plain text: whoever could read it there has it.

        Where the issuer does not answer, the next start tries again.
        """
        if self._vault.holds_imported():
            with suppress(OAuthClientError):  # it is logged
                self.refresh()

    def resume(self) -> None:
        """Take up what the store holds, now that it can be used again."""
        self._vault.resume()
        self._shelf.resume()
        self._logout.revocations.resume()
        self._log("session-resumed")

    def update_profile(self) -> None:
        """Show the name that the API knows now, and learn so whether the session still holds."""
        if not self.signed_in:
            return
        name = account_name(self._manager, lambda token: self._ask("/me", token))
        held = self._vault.load()  # not by `signed_in`: the session may have ended meanwhile
        if held is not None and name not in (UNKNOWN, self._vault.profile):
            self._vault.save_profile(name)

    def logout(self, reason: str = "user") -> tuple[bool, bool]:
        """End the session; return whether the issuer confirmed it and whether the store is clear.

        ``reason``: ``user``, or ``stage_switch`` where the user goes to another stage.
        """
        reference = self._reference.of(self._vault.load())
        revoked = self._logout.end(self._manager, reason)
        self._log("signed-out", reference)
        self._reference.forget()
        return revoked, self._vault.is_clear()

    def leave(self) -> None:
        """End the session here at once, and at the issuer as soon as it answers: the user is at another stage."""
        reference = self._reference.of(self._vault.load())
        self._logout.leave(self._manager, "stage_switch")
        self._log("signed-out", reference)
        self._reference.forget()

    def _log(self, record: str, reference: str = "", reason: str = "") -> None:
        """Log what became of the session, told by its reference; nothing where there is none."""
        session = reference or self._reference.of(self._vault.load())
        if session:
            fields = {"record": record, "session": session, **({"reason": reason} if reason else {})}
            _log.info("%s", record, extra={"fields": fields})

    def _client_of(self, issuer: str) -> OAuthClient | None:
        return self._oauth if issuer == self._oauth.issuer else None

    def _ask(self, path: str, token: str, *, stream: bool = False, body: str | None = None) -> requests.Response:
        # No redirect is followed: where credentials go is said by the configuration, and by nobody else.
        url, headers = self._config.api_url + path, {"Authorization": f"Bearer {token}"}
        if body is None:
            return self._http.get(url, headers=headers, allow_redirects=False, stream=stream)
        headers["Content-Type"] = "application/json"
        return self._http.post(url, data=body.encode(), headers=headers, allow_redirects=False)
