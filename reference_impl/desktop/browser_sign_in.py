"""A sign-in by the system's browser (RFC 8252): one at a time, each with a loopback port of its own.

Any program of the machine, and any page in a browser, can send requests to that port. One request is the answer: a
navigation, to the expected path and Host, with the state of the sign-in under way. Anything else is refused, and the
sign-in goes on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from urllib.parse import parse_qsl

from reference_impl.desktop.callback_listener import CallbackListener
from reference_impl.desktop.exchange import Answer, Request
from reference_impl.desktop.sessions import Sessions
from reference_impl.oauth_client import AuthorizationDenied, GrantRefused, IdTokenRefused, OAuthClientError
from reference_impl.session_store import SessionStore
from reference_impl.web.pages import Pages

# An authorization response of the code flow holds none of these (RFC 6749 §4.1.2, RFC 9700 §2.1.2).
TOKEN_PARAMETERS = frozenset({"access_token", "refresh_token", "id_token", "token_type", "expires_in"})
_CLOSE = "You can close this page and go back to the app."


class BrowserSignIn:
    """Begins sign-ins, and takes the answer of the latest one."""

    def __init__(
        self, sessions: Sessions, store: SessionStore, pages: Pages, changed: Callable[[], None] = lambda: None
    ) -> None:
        """``changed`` is told when somebody has signed in."""
        self._sessions = sessions
        self._store = store
        self._pages = pages
        self._changed = changed
        self._lock = threading.Lock()
        self._listener: CallbackListener | None = None

    def begin(self) -> str:
        """Start a sign-in at the stage that is shown, and return the URL for the system's browser.

        Raises what the session raises. An earlier sign-in under way is given up.
        """
        listener = self.listen()
        try:
            url = self._sessions.begin(listener.origin)
        except BaseException:
            listener.close()
            raise
        with self._lock:
            before, self._listener = self._listener, listener
        if before is not None:
            before.close()
        listener.serve(lambda request: self.answer(listener, request), self._pages.headers(), self.is_awaited)
        return url

    def cancel(self) -> None:
        """Give up the sign-in under way, if there is one."""
        self._sessions.cancel()

    def listen(self) -> CallbackListener:
        """Bind a port, another one than that of the last sign-in."""
        listener, last = CallbackListener(), self._listener
        while last is not None and listener.port == last.port:
            held, listener = listener, CallbackListener()
            held.close()
        return listener

    def is_awaited(self) -> bool:
        """Whether an answer to the latest sign-in may still come."""
        return self._sessions.awaits_answer

    def answer(self, listener: CallbackListener, request: Request) -> Answer:
        """Refuse a request, or take it for the answer."""
        asset = self._pages.asset(request.path.removeprefix("/assets/"))
        refusal = self.refusal(listener, request)
        if refusal is not None:
            return self._message(*refusal)
        if asset is not None:  # the page after a sign-in needs them
            return Answer(200, asset[0], content_type=asset[1])
        return self._complete(f"{listener.origin}{request.path}?{request.query}")

    def refusal(self, listener: CallbackListener, request: Request) -> tuple[int, str, str] | None:
        """Return why a request cannot be the answer, as status, title and text; None where it may be."""
        if request.headers.get("host") != listener.origin.removeprefix("http://"):
            return 421, "Refused", "This port has no such host."
        if request.method != "GET":
            return 405, "Refused", "Only a GET is answered here."
        if request.path.startswith("/assets/") and self._pages.asset(request.path.removeprefix("/assets/")):
            return None
        if not self.is_callback_path(request.path):
            return 404, "Not found", "There is no such page."
        if request.headers.get("sec-fetch-dest", "document") != "document":
            return 403, "Refused", "Only the browser itself may come here, and no page's script or picture."
        if listener is not self._listener or not self.is_awaited():
            return 410, "Not signed in", f"No sign-in of the app is under way any more. {_CLOSE}"
        if self.has_tokens(request.query):
            return 400, "Not signed in", "An answer with tokens in its address is not taken."
        return None

    def is_callback_path(self, path: str) -> bool:
        """Whether it is the redirect URI's path of any stage."""
        return path == "/cb" or (path.startswith("/cb/") and path.removeprefix("/cb/") in self._sessions.others)

    def has_tokens(self, query: str) -> bool:
        """Whether a query carries what only a token response may (RFC 9700 §2.1.2)."""
        return bool(TOKEN_PARAMETERS & {name.lower() for name, _ in parse_qsl(query, keep_blank_values=True)})

    def _complete(self, callback: str) -> Answer:
        """Take the issuer's answer; the page is for the system's browser and leads nowhere."""
        try:
            self._sessions.complete(callback)
        except (AuthorizationDenied, GrantRefused, IdTokenRefused):
            return self._message(403, "Not signed in", f"The sign-in was cancelled or refused. {_CLOSE}")
        except OAuthClientError:
            text = "This answer does not belong to a sign-in of the app, or the sign-in service did not answer."
            return self._message(400, "Not signed in", f"{text} {_CLOSE}")
        self._changed()
        return self._message(200, "Signed in", _CLOSE)

    def _message(self, status: int, title: str, text: str) -> Answer:
        return Answer(status, self._pages.message(title, text, self._store.status(), onward=False).encode())
