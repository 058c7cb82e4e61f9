"""An OAuth authorization server over plain HTTP, from its metadata (RFC 6749, 7636, 8414): nothing here knows whose."""

from __future__ import annotations

import base64
import copy
import functools
import hashlib
import secrets
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs, quote_plus, urlencode, urlsplit

from harness.errors import NotOffered, TargetError
from harness.observations import Race, TokenFacts
from harness.observe import Recorder
from harness.probes.clients import HttpClient
from harness.probes.http import Answer, HttpProbe
from harness.probes.jwt import read_token
from harness.probes.login import Journey, Login, User, Walk, walk_forms

__all__ = ["Authorization", "Client", "Grant", "OAuthIssuer", "Route", "StageAddress", "User", "pkce_pair"]

METADATA = {"authorization_endpoint", "token_endpoint"}  # without these there is nothing to speak to
MORE = {"jwks_uri", "revocation_endpoint", "userinfo_endpoint"}  # what else is used, and may stand in one document only


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
class Route:
    """A request that is answered for a user, and is no plain GET. `body` is JSON. HEAD is for what a GET would never
    end: it is answered with the same headers (RFC 9110 §9.3.2)."""

    method: str
    path: str
    body: str = ""


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
    audience: str = ""  # the API's identifier in tokens for it (RFC 9068 §2.2), where it is documented
    web_data: tuple[str, ...] = ()  # paths at which the web application answers its user with data
    api_data: tuple[str, ...] = ()  # paths at which the API answers a bearer with data, besides `protected`
    web_routes: tuple[Route, ...] = ()  # what else the web application answers its user
    api_routes: tuple[Route, ...] = ()  # what else the API answers a bearer
    push: Route | None = None  # by which a bearer's client stores what its user wrote, in the place of {witness}
    pull: str = ""  # the path at which the API shows that
    hosts: frozenset[str] = frozenset()  # what requests may go to besides the hosts of these addresses
    discovery: str = ""  # the URL of the metadata, where they lie at no well-known place
    personal: str = ""  # the user whose name stands in nothing but what tells of him
    login: Login = field(default_factory=Login)
    login_hosts: frozenset[str] = frozenset()  # where a login may lead besides the authorization endpoint's origin
    further_clients: tuple[Client, ...] = ()  # registered too, but no scenario logs in by them
    absent: Mapping[str, str] = field(default_factory=dict)  # capabilities declared absent, each with its reason

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """The names that requests of this stage may go to: no credential leaves them, whatever a redirect says."""
        own = (self.issuer, self.discovery, self.api, self.web, self.protected)
        return self.hosts | {urlsplit(url).hostname or "" for url in own if url}

    def not_offered(self, capability: str, otherwise: str) -> NotOffered:
        """What to raise for a capability that this target lacks, with the reason that was declared, if any."""
        declared = self.absent.get(capability.replace(" ", "_"))
        return NotOffered(capability, declared or otherwise, declared is not None)


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
        new_client: Callable[[], HttpClient],
        recorder: Recorder,
        published_keys: Callable[[], Mapping[str, Mapping[str, object]]],
        walk: Walk = walk_forms,
    ) -> None:
        """`published_keys` gives every stage's JWKS, so that a token's signer can be named; `walk` is how users get
        through the pages of a login."""
        self.address = address
        self.stage = address.stage
        self._new_client = new_client
        self._recorder = recorder
        self._published_keys = published_keys
        self._walk = walk
        self._headers: Mapping[str, str] = {}
        self._about: Mapping[str, str] = {"stage": address.stage}
        self._probe = self.new_agent()
        self._metadata: dict[str, str] = {}
        self._places = (address.discovery,) if address.discovery else _well_known(address.issuer)

    @property
    def metadata(self) -> dict[str, str]:
        """The metadata, asked for once: what the first document says, and where that lacks an endpoint, what the OpenID
        document of the same issuer says besides. Raises TargetError where there are none."""
        if not self._metadata:
            answer = self.discover("discovery")
            found = _usable(answer)
            if not found.keys() >= METADATA:
                raise TargetError(f"{self.stage}: no metadata at {self.address.issuer} ({answer})")
            self._metadata = {**self._told_besides(answer.url, found), **found}
        return self._metadata

    def _told_besides(self, url: str, found: Mapping[str, str]) -> dict[str, str]:
        """What the OpenID document says, unless the document at `url` is that or lacks nothing."""
        other = next((place for place in self._places if place.endswith("openid-configuration")), url)
        if other == url or found.keys() >= MORE:
            return {}
        told = _usable(self._probe.get("discovery: elsewhere", other, role="metadata"))
        return told if told.get("issuer") == found.get("issuer") else {}

    def discover(self, case: str) -> Answer:
        """GET the metadata of the configured identifier: at the URL that the description gives, else at the well-known
        places of RFC 8414 §3 (inserted before its path) and OpenID Connect Discovery 1.0 §4 (appended).

        Where there are none, the first place's answer. What other places answer is recorded as `<case>: elsewhere`.
        """
        tried: list[Answer] = []
        for url in self.metadata_urls():
            tried.append(self._probe.get(case, url, record=False, role="metadata"))
            if tried[-1].json().keys() >= METADATA:
                self.address = replace(self.address, discovery=url)
                break
        found = tried[-1] if self.address.discovery else tried[0]
        for answer in tried:
            name = case if answer is found else f"{case}: elsewhere"
            kept = self._recorder.record(replace(answer.observation, case=name))
            found = replace(answer, observation=kept) if answer is found else found
        return found

    def metadata_urls(self) -> tuple[str, ...]:
        """Where the metadata may lie; once they were found, where they lie."""
        return (self.address.discovery,) if self.address.discovery else self._places

    def published_keys(self) -> Mapping[str, Mapping[str, object]]:
        """Every stage's key set, as published."""
        return self._published_keys()

    def new_agent(self) -> HttpProbe:
        """A user agent with an empty cookie jar."""
        hosts = self.address.allowed_hosts
        return HttpProbe(self._new_client(), self._recorder, hosts, self._headers, **self._about)

    def with_headers(self, headers: Mapping[str, str], **about: str) -> OAuthIssuer:
        """The same issuer, at the endpoints that it names to others, for a client whose every request carries these
        headers too; `about` goes into each observation."""
        metadata = self.metadata
        twin = copy.copy(self)
        twin._metadata, twin._headers, twin._about = metadata, headers, {**self._about, **about}
        twin._probe = twin.new_agent()
        return twin

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

        It ends at the redirect that brings the authorization response or leads elsewhere, or at an answer that is
        neither redirect nor form. The last exchange of `case` is the end. `raw_query` is sent as it is, instead of the
        parameters. Raises NotOffered where the user is to decline and no page lets him.
        """
        parameters, verifier = self.request(client, changes)
        endpoint = self.metadata["authorization_endpoint"]
        url = f"{endpoint}{'&' if '?' in endpoint else '?'}{raw_query or urlencode(parameters)}"
        asked = {client.redirect_uri, *client.other_redirect_uris, parameters.get("redirect_uri", "")}
        ends = functools.partial(self._ends, asked, parameters.get("state", ""))
        journey = Journey(case, url, self.address.login, user, deny, ends, about or {})
        answer, declined = self._walk(agent or self.new_agent(), journey)
        ended = Authorization(answer, _redirect_parameters(answer.location), verifier, parameters)
        if deny and ended.code and not declined:
            raise NotOffered(
                "way to decline", "no page of its login has one that its description or a common word names"
            )
        return ended

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

    def refresh_at_once(self, case: str, refresh_token: str, client: Client, parallel: int) -> list[Answer]:
        """POST the same refresh token so many times at once."""
        with ThreadPoolExecutor(parallel) as pool:
            numbers = [{"number": str(number)} for number in range(parallel)]
            return list(pool.map(lambda about: self.refresh(case, refresh_token, client, about=about), numbers))

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
            raise self.address.not_offered("revocation endpoint", "its metadata names none")
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
        authorization = self.with_code(case, self.authorize(case, client, user))
        answer = self.redeem(case, authorization, client)
        tokens = self.tokens_of(case, answer)
        self.observe_token(case, tokens["access_token"], "access_token")
        return Grant(
            client,
            authorization.code,
            authorization.verifier,
            tokens["access_token"],
            tokens.get("refresh_token", ""),
            answer,
        )

    def with_code(self, case: str, authorization: Authorization) -> Authorization:
        """The authorization. Raises TargetError where a valid request of a valid user ended without a code."""
        if not authorization.code:
            how = authorization.answer
            raise TargetError(f"{self.stage}: a login of a valid user ended without a code ({case}: {how})")
        return authorization

    def tokens_of(self, case: str, answer: Answer) -> dict[str, str]:
        """The tokens in an answer to a valid code, by kind. Raises TargetError where it is no token response (RFC 6749
        §5.1): it then says nothing of what the client is given."""
        told = answer.json()
        if answer.status != 200 or not isinstance(told.get("access_token"), str):
            raise TargetError(f"{self.stage}: a valid code was not redeemed for a token ({case}: {answer})")
        kinds = ("access_token", "refresh_token", "id_token")
        return {kind: told[kind] for kind in kinds if isinstance(told.get(kind), str)}

    def call_api(self, case: str, access_token: str, **about: str) -> Answer:
        """GET the protected resource, else userinfo, with a bearer token (RFC 6750 §2.1). Raises NotOffered where
        there is neither."""
        url = self.address.protected or self.metadata.get("userinfo_endpoint", "")
        if not url:
            raise self.address.not_offered("api", f"no resource of {self.stage} that needs a token is described")
        headers = {"Authorization": f"Bearer {access_token}"}
        return self.new_agent().get(case, url, headers=headers, role="api", **about)

    def observe_token(self, case: str, token: str, kind: str) -> TokenFacts:
        """Record what can be said of a token without showing it."""
        mark = self._recorder.redactor.register(token, kind)
        return self._recorder.record(read_token(case, token, kind, mark, self._published_keys(), self.stage))

    def race(self, case: str, parallel: int, rounds: int, client: Client, user: User, **about: str) -> Race:
        """Redeem one code `parallel` times at once, `rounds` times over."""
        about = {"stage": self.stage, "client": client.client_id, "demanded": str(rounds), **about}
        statuses: list[tuple[int, ...]] = []
        with ThreadPoolExecutor(parallel) as pool:
            for _ in range(rounds):
                code = self.authorize(f"{case}: code", client, user)  # just now: codes do not live long
                answers = pool.map(
                    functools.partial(self._redeem_in_race, case, code, client, not statuses), range(parallel)
                )
                statuses.append(tuple(sorted(answers)))
        successes = tuple(sum(status == 200 for status in round_) for round_ in statuses)
        return self._recorder.record(
            Race(case=case, about=about, parallel=parallel, rounds=tuple(statuses), successes=successes)
        )

    def _redeem_in_race(self, case: str, code: Authorization, client: Client, first_round: bool, number: int) -> int:
        """The status answered. One request of the first round is kept, to show what all of them are."""
        kept = first_round and number == 0
        return self.redeem(f"{case}: one of many", code, client, record=kept, about={"race": case}).status

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

    def _ends(self, redirect_uris: Collection[str], state: str, location: str) -> bool:
        """Whether a redirect is the answer to the code request (RFC 6749 §4.1.2), or leads where no login goes on."""
        there, own = urlsplit(location), urlsplit(self.metadata["authorization_endpoint"])
        answered = _redirect_parameters(location)
        if there._replace(query="", fragment="").geturl() in redirect_uris:
            return True
        if not answered.keys().isdisjoint({"code", "error"}) and answered.get("state", "") == state:
            return True
        stays = (there.scheme, there.netloc) == (own.scheme, own.netloc)
        return not stays and there.hostname not in self.address.login_hosts


def _well_known(issuer: str) -> tuple[str, ...]:
    """Where its metadata may lie (RFC 8414 §3, §5; OpenID Connect Discovery 1.0 §4)."""
    parts = urlsplit(issuer)
    origin, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    inserted = f"{origin}/.well-known/oauth-authorization-server{path}"
    appended = f"{origin}{path}/.well-known/"
    return tuple(dict.fromkeys((inserted, f"{appended}openid-configuration", f"{appended}oauth-authorization-server")))


def _usable(answer: Answer) -> dict[str, str]:
    """Its members, without those that are to be URLs and are no strings."""
    told = answer.json().items()
    return {name: value for name, value in told if isinstance(value, str) or not _is_url(name)}


def _is_url(name: str) -> bool:
    """Whether a member of the metadata is to be a URL (RFC 8414 §2)."""
    return name == "issuer" or name.endswith(("_endpoint", "_uri"))


def _authenticated(form: Mapping[str, str], client: Client | None) -> tuple[dict[str, str], dict[str, str]]:
    """Form and headers with the client's identification in them (RFC 6749 §2.3.1)."""
    if client is None:
        return dict(form), {}
    if client.authentication == "client_secret_basic":
        pair = f"{quote_plus(client.client_id)}:{quote_plus(client.secret)}"
        return dict(form), {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    secret = {"client_secret": client.secret} if client.authentication == "client_secret_post" else {}
    return {**form, "client_id": client.client_id, **secret}, {}


def _redirect_parameters(location: str) -> dict[str, str]:
    parts = urlsplit(location)
    return {name: values[0] for name, values in {**parse_qs(parts.query), **parse_qs(parts.fragment)}.items()}
