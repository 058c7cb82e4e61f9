"""The web client's application: routes, and nothing that a part should decide."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import requests
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from reference_impl.account import account_name
from reference_impl.clock import Clock, SystemClock
from reference_impl.config.model import PRODUCTION
from reference_impl.known_stages import KnownStage
from reference_impl.loopback import loopback_session
from reference_impl.oauth_client import (
    AuthorizationDenied,
    CallbackRefused,
    Flow,
    GrantRefused,
    IdTokenRefused,
    IssuerUnavailable,
    OAuthClient,
    OAuthClientError,
)
from reference_impl.parts import Part, Parts
from reference_impl.revocations import Revocations
from reference_impl.session_store import StorageStatus
from reference_impl.token_manager import Logout, MemoryVault, SignedOut, TokenManager
from reference_impl.web.cookies import CookiePolicy
from reference_impl.web.origin import is_same_origin
from reference_impl.web.pages import Pages, Place
from reference_impl.web.responses import clear, html, json, redirect
from reference_impl.web.returning import local_path
from reference_impl.web.sessions import FLOW_LIFETIME, Flows, WebSession, WebSessions
from reference_impl.web.sync_proxy import SCHEME, SyncProxy, asked_handle

if TYPE_CHECKING:
    from reference_impl.web.internal import InternalTools

LARGEST_BODY = 1 << 20  # bytes, whichever server it is behind
SESSIONS = "web sessions"  # the application's extension: its `WebSessions`
SERVER_SIDE = StorageStatus("secure", "server memory, with an HTTP-only cookie in the browser")
_ERRORS = {400: "That did not work", 403: "Refused", 404: "Not found", 503: "Not available"}


class WebConfig(Protocol):
    """What the web client needs of a stage's configuration."""

    @property
    def stage(self) -> str: ...
    @property
    def issuer(self) -> str: ...
    @property
    def api_url(self) -> str: ...
    @property
    def web_url(self) -> str: ...
    @property
    def ca_file(self) -> Path | None: ...
    @property
    def other_stages(self) -> tuple[KnownStage, ...]: ...
    @property
    def variables(self) -> Mapping[str, bool]: ...


def create_web_app(
    config: WebConfig,
    parts: Parts | None = None,
    clock: Clock | None = None,
    storage: Callable[[], StorageStatus] = lambda: SERVER_SIDE,
    http: requests.Session | None = None,
    stopping: threading.Event | None = None,
) -> Flask:
    """Build the web client of one stage.

    ``storage`` tells where sign-ins are kept; the pages warn where it is degraded. ``http`` speaks to the issuer and
    the API; by default it is a loopback session that trusts the stage's ``ca_file``. ``stopping``, when set, ends what
    goes on beside the requests.
    """
    http = http or loopback_session(config.ca_file)
    client = WebClient(config, parts or Parts(), clock or SystemClock(), storage, http, stopping)
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    for rule, method, view in (parts or Parts()).choose(Part.WEB_ROUTES, client.routes()):
        app.add_url_rule(rule, view.__name__, view, methods=[method])
    app.before_request(client.refuse_foreign_posts)
    app.after_request(client.add_headers)
    app.extensions[SESSIONS] = client.sessions
    app.register_error_handler(HTTPException, client.show_error)
    return app


