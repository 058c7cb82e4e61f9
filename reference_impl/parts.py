"""The replaceable parts of the reference's composition root: a documented, stable list.

Every composition point does ``parts.choose(Part.X, RealX(...))``. The reference itself replaces nothing; a harness
replaces a part with a defective one to see whether its checks notice. There is no fault code and no test switch in
this package.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

T = TypeVar("T")

# A replacement takes the real part and returns the one to use. `Any`: each part has its own type.
Replacement = Callable[[Any], Any]


class Part(StrEnum):
    """What can be replaced. The comment says what the real part is, and so what a replacement must be."""

    CONFIGURATION_SOURCE = "configuration source"  # callable (environ) -> StageConfig, raises ConfigurationError
    TLS = "tls"  # loopback.tls_adapter's adapter of cheroot: what a listener accepts before HTTP begins
    STARTUP_REPORT = "startup report"  # callable (error) -> str: what a failed start prints to stderr
    KEY_RING = "key ring"  # issuer.keys.KeyRing: signs tokens, publishes the JWKS
    METADATA = "metadata"  # callable (config) -> dict: the RFC 8414 document
    AUTHORIZATION_ENDPOINT = "authorization endpoint"  # issuer.policy.AuthorizationPolicy: the PKCE requirement
    LOGIN_FLOW = "login flow"  # issuer.authorization.LoginFlow: from an authorization request to its answer
    OAUTH_SERVER = "oauth server"  # issuer.protocol.IssuerServer: Authlib's server with its grant types
    CLIENT_REGISTRY = "client registry"  # issuer.clients.ClientRegistry: lookup and redirect URI matching
    IDENTITY_PROVIDER = "identity provider"  # issuer.identity.IdentityProvider: the stand-in for the upstream
    CODE_STORE = "code store"  # issuer.codes.CodeStore
    REFRESH_KEYS = "refresh keys"  # issuer.refresh_keys.RefreshKeys: derives refresh tokens, by the keys of the day
    TOKEN_STORE = "token store"  # issuer.tokens.TokenStore: grants, refresh families, revocation state
    TOKEN_ENDPOINT = "token endpoint"  # issuer.token_endpoint.TokenEndpoint: redeems codes and refresh tokens
    REVOCATION = "revocation"  # issuer.revocation.Revocation (RFC 7009)
    ACCOUNTS = "accounts"  # issuer.accounts.Accounts: who has which pseudonym
    CORRELATION = "correlation"  # issuer.correlation.Correlation: which identifier a flow has
    AUDIT_LOG = "audit log"  # callable (occurrence) -> None: writes events.audit's line
    EVENT_BUILDER = "event builder"  # events.builder.EventBuilder: which occurrence becomes which event
    OUTBOX = "outbox"  # events.outbox.Outbox
    PUBLISHER = "publisher"  # events.publisher.Publisher: outbox relay -> EventBridge
    EVENT_CONSUMER = "event consumer"  # events.consumer.Subscriber: which deliveries are believed and stored
    EVENT_RULE = "event rule"  # callable (app, stage, issuer) -> EventBridge pattern of what subscribers are sent
    BURST_ALARM = "burst alarm"  # events.bursts.BurstAlarm: what an operator is alerted of
    ROTATION_POLICY = "rotation policy"  # rotation.RotationPolicy: when a new generation is used, and old ones end
    OPERATIONS = "operations"  # operate.operations.Operations: what an operator's commands do
    OPERATIONS_LOG = "operations log"  # callable (environ, clock) -> operate.log.OperationsLog
    ACCESS_LOG = "access log"  # access_log.access_line: callable (flask.Request, status) -> the line of one request
    API_KEYS = "api keys"  # callable () -> JWKS (dict) that the API trusts; really api.issuer_keys.IssuerKeys
    API_PROOFS = "api proofs"  # rfc9449.ProofVerifier of the API: proofs of the key that a token is bound to
    TOKEN_PROOFS = "token proofs"  # rfc9449.ProofVerifier of the token endpoint
    ACCESS_TOKENS = "access tokens"  # api.access_token.AccessTokens: what the API takes for an access token
    API_GUARD = "api guard"  # api.guard.ApiGuard: who may call the API
    RESPONSE_HEADERS = (
        "response headers"  # issuer.app.add_headers, api.app.add_headers: callable (response) -> response
    )
    REALTIME = "realtime"  # api.realtime.Realtime: who may listen, and for how long
    SYNC_CLIENTS = "sync clients"  # api.sync.clients.Clients: whose client groups are, what was acknowledged
    PUSHER = "pusher"  # api.sync.pusher.Pusher: applies pushes
    WORKSPACES = "workspaces"  # api.workspaces.Workspaces: whose notes a request may be about
    WEB_ROUTES = "web routes"  # the web client's table of routes: (rule, method, view) of each
    ORIGIN_GUARD = "origin guard"  # web.origin.is_same_origin: callable (own origin, Origin, Sec-Fetch-Site) -> bool
    RETURN_TARGET = "return target"  # web.returning.local_path: callable (what was asked) -> path after a sign-in
    COOKIE_POLICY = "cookie policy"  # the attributes of the web client's cookies
    WEB_SESSION = "web session"  # the web client's sessions, kept by the server
    ASSETS = "assets"  # callable (name) -> (bytes, content type) or None: style sheet, icon, the page's scripts
    SYNC_PROXY = "sync proxy"  # web.sync_proxy.SyncProxy: passes push and pull of the page on to the API
    INTERNAL_TOOLS = "internal tools"  # web.internal.InternalTools: the selector and debug page, not in production
    PAGES = "pages"  # renders login, home, settings with the storage warning
    LOGOUT = "logout"  # what a logout ends, at the client and at the issuer
    CRASH_PROTECTION = "crash protection"  # callable () -> None: what keeps memory out of the files of a crash
    SESSION_REFERENCE = "session reference"  # desktop.session_reference.SessionReference: how logs tell a session
    SESSION_POLICY = "session policy"  # desktop.policy.SessionPolicy: what outlives the process, and how long
    RENEWAL = "renewal"  # desktop.session.DesktopSession.renew_imported: callable (session) -> None
    SESSION_STORE = "session store"  # the chain: picks a back end, self-test, fallback
    STORE_BACK_END = "store back end"  # each back end as it is opened
    CLOCK = "clock"  # clock.Clock: what a desktop process, and an operator's command, tells the time by
    SIGN_INS = "sign-ins"  # web.sessions.Flows or desktop.sign_in.PendingSignIn: sign-ins under way, each used once
    BROWSER_SIGN_IN = "browser sign-in"  # desktop.browser_sign_in.BrowserSignIn: the loopback port of a sign-in
    SHELL_OPTIONS = "shell options"  # desktop.shell.options.ShellOptions: how the shell is launched
    SHELL_NAVIGATION = "shell navigation"  # desktop.shell.navigation.NavigationPolicy: where its windows may go
    SHELL_PAGES = "shell pages"  # desktop.shell.pages.AppPages: what its windows show, with which policy
    BRIDGE_DISPATCHER = "bridge dispatcher"  # desktop.shell.dispatcher.Dispatcher: main's side of the bridge
    BRIDGE_SENDERS = "bridge senders"  # desktop.shell.senders.SenderPolicy: which pages may speak to main
    BRIDGE_HANDLERS = "bridge handlers"  # desktop.shell.handlers.Handlers: what the bridge's operations do
    PRELOAD_SCRIPTS = "preload scripts"  # desktop.shell.scripts.PreloadScripts: preload, and the page's functions
    EXTERNAL_OPENER = "external opener"  # desktop.shell.external.ExternalOpener: what the browser is opened at
    STORE_ENTRIES = "store entries"  # session_store.splitting.SplitEntries: how values lie in a back end's entries
    STORE_LOCK = "store lock"  # session_store.lock.FileLock: keeps writers of several processes apart
    VAULT = "vault"  # session_store.encrypted_file.EncryptedFileBackEnd, as it is opened
    TOKEN_MANAGER = "token manager"  # the clients' side: login, refresh, keep the newest token
    CLIENT_CONFIGURATION = "client configuration"  # callable (environ, arguments, stamp) -> DesktopConfig
    SETTINGS_GUARD = "settings guard"  # desktop.switching.SettingsGuard: which stages a desktop may be switched to
    STAGE_SWITCH = "stage switch"  # desktop.switching.StageSwitch: how a desktop goes from one stage to another
    REALTIME_CLIENT = "realtime client"  # desktop.realtime.RealtimeClient: hears of changes while somebody is signed in
    BACKGROUND = "background"  # desktop.background.Background: what a desktop does beside its user
    BUILD_PACKER = "build packer"  # build.packer.Packer: what goes into the clients' artifacts, and its log
    OAUTH_CLIENT = "oauth client"  # requests to the issuer


@dataclass(frozen=True)
class Parts:
    """Which parts are replaced, and by what. ``Parts()`` replaces nothing."""

    replacements: Mapping[Part, tuple[Replacement, ...]] = field(default_factory=dict)

    def choose(self, name: Part, real: T) -> T:
        """Return the part to use: the real one, passed through its replacements in their order."""
        chosen = real
        for replacement in self.replacements.get(name, ()):
            chosen = replacement(chosen)
        return chosen
