"""The authorization endpoint and its login page (RFC 6749 §4.1, RFC 9700 §2.1)."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from authlib.oauth2 import OAuth2Error
from flask import Response, request
from werkzeug.datastructures import MultiDict

from reference_impl.clock import Clock
from reference_impl.config import Client, StageConfig
from reference_impl.events.occurrences import AuthorizationStarted, SignInFailed
from reference_impl.issuer.accounts import Accounts
from reference_impl.issuer.clients import ClientRegistry
from reference_impl.issuer.codes import CodeBinding, CodeStore
from reference_impl.issuer.correlation import Correlation, proposed_id
from reference_impl.issuer.identity import PROVIDER, AccessDenied, Identity, IdentityProvider, UpstreamUnavailable
from reference_impl.issuer.opaque import new_secret
from reference_impl.issuer.policy import AuthorizationPolicy, AuthorizationRequest
from reference_impl.issuer.protocol import IssuerServer
from reference_impl.issuer.recorder import EventRecorder
from reference_impl.issuer.responses import bind_browser, browser_secret, redirect_back, show_page
from reference_impl.issuer.sign_in_brake import SignInBrake
from reference_impl.issuer.state import IssuerState, IssuerStore
from reference_impl.issuer.token_endpoint import OPENID, SCOPE
from reference_impl.issuer.transactions import Transaction, Transactions

RETURNED, LONGEST = ("state", "nonce"), 2048  # characters; what is returned is in an address, and kept meanwhile
PARAMETERS = tuple(field.name for field in fields(AuthorizationRequest))


class NoAnswer(Exception):
    """Nothing may be sent to the client, because it is not certain who that is (RFC 6749 §4.1.2.1)."""


@dataclass(frozen=True)
class LoginFlow:
    """From an authorization request over the login page to the answer to the client."""

    config: StageConfig
    clock: Clock
    store: IssuerStore
    server: IssuerServer
    clients: ClientRegistry
    policy: AuthorizationPolicy
    identities: IdentityProvider
    accounts: Accounts
    transactions: Transactions
    codes: CodeStore
    correlation: Correlation
    events: EventRecorder
    brake: SignInBrake

    def authorize(self) -> Response:
        """GET /authorize: show the login page, or refuse to the client, or show an error where that is unsafe."""
        try:
            asked = read_request(request.args)
            client, redirect_uri = self.identify(asked)
        except NoAnswer as problem:
            return show_page("error.html", 400, self.config, problem=str(problem))
        try:
            self.policy.check(asked)
            self.server.check_authorization_request()
        except OAuth2Error as error:
            return self._refuse(redirect_uri, asked.state, error)
        return self._begin(asked, client, redirect_uri)

    def identify(self, asked: AuthorizationRequest) -> tuple[Client, str]:
        """Return client and redirect URI. Raises NoAnswer, whatever else is wrong with the request."""
        client = self.clients.find(asked.client_id)
        if client is None:
            raise NoAnswer("The application that sent you here is not registered.")
        if asked.redirect_uri is None or not self.clients.accepts_redirect(client, asked.redirect_uri):
            raise NoAnswer("The application named an address to return to that is not registered for it.")
        return client, asked.redirect_uri

    def submit(self) -> Response:
        """POST /login: what the user answered on the login page."""
        handle, browser = request.form.get("transaction", ""), browser_secret()
        now = self.clock.now()
        transaction = self.store.read(lambda state: self.transactions.find(state, handle, browser or "", now))
        if transaction is None:
            problem = "This sign-in is over, too old, or was begun in another browser."
            return show_page("error.html", 400, self.config, problem=problem)
        if request.form.get("action") == "cancel":
            return self._deny(handle, transaction, "access_denied")
        username = request.form.get("username", "")
        wait = self.brake.attempt(username, browser or "")
        if wait > 0:
            self._failed(transaction, braked=True)
            return self._show_wait(handle, transaction, wait)
        try:
            identity = self.identities.authenticate(username, request.form.get("password", ""))
        except AccessDenied as denied:
            self._failed(transaction, denied.subject)
            return self._show_login(handle, transaction, 403, "User name or password is wrong.")
        except UpstreamUnavailable:
            self.brake.take_back(username, browser or "")
            return self._deny(handle, transaction, "temporarily_unavailable")
        self.brake.succeeded(username, browser or "")
        return self._complete(handle, transaction, identity)

    def _failed(self, transaction: Transaction, meant: str | None = None, braked: bool = False) -> None:
        """Audit a sign-in that failed. Looked up also where nobody is meant, so that the time taken tells nothing."""
        account = None if braked else self.store.read(lambda state: state.account_of(PROVIDER, meant or ""))
        subject = account.subject if account else None
        self.events.audit(SignInFailed(transaction.client_id, transaction.correlation_id, subject, braked))

    def _show_wait(self, handle: str, transaction: Transaction, wait: float) -> Response:
        seconds = math.ceil(wait)
        problem = f"There were too many attempts. Wait {seconds} s, and try again."
        response = self._show_login(handle, transaction, 429, problem)
        response.headers["Retry-After"] = str(seconds)
        return response

    def _begin(self, asked: AuthorizationRequest, client: Client, redirect_uri: str) -> Response:
        """Open a transaction for this browser and show its login page."""
        browser = browser_secret() or new_secret()
        proposed, others = proposed_id(asked.correlation_id), (browser, asked.state, asked.code_challenge)

        def open_it(state: IssuerState) -> tuple[str, Transaction]:
            chosen = self.correlation.choose(state, proposed, others, self.clock.now())
            scope = granted_scope(asked.scope)
            begun = Transaction(
                client.client_id,
                redirect_uri,
                asked.state,
                asked.code_challenge,
                chosen,
                scope,
                asked.nonce,
                asked.dpop_jkt,
            )
            return self._open(state, begun, browser), begun

        handle, transaction = self.store.change(open_it)
        response = self._show_login(handle, transaction, 200)
        bind_browser(response, browser)
        return response

    def _open(self, state: IssuerState, transaction: Transaction, browser: str) -> str:
        self.events.record(state, AuthorizationStarted(transaction.client_id, transaction.correlation_id))
        return self.transactions.begin(state, transaction, browser, self.clock.now())

    def _complete(self, handle: str, transaction: Transaction, identity: Identity) -> Response:
        """Answer with a code, once for each transaction; the account is made if this is its first login."""
        code = self.store.change(lambda state: self._issue_code(state, handle, transaction, identity))
        if code is None:
            return self._deny(handle, transaction, "access_denied")
        return redirect_back(self.config, transaction.redirect_uri, transaction.state, code=code)

    def _issue_code(self, state: IssuerState, handle: str, transaction: Transaction, identity: Identity) -> str | None:
        """Return a code; None where the account is disabled or the transaction is over."""
        now = self.clock.now()
        account = self.accounts.resolve(state, identity, now)
        if account.disabled or not self.transactions.finish(state, handle):
            return None
        binding = CodeBinding(
            transaction.client_id,
            transaction.redirect_uri,
            transaction.code_challenge,
            account.subject,
            account.new,
            transaction.correlation_id,
            transaction.scope,
            transaction.nonce,
            transaction.dpop_jkt,
        )
        return self.codes.issue(state, binding, now)

    def _deny(self, handle: str, transaction: Transaction, error: str) -> Response:
        self.store.change(lambda state: self.transactions.finish(state, handle))
        return redirect_back(self.config, transaction.redirect_uri, transaction.state, error=error)

    def _refuse(self, redirect_uri: str, state: str | None, error: OAuth2Error) -> Response:
        params = {"error": error.error or "invalid_request"}
        if error.description:
            params["error_description"] = error.description
        return redirect_back(self.config, redirect_uri, state, **params)

    def _show_login(self, handle: str, transaction: Transaction, status: int, error: str = "") -> Response:
        return show_page(
            "login.html",
            status,
            self.config,
            redirect_uri=transaction.redirect_uri,
            transaction=handle,
            client_id=transaction.client_id,
            error=error,
        )


def read_request(args: MultiDict[str, str]) -> AuthorizationRequest:
    """Read the parameters. Raises NoAnswer if one comes twice (RFC 6749 §3.1): which one would count is a guess."""
    repeated = [name for name, values in args.lists() if len(values) > 1]
    if repeated:
        raise NoAnswer("The application sent a parameter twice.")
    if any(len(args.get(name, "")) > LONGEST for name in RETURNED):  # it could not even be told to which request
        raise NoAnswer(f"The application sent a {' or a '.join(RETURNED)} of more than {LONGEST} characters.")
    return AuthorizationRequest(**{name: args.get(name) or None for name in PARAMETERS})


def granted_scope(asked: str | None) -> str:
    """Return what a login is granted: the API, always, and an ID token for who asks for one."""
    return f"{OPENID} {SCOPE}" if OPENID in (asked or "").split() else SCOPE