class WebClient:
    """The views. Each stands for one route; the parts decide how sessions, cookies, pages and tokens behave."""

    def __init__(
        self,
        config: WebConfig,
        parts: Parts,
        clock: Clock,
        storage: Callable[[], StorageStatus],
        http: requests.Session,
        stopping: threading.Event | None = None,
    ) -> None:
        self._config = config
        self._parts = parts
        self._return_target = parts.choose(Part.RETURN_TARGET, local_path)
        self._is_same_origin = parts.choose(Part.ORIGIN_GUARD, is_same_origin)
        self._clock = clock
        self._storage = storage
        self._http = http
        own = KnownStage(config.stage, config.issuer, config.api_url)
        self._stages = {"": own, **{stage.name: stage for stage in config.other_stages}}  # by what their paths end with
        self._oauth = {stage.issuer: self._new_client(stage.issuer) for stage in self._stages.values()}
        self._apis = {stage.issuer: stage.api_url for stage in self._stages.values()}
        self._sessions = parts.choose(Part.WEB_SESSION, WebSessions(clock))
        self._cookies = parts.choose(Part.COOKIE_POLICY, CookiePolicy())
        self._pages = parts.choose(Part.PAGES, Pages(Place("web", config.stage, config.issuer, config.other_stages)))
        self._logout = parts.choose(Part.LOGOUT, Logout(Revocations(self._client_of, clock, stopping=stopping)))
        self._sync = parts.choose(Part.SYNC_PROXY, SyncProxy(http))
        self._assets = parts.choose(Part.ASSETS, self._pages.asset)
        self._flows = parts.choose(Part.SIGN_INS, Flows(clock))
        self._tools = None if config.stage == PRODUCTION else self._open_tools()

    @property
    def sessions(self) -> WebSessions:
        """The sessions of all browsers."""
        return self._sessions

    def routes(self) -> tuple[tuple[str, str, Callable[..., Response]], ...]:
        """Return path, method and view of every route. GET changes nothing, except that /callback ends a sign-in."""
        return (
            ("/", "GET", self.home),
            ("/login", "GET", self.login),
            ("/start", "POST", self.start),
            ("/start/<stage>", "POST", self.start),
            ("/callback", "GET", self.callback),
            ("/callback/<stage>", "GET", self.callback),
            ("/session", "GET", self.session),
            ("/refresh", "POST", self.refresh),
            ("/logout", "POST", self.logout),
            ("/settings", "GET", self.settings),
            ("/api/me", "GET", self.me),
            ("/sync/push", "POST", self.push),
            ("/sync/pull", "POST", self.pull),
            ("/assets/<name>", "GET", self.asset),
            *(self._tools.routes() if self._tools else ()),
        )

    def home(self) -> Response:
        """The signed-in user's page, else the way to the login page, which says so where a session has ended."""
        session = self._current(activity=True)
        if session:
            return html(self._pages.home(session, self._storage()))
        if self._cookies.session_name in request.cookies:
            return self._let_go(redirect("/login?notice=ended", self._cookies.end_session()))
        return redirect("/login")

    def login(self) -> Response:
        """The page with the sign-in button. The notice is one of a fixed list: nothing of the query is shown."""
        return_to = self._return_target(request.args.get("return_to"))
        if self._current(activity=True):
            return redirect(return_to)
        return html(self._pages.login(self._storage(), request.args.get("notice"), return_to=return_to))

    def start(self, stage: str = "") -> Response:
        """Begin a sign-in, bound to this browser by the flow cookie, and lead to the issuer of this or another stage.

        Each issuer has a redirect URI of its own (RFC 9700 §4.4.2.2).
        """
        known = self._stages.get(stage)
        if known is None:
            return self._message(404, "There is no such stage to sign in at.")
        try:
            flow = self._oauth[known.issuer].begin(f"{self._config.web_url}/callback{'/' if stage else ''}{stage}")
        except OAuthClientError:
            return redirect("/login?notice=unavailable")
        flow = replace(flow, return_to=self._return_target(request.form.get("return_to")))
        cookie = self._cookies.issue_flow(self._flows.add(flow), int(FLOW_LIFETIME))
        return redirect(flow.authorize_url, cookie)

    def callback(self, stage: str = "") -> Response:
        """Take the issuer's answer, once. An answer that the browser sends again changes nothing.

        Any page can lead the browser here; an answer with another state leaves the sign-in under way. Whose answer it
        must be, and at which address, the sign-in knows; what the answer says of itself is only compared with that.
        """
        before, asked = self._current(activity=True), f"{self._config.web_url}{request.path}"
        callback = f"{asked}?{request.query_string.decode('latin-1')}"
        identifier = request.cookies.get(self._cookies.flow_name)
        flow = self._flows.find(identifier)
        if flow and not self._oauth[flow.issuer].is_answer(flow, callback):
            return self._message(400, "This answer does not belong to your sign-in, which goes on.")
        if flow is None or not self._flows.take(identifier):
            text = "This sign-in is already complete, or it took too long. Please start again."
            return redirect("/") if before else self._message(400, text)
        ended = self._cookies.end_flow()
        try:
            tokens = self._oauth[flow.issuer].redeem(flow, callback)
        except (AuthorizationDenied, GrantRefused, IdTokenRefused):
            return redirect("/login?notice=denied", ended)
        except CallbackRefused:
            return self._message(400, "This answer does not belong to your sign-in. Please start again.", ended)
        except OAuthClientError:
            return redirect("/login?notice=unavailable", ended)
        manager = self._new_manager(flow)
        manager.sign_in(tokens)
        if before:
            self._end(before)
        session = self._sessions.create(manager, self._account(manager))
        cookie = self._cookies.issue_session(session.identifier, self._sessions.remaining(session))
        return redirect(flow.return_to, ended, cookie)

    def session(self) -> Response:
        """Tell page script who is signed in; asking does not count as activity of the user."""
        session = self._current(activity=False)
        if session is None:
            return self._nobody()
        return json(200, {**self._sessions.public_view(session), "handle": _handle(session)})

    def refresh(self) -> Response:
        """Refresh the tokens on the server and renew the cookie. Where the page names the token that was refused, one
        that replaced it meanwhile is new enough."""
        session = self._current(activity=False)
        if session is None:
            return self._nobody()
        named = asked_handle()
        if named is not None and not session.manager.is_own(named):
            return json(409, {"error": "another_session"})
        try:
            session.manager.refresh() if named is None else session.manager.refresh_named(named)
        except OAuthClientError as error:
            return self._refused(session, error)
        cookie = self._cookies.renew_session(session.identifier, self._sessions.remaining(session))
        return json(200, {"refreshed": True, **self._sessions.public_view(session), "handle": _handle(session)}, cookie)

    def logout(self) -> Response:
        """End the session and its grant at the issuer; the cookie goes in any case, and whatever else the browser keeps
        of this origin. A page may name the session: where it is late, and another has begun, that one goes on."""
        session, named = self._current(activity=True), request.form.get("session", "").removeprefix(SCHEME)
        if session and named and not session.manager.is_own(named):
            return redirect("/login")
        notice = "signed-out" if session is None or self._end(session) else "signed-out-here"
        answer = redirect(f"/login?notice={notice}", self._cookies.end_session(), self._cookies.end_flow())
        return clear(answer)

    def settings(self) -> Response:
        """Stage, issuer and where the sign-in is kept; what else there is, for internal users."""
        session = self._current(activity=True)
        further = self._tools.links(session) if self._tools else ()
        return html(self._pages.settings(session, self._storage(), further=further))

    def me(self) -> Response:
        """Pass the API's answer on; the access token is added here and never leaves the server."""
        session = self._current(activity=False)
        if session is None:
            return json(401, {"signed_in": False})
        try:
            answer = session.manager.call(self._ask_me(session.issuer))
            return json(answer.status_code, answer.json())
        except OAuthClientError as error:
            return self._refused(session, error)
        except requests.RequestException:
            return json(503, {"error": "the API does not answer"})

    def push(self) -> Response:
        """Pass a push of the page on."""
        return self._forward("/sync/push")

    def pull(self) -> Response:
        """Pass a pull of the page on."""
        return self._forward("/sync/pull")

    def asset(self, name: str) -> Response:
        """The style sheet, the icon, and the page's scripts."""
        found = self._assets(name)
        if found is None:
            return self._message(404, "There is no such page.")
        return Response(found[0], content_type=found[1])

    def refuse_foreign_posts(self) -> Response | None:
        """Refuse whatever may change something and is not proven to come from our own pages, before any effect."""
        safe = request.method in ("GET", "HEAD", "OPTIONS")
        sender, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
        if safe or self._is_same_origin(self._config.web_url, sender, site):
            return None
        return self._message(403, "This request did not come from this site's own pages.")

    def add_headers(self, response: Response) -> Response:
        """Put the pages' headers on every response."""
        response.headers.update(self._pages.headers())
        return response

    def show_error(self, error: HTTPException) -> Response:
        """Show any other failure as a page of ours, with the same headers and no detail."""
        return self._message(error.code or 500, "Something went wrong with this request.")

    def _current(self, *, activity: bool) -> WebSession | None:
        return self._sessions.find(request.cookies.get(self._cookies.session_name), activity=activity)

    def _nobody(self) -> Response:
        """Answer page script that nobody is signed in, and whether the session is over for good."""
        return self._let_go(json(401, {"signed_in": False, "over": self._is_over()}))

    def _let_go(self, answer: Response) -> Response:
        """Have the browser keep nothing of a session that has come to its absolute end."""
        return clear(answer) if self._is_over() else answer

    def _is_over(self) -> bool:
        return self._sessions.is_over(request.cookies.get(self._cookies.session_name))

    def _client_of(self, issuer: str) -> OAuthClient | None:
        return self._oauth.get(issuer)

    def _new_client(self, issuer: str) -> OAuthClient:
        return self._parts.choose(Part.OAUTH_CLIENT, OAuthClient(self._http, issuer, "web", self._clock))

    def _new_manager(self, flow: Flow) -> TokenManager:
        oauth = self._oauth[flow.issuer]
        return self._parts.choose(Part.TOKEN_MANAGER, TokenManager(oauth, MemoryVault(), self._clock))

    def _open_tools(self) -> InternalTools:
        """Return the tools of internal users. A production stage never loads them."""
        from reference_impl.web.internal import InternalTools, Means

        means = Means(
            place=self._pages.place,
            clock=self._clock,
            sessions=self._sessions,
            current=lambda activity: self._current(activity=activity),
            me=self._me,
            switch=self._switch,
            refuse=self._message,
            storage=self._storage,
            variables=self._config.variables,
        )
        return self._parts.choose(Part.INTERNAL_TOOLS, InternalTools(means))

    def _me(self, session: WebSession) -> Mapping[str, object]:
        """Return what the API says of a session's account; nothing where it does not answer."""
        try:
            told = session.manager.call(self._ask_me(session.issuer)).json()
        except (OAuthClientError, requests.RequestException):
            return {}
        return told if isinstance(told, dict) else {}

    def _switch(self, session: WebSession, stage: str) -> Response:
        """End a session, and begin a sign-in at another of the known stages."""
        self._sessions.end(session)
        self._logout.end(session.manager, "stage_switch")
        response = self.start("" if stage == self._config.stage else stage)
        response.headers.add("Set-Cookie", self._cookies.end_session())
        return response

    def _end(self, session: WebSession) -> bool:
        """End a session; return whether the issuer confirmed it."""
        self._sessions.end(session)
        return self._logout.end(session.manager)

    def _refused(self, session: WebSession, error: OAuthClientError) -> Response:
        """Answer for a session whose tokens cannot be refreshed: gone for good, or only for now."""
        if not isinstance(error, SignedOut):
            answer = json(503, {"error": "the sign-in service does not answer"})
            if isinstance(error, IssuerUnavailable) and error.retry_after > 0:
                answer.headers["Retry-After"] = str(math.ceil(error.retry_after))
            return answer
        self._sessions.end(session)
        return json(401, {"signed_in": False}, self._cookies.end_session())

    def _forward(self, path: str) -> Response:
        session = self._current(activity=False)
        return self._sync.forward(session, self._apis[session.issuer] if session else "", path)

    def _ask_me(self, issuer: str) -> Callable[[str], requests.Response]:
        """Ask the API of the stage whose issuer gave the token: no other may see it."""
        url = f"{self._apis[issuer]}/me"
        return lambda token: self._http.get(url, headers={"Authorization": f"Bearer {token}"})

    def _account(self, manager: TokenManager) -> str:
        return account_name(manager, self._ask_me(manager.oauth.issuer))

    def _message(self, status: int, text: str, *cookies: str) -> Response:
        page = self._pages.message(_ERRORS.get(status, "Something went wrong"), text, self._storage())
        return html(page, status, *cookies)


def _handle(session: WebSession) -> str:
    return f"{SCHEME}{session.manager.handle}"
