"""An OAuth authorization server over plain HTTP, from its metadata (RFC 6749, 7636, 8414): nothing here knows whose."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote_plus, urlencode, urljoin, urlsplit

import requests

from harness.errors import NotOffered, TargetError
from harness.observations import Race, TokenFacts
from harness.observe import Recorder
from harness.probes.forms import find_form
from harness.probes.http import Answer, HttpProbe
from harness.probes.jwt import read_token

__all__ = ["Authorization", "Client", "Grant", "OAuthIssuer", "StageAddress", "User", "pkce_pair"]

MAX_HOPS = 8  # redirects and forms between the authorization request and its end


@dataclass(frozen=True)
class Client:
    """A client registered at the stage; `native` where its redirect URI is on the loopback address (RFC 8252).
    `authentication` is its method at the token endpoint (RFC 7591 §2), `none` for a public client."""

    client_id: str
    redirect_uri: str
    native: bool = False
    secret: str = field(default="", repr=False)
    authentication: str = "none"  # or client_secret_basic, client_secret_post
    other_redirect_uris: tuple[str, ...] = ()  # registered for it as well


@dataclass(frozen=True)
class User:
    """A test user. The password is a secret."""

    name: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class StageAddress:
    """Where a stage is: its configured issuer identifier, its API and web client, and who can log in."""

    stage: str
    issuer: str
    api: str
    protected: str  # a URL of the API that needs a token
    web: str
    clients: Mapping[str, Client]
    users: Mapping[str, User] = field(repr=False)
    scope: str = ""
    web_data: tuple[str, ...] = ()  # paths at which the web application answers its user with data
    hosts: frozenset[str] = frozenset()  # what requests may go to besides the hosts of these addresses

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """The names that requests of this stage may go to: no credential leaves them, whatever a redirect says."""
        own = (self.issuer, self.api, self.web, self.protected)
        return self.hosts | {urlsplit(url).hostname or "" for url in own if url}


@dataclass(frozen=True)
class Authorization:
    """How an authorization request ended: with a code at the redirect URI, or with an answer that is not one."""

    answer: Answer
    parameters: Mapping[str, str] = field(repr=False)
    verifier: str = field(repr=False)
    request: Mapping[str, str] = field(repr=False)

    @property
    def code(self) -> str:
        return self.parameters.get("code", "")


@dataclass(frozen=True)
class Grant:
    """What a login ended with. Tokens are secrets."""

    client: Client
    code: str = field(repr=False)
    verifier: str = field(repr=False)
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    answer: Answer = field(repr=False)


def pkce_pair() -> tuple[str, str]:
    """A code verifier of 43 characters and its S256 challenge (RFC 7636 §4.1, §4.2)."""
    verifier = secrets.token_urlsafe(32)
    digest = hashlib.sha256(verifier.encode()).digest()
    return verifier, base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class OAuthIssuer:
    """One stage's authorization server and API as a client meets them."""

    def __init__(
        self,
        address: StageAddress,
        new_session: Callable[[], requests.Session],
        recorder: Recorder,
        published_keys: Callable[[], Mapping[str, Mapping[str, object]]],
    ) -> None:
        """`published_keys` gives every stage's JWKS, so that a token's signer can be named."""
        self.address = address
        self.stage = address.stage
        self._new_session = new_session
        self._recorder = recorder
        self._published_keys = published_keys
        self._probe = HttpProbe(new_session(), recorder, address.allowed_hosts, stage=address.stage)
        self._metadata: dict[str, str] = {}

    @property
    def metadata(self) -> dict[str, str]:
        """The RFC 8414 document, asked for once. Raises TargetError where there is none."""
        if not self._metadata:
            found = self.discover("discovery").json()
            if not {"authorization_endpoint", "token_endpoint"} <= found.keys():
                raise TargetError(f"{self.stage}: no metadata at {self.address.issuer}")
            self._metadata = found
        return self._metadata

    def discover(self, case: str) -> Answer:
        """GET the metadata of the configured identifier (RFC 8414 §3)."""
        parts = urlsplit(self.address.issuer)
        path = f"/.well-known/oauth-authorization-server{parts.path.rstrip('/')}"
        return self._probe.get(case, f"{parts.scheme}://{parts.netloc}{path}", role="metadata")

    def new_agent(self) -> HttpProbe:
        """A user agent with an empty cookie jar."""
        return HttpProbe(self._new_session(), self._recorder, self.address.allowed_hosts, stage=self.stage)

    def request(self, client: Client, changes: Mapping[str, str | None] | None = None) -> tuple[dict[str, str], str]:
        """A valid code request with these changes (None removes a parameter), and its code verifier."""
        verifier, challenge = pkce_pair()
        self._recorder.redactor.register(verifier, "code_verifier")
        valid: dict[str, str | None] = {
            "response_type": "code",
            "client_id": client.client_id,
            "redirect_uri": client.redirect_uri,
            "state": secrets.token_urlsafe(16),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "scope": self.address.scope or None,
        }
        return {name: value for name, value in {**valid, **(changes or {})}.items() if value is not None}, verifier

    def authorize(
        self,
        case: str,
        client: Client,
        user: User | None,
        changes: Mapping[str, str | None] | None = None,
        *,
        raw_query: str = "",
        deny: bool = False,
        agent: HttpProbe | None = None,
        about: Mapping[str, str] | None = None,
    ) -> Authorization:
        """Send a code request and, where the answer is a login page, log in as `user` (None: stop at the page).

        It ends at the first redirect to another origin, or at an answer that is neither redirect nor form. The last
        exchange of `case` is the end. `raw_query` is sent as it is, instead of the parameters.
        """
        parameters, verifier = self.request(client, changes)
        agent, about = agent or self.new_agent(), dict(about or {})
        query = raw_query or urlencode(parameters)
        answer = agent.get(case, self.metadata["authorization_endpoint"], query=query, role="authorize", **about)
        for _ in range(MAX_HOPS):
            if answer.location:
                if self._leaves(answer.location):
                    break
                answer = agent.get(case, answer.location, role="authorize", **about)
                continue
            form = find_form(answer.text) if answer.status == 200 and user is not None else None
            if form is None:
                break
            filled = dict(form.fields)
            filled.update(dict.fromkeys(form.text_fields[:1], user.name if user else ""))
            filled.update(dict.fromkeys(form.password_fields[:1], user.password if user else ""))
            filled.update(_button(form.buttons, deny))
            target, headers = urljoin(answer.url, form.action), {"Origin": self._origin()}
            answer = agent.post(case, target, filled, headers=headers, role="login", **about)
        return Authorization(answer, _redirect_parameters(answer.location), verifier, parameters)

    def redeem(
        self,
        case: str,
        authorization: Authorization,
        client: Client,
        *,
        record: bool = True,
        about: Mapping[str, str] | None = None,
        changes: Mapping[str, str | None] | None = None,
        endpoint: str = "",
    ) -> Answer:
        """POST the code to the token endpoint (RFC 6749 §4.1.3), or another URL, with these changes of the form (None
        removes a parameter)."""
        form = {
            "grant_type": "authorization_code",
            "code": authorization.code,
            "redirect_uri": authorization.request["redirect_uri"],
            "code_verifier": authorization.verifier,
        }
        about = {"client": client.client_id, **(about or {})}
        return self.token_request(case, form, client, record=record, changes=changes, endpoint=endpoint, about=about)

    def refresh(
        self,
        case: str,
        refresh_token: str,
        client: Client,
        *,
        changes: Mapping[str, str | None] | None = None,
        about: Mapping[str, str] | None = None,
    ) -> Answer:
        """POST a refresh token (RFC 6749 §6), with these changes of the form."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        about = {"client": client.client_id, **(about or {})}
        return self.token_request(case, form, client, changes=changes, about=about)

    def revoke(
        self,
        case: str,
        token: str,
        client: Client,
        *,
        changes: Mapping[str, str | None] | None = None,
        endpoint: str = "",
        about: Mapping[str, str] | None = None,
    ) -> Answer:
        """POST a token to the revocation endpoint (RFC 7009 §2.1), or another URL, with these changes of the form.

        Raises NotOffered where the metadata names no such endpoint and no URL is given.
        """
        url = endpoint or self.metadata.get("revocation_endpoint", "")
        if not url:
            raise NotOffered("revocation endpoint", "its metadata names none")
        return self._post(case, url, {"token": token}, client, "revocation", changes, True, about or {})

    def token_request(
        self,
        case: str,
        form: Mapping[str, str],
        client: Client | None,
        *,
        record: bool = True,
        changes: Mapping[str, str | None] | None = None,
        endpoint: str = "",
        about: Mapping[str, str] | None = None,
    ) -> Answer:
        """POST a form to the token endpoint as this client, authenticated its way (RFC 6749 §2.3, §3.2.1); None: as
        nobody. `changes` are made last: None removes a parameter."""
        url = endpoint or self.metadata["token_endpoint"]
        return self._post(case, url, form, client, "token", changes, record, about or {})

    def log_in(self, case: str, client: Client, user: User) -> Grant:
        """A whole login. Raises TargetError where it does not end with tokens."""
        authorization = self.authorize(case, client, user)
        if not authorization.code:
            raise TargetError(f"{self.stage}: a login of a valid user ended without a code ({case})")
        answer = self.redeem(case, authorization, client)
        tokens = answer.json()
        if answer.status != 200 or "access_token" not in tokens:
            raise TargetError(f"{self.stage}: a valid code was not redeemed: HTTP {answer.status} ({case})")
        self.observe_token(case, str(tokens["access_token"]), "access_token")
        return Grant(
            client,
            authorization.code,
            authorization.verifier,
            str(tokens["access_token"]),
            str(tokens.get("refresh_token", "")),
            answer,
        )

    def call_api(self, case: str, access_token: str, **about: str) -> Answer:
        """GET the protected resource with a bearer token (RFC 6750 §2.1)."""
        headers = {"Authorization": f"Bearer {access_token}"}
        return self.new_agent().get(case, self.address.protected, headers=headers, role="api", **about)

    def observe_token(self, case: str, token: str, kind: str) -> TokenFacts:
        """Record what can be said of a token without showing it."""
        mark = self._recorder.redactor.register(token, kind)
        return self._recorder.record(read_token(case, token, kind, mark, self._published_keys(), self.stage))

    def race(self, case: str, parallel: int, rounds: int, client: Client, user: User, **about: str) -> Race:
        """Redeem one code `parallel` times at once, `rounds` times over."""
        about = {"stage": self.stage, "client": client.client_id, "demanded": str(rounds), **about}
        statuses: list[tuple[int, ...]] = []
        codes = [self.authorize(f"{case}: code", client, user) for _ in range(rounds)]
        with ThreadPoolExecutor(parallel) as pool:
            for code in codes:
                answers = pool.map(
                    lambda _, code=code: self.redeem(case, code, client, record=False).status, range(parallel)
                )
                statuses.append(tuple(sorted(answers)))
        successes = tuple(sum(status == 200 for status in round_) for round_ in statuses)
        return self._recorder.record(
            Race(case=case, about=about, parallel=parallel, rounds=tuple(statuses), successes=successes)
        )

    def _post(
        self,
        case: str,
        url: str,
        form: Mapping[str, str],
        client: Client | None,
        role: str,
        changes: Mapping[str, str | None] | None,
        record: bool,
        about: Mapping[str, str],
    ) -> Answer:
        fields, headers = _authenticated(form, client)
        changed = {name: value for name, value in {**fields, **(changes or {})}.items() if value is not None}
        return self._probe.post(case, url, changed, headers=headers, record=record, **{"role": role, **about})

    def _origin(self) -> str:
        parts = urlsplit(self.metadata["authorization_endpoint"])
        return f"{parts.scheme}://{parts.netloc}"

    def _leaves(self, location: str) -> bool:
        parts = urlsplit(location)
        return f"{parts.scheme}://{parts.netloc}" != self._origin()


def _authenticated(form: Mapping[str, str], client: Client | None) -> tuple[dict[str, str], dict[str, str]]:
    """Form and headers with the client's identification in them (RFC 6749 §2.3.1)."""
    if client is None:
        return dict(form), {}
    if client.authentication == "client_secret_basic":
        pair = f"{quote_plus(client.client_id)}:{quote_plus(client.secret)}"
        return dict(form), {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    secret = {"client_secret": client.secret} if client.authentication == "client_secret_post" else {}
    return {**form, "client_id": client.client_id, **secret}, {}


def _button(buttons: Mapping[str, list[str]], deny: bool) -> dict[str, str]:
    """The first submit button, or the last one where the user declines."""
    return {name: values[-1 if deny else 0] for name, values in buttons.items()}


def _redirect_parameters(location: str) -> dict[str, str]:
    parts = urlsplit(location)
    return {name: values[0] for name, values in {**parse_qs(parts.query), **parse_qs(parts.fragment)}.items()}
