"""An OAuth authorization server over plain HTTP, from its metadata (RFC 6749, 7636, 8414): nothing here knows whose."""

from __future__ import annotations

import copy
import functools
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from urllib.parse import urlencode, urlsplit

from harness.errors import TargetError
from harness.observations import Race, TokenFacts
from harness.observe import Recorder
from harness.probes.authorization import Authorization, Grant, pkce_pair, redirect_parameters
from harness.probes.client_authentication import authenticated
from harness.probes.clients import HttpClient
from harness.probes.http import Answer, HttpProbe
from harness.probes.jwt import read_token
from harness.probes.login import Journey, User, Walk, walk_forms
from harness.probes.metadata import IssuerMetadata
from harness.probes.stage_address import Client, StageAddress

__all__ = ["OAuthIssuer"]


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
        self._plain = address.plain_origins
        self._about: Mapping[str, str] = {"stage": address.stage}
        self._probe = self.new_agent()
        self._metadata = IssuerMetadata(address, recorder, self._probe)

    @property
    def metadata(self) -> dict[str, str]:
        """What the issuer says of itself, asked for once. Raises TargetError where there is nothing."""
        return self._metadata.members

    def discover(self, case: str) -> Answer:
        """GET the metadata; see `IssuerMetadata.discover`."""
        return self._metadata.discover(case)

    def metadata_urls(self) -> tuple[str, ...]:
        """Where the metadata may lie; once they were found, where they lie."""
        return self._metadata.urls()

    def published_keys(self) -> Mapping[str, Mapping[str, object]]:
        """Every stage's key set, as published."""
        return self._published_keys()

    def new_agent(self) -> HttpProbe:
        """A user agent with an empty cookie jar."""
        hosts = self.address.allowed_hosts
        return HttpProbe(self._new_client(), self._recorder, hosts, self._headers, self._plain, **self._about)

    def with_headers(self, headers: Mapping[str, str], **about: str) -> OAuthIssuer:
        """The same issuer, at the endpoints that it names to others, for a client whose every request carries these
        headers too; `about` goes into each observation."""
        _ = self.metadata  # known before the headers are there
        twin = copy.copy(self)
        twin._headers, twin._about = headers, {**self._about, **about}
        twin._probe = twin.new_agent()
        twin._metadata = self._metadata.asked_by(twin._probe)
        return twin

    def in_clear(self) -> OAuthIssuer:
        """The same issuer, for a client that would also send its credentials without encryption."""
        _ = self.metadata
        twin = copy.copy(self)
        twin._plain = None
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
        ended = Authorization(answer, redirect_parameters(answer.location), verifier, parameters)
        if deny and ended.code and not declined:
            raise self.address.not_offered(
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

    def introspect(self, case: str, token: str, client: Client, *, about: Mapping[str, str] | None = None) -> Answer:
        """POST a token to the introspection endpoint (RFC 7662 §2.1), as this client. Raises NotOffered where the
        metadata names none."""
        url = self.metadata.get("introspection_endpoint", "")
        if not url:
            raise self.address.not_offered("introspection endpoint", "its metadata names none")
        return self._post(case, url, {"token": token}, client, "introspection", None, True, about or {})

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

    def observe_race(
        self, case: str, client: Client, parallel: int, rounds: Sequence[Sequence[int]], **about: str
    ) -> Race:
        """Record the statuses of rounds in which one thing was asked for so many times at once."""
        about = {"stage": self.stage, "client": client.client_id, **about}
        statuses = tuple(tuple(sorted(one)) for one in rounds)
        successes = tuple(one.count(200) for one in statuses)
        race = Race(case=case, about=about, parallel=parallel, rounds=statuses, successes=successes)
        return self._recorder.record(race)

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
        fields, headers = authenticated(form, client)
        changed = {name: value for name, value in {**fields, **(changes or {})}.items() if value is not None}
        return self._probe.post(case, url, changed, headers=headers, record=record, **{"role": role, **about})

    def _ends(self, redirect_uris: Collection[str], state: str, location: str) -> bool:
        """Whether a redirect is the answer to the code request (RFC 6749 §4.1.2), or leads where no login goes on."""
        there, own = urlsplit(location), urlsplit(self.metadata["authorization_endpoint"])
        answered = redirect_parameters(location)
        if there._replace(query="", fragment="").geturl() in redirect_uris:
            return True
        if not answered.keys().isdisjoint({"code", "error"}) and answered.get("state", "") == state:
            return True
        stays = (there.scheme, there.netloc) == (own.scheme, own.netloc)
        return not stays and there.hostname not in self.address.login_hosts
