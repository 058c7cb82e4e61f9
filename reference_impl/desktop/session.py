"""The desktop's session: sign in by RFC 8252, call the API, sign out; the sign-in outlives the process in the store."""

from __future__ import annotations

import logging
import threading

import requests

from reference_impl.account import UNKNOWN, account_name
from reference_impl.clock import Clock
from reference_impl.desktop.config import DesktopConfig
from reference_impl.oauth_client import CallbackRefused, Flow, OAuthClient
from reference_impl.parts import Part, Parts
from reference_impl.session_store import NotFound, SessionStore, SessionStoreError
from reference_impl.token_manager import Logout, TokenManager

FLOW_LIFETIME = 600.0  # seconds that a sign-in may take

_log = logging.getLogger("reference_impl.desktop")


class StoreVault:
    """Keeps an account's refresh token and profile in the session store, and works on without the store.

    The newest token is held here as well: a store that fails in mid-run costs the sign-in at the next start, not now.
    """

    def __init__(self, store: SessionStore, stage: str, account: str) -> None:
        self._store = store
        self._address = (stage, account)
        self._refresh_token = self._read("refresh_token")
        self.profile = self._read("profile") or UNKNOWN

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
        try:
            self._store.clear(*self._address)
        except SessionStoreError as error:
            _report("session-not-cleared", error)

    def is_clear(self) -> bool:
        """Tell whether the store really holds nothing more of the account."""
        try:
            return not self._store.items(*self._address)
        except SessionStoreError:
            return False

    def _read(self, item: str) -> str | None:
        try:
            value = self._store.get(*self._address, item)
        except NotFound:
            return None
        except SessionStoreError as error:
            _report("session-not-loaded", error)
            return None
        return value if isinstance(value, str) else None

    def _write(self, item: str, value: str) -> None:
        try:
            self._store.set(*self._address, item, value)
        except SessionStoreError as error:
            _report("session-not-stored", error)


def _report(record: str, error: SessionStoreError) -> None:
    _log.warning("%s", record, extra={"fields": {"record": record, "reason": type(error).__name__}})


class DesktopSession:
    """The one session of this process."""

    def __init__(
        self, config: DesktopConfig, store: SessionStore, http: requests.Session, parts: Parts, clock: Clock
    ) -> None:
        self._config = config
        self._http = http
        self._clock = clock
        self._lock = threading.Lock()
        self._flow: Flow | None = None
        self._vault = StoreVault(store, config.stage, config.account)
        self._oauth = parts.choose(Part.OAUTH_CLIENT, OAuthClient(http, config.issuer, config.client_id, clock))
        self._manager = parts.choose(Part.TOKEN_MANAGER, TokenManager(self._oauth, self._vault, clock))
        self._logout = parts.choose(Part.LOGOUT, Logout())

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
            self._flow = flow
        return flow.authorize_url

    def complete(self, query: str) -> None:
        """Take the issuer's answer, once. Raises CallbackRefused and what `OAuthClient.redeem` raises.

        Any program of the machine can send a callback; one with another state leaves the sign-in under way.
        """
        with self._lock:
            flow = self._flow
            if flow is None or flow.began_at + FLOW_LIFETIME < self._clock.now():
                raise CallbackRefused("no sign-in is under way")
            if not self._oauth.is_answer(flow, query):
                raise CallbackRefused("the state of the answer is not the one of this sign-in")
            self._flow = None
        tokens = self._oauth.redeem(flow, query)
        if self.signed_in:
            self._logout.end(self._manager)
        self._manager.sign_in(tokens)
        self._vault.save_profile(account_name(self._manager, lambda token: self._ask("/me", token)))

    def call(self, path: str) -> requests.Response:
        """GET a path of the API. Raises OAuthClientError, requests.RequestException."""
        return self._manager.call(lambda token: self._ask(path, token))

    def refresh(self) -> None:
        """Refresh the tokens now. Raises OAuthClientError."""
        self._manager.refresh()

    def logout(self) -> tuple[bool, bool]:
        """End the session; return whether the issuer confirmed it and whether the store is clear."""
        revoked = self._logout.end(self._manager)
        return revoked, self._vault.is_clear()

    def _ask(self, path: str, token: str) -> requests.Response:
        return self._http.get(self._config.api_url + path, headers={"Authorization": f"Bearer {token}"})
