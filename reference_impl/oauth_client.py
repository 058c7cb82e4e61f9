"""A public OAuth client: authorization code with PKCE, refresh and revocation, against one issuer.

Who knows several issuers has one of these for each, and a redirect URI for each; the flow remembers both.

OAuthClientError
├── CallbackRefused       the answer does not belong to this flow, or not to this issuer; nothing was sent anywhere
├── AuthorizationDenied   the issuer answered with an error, for example because the user cancelled
├── GrantRefused          the token endpoint refused the code or the refresh token: sign in again
├── IdTokenRefused        the ID token that came with the tokens is not this sign-in's; they were all dropped
└── IssuerUnavailable     no usable answer; the same request may be tried again
    └── NoAnswer          the request or its answer was lost on the way

No message holds a code, a token, a state or a verifier.
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import requests
from authlib.common.security import generate_token
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from reference_impl.clock import Clock
from reference_impl.id_token import Expected, InvalidIdToken, UnknownKey, validate

_WELL_KNOWN = "/.well-known/oauth-authorization-server"
_FOREVER = 10**10  # seconds; a number beyond it is no lifetime, and too large to calculate with
_REFUSALS = {400, 401, 403}  # RFC 6749 §5.2; anything else says nothing about the grant
# Seconds to connect, and to wait for an answer. The issuer gives a token's successor once more within its reuse grace
# (10 s by default). An answer is lost at most 4 s after the rotation, and the retry connects within another 4 s.
REFRESH_TIMEOUT = 4.0


class OAuthClientError(Exception):
    """Base of all errors of the client."""


class CallbackRefused(OAuthClientError):
    """The authorization response is not the answer to this flow (RFC 6749 §10.12, RFC 9207 §2.4)."""


class AuthorizationDenied(OAuthClientError):
    """The issuer sent an error (RFC 6749 §4.1.2.1); ``error`` is its code."""

    def __init__(self, error: str) -> None:
        self.error = error
        super().__init__(f"the issuer did not authorize the sign-in: {error}")


class GrantRefused(OAuthClientError):
    """The token endpoint refused the grant (RFC 6749 §5.2); ``error`` is its code, ``invalid_grant`` mostly."""

    def __init__(self, error: str) -> None:
        self.error = error
        super().__init__(f"the issuer refused the grant: {error}")


class IdTokenRefused(OAuthClientError):
    """The answer to the code came with an ID token that does not hold, or with none (OIDC Core 1.0 §3.1.3.7)."""


class IssuerUnavailable(OAuthClientError):
    """The issuer could not be reached, or answered with nothing that can be used. ``retry_after``: seconds for which it
    asked to be left alone (RFC 9110 §10.2.3); 0 where it asked for nothing."""

    def __init__(self, told: str, retry_after: float = 0.0) -> None:
        self.retry_after = retry_after
        super().__init__(told)


class NoAnswer(IssuerUnavailable):
    """No answer arrived: whether the issuer got the request, and acted on it, is not known."""


@dataclass(frozen=True)
class Tokens:
    """What a sign-in or a refresh gave. ``expires_at``: seconds since the epoch, by the client's own clock."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: float


@dataclass(frozen=True)
class Flow:
    """One sign-in under way. Only ``authorize_url`` may leave the client, and only to the user's browser.

    ``issuer``: whom the user was sent to, and so the only one who may answer, at ``redirect_uri`` only.
    """

    issuer: str
    authorize_url: str = field(repr=False)
    redirect_uri: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)
    began_at: float
    nonce: str | None = field(default=None, repr=False)  # None: the issuer gives no ID tokens
    return_to: str = "/"  # the page of the client that the user wanted


class OAuthClient:
    """Speaks to one issuer as one public client (RFC 6749 §2.1), over the session that it is given."""

    def __init__(self, http: requests.Session, issuer: str, client_id: str, clock: Clock) -> None:
        self.issuer = issuer
        self.client_id = client_id
        self._http = http
        self._clock = clock
        self._lock = threading.Lock()
        self._metadata: Mapping[str, Any] | None = None
        self._keys: Mapping[str, Any] | None = None

    def begin(self, redirect_uri: str) -> Flow:
        """Start a sign-in (RFC 7636 §4.1-4.3). Raises IssuerUnavailable."""
        state, verifier = generate_token(43), generate_token(64)
        nonce = generate_token(43) if self._gives_id_tokens() else None
        challenge = create_s256_code_challenge(verifier)  # type: ignore[no-untyped-call]  # as its stubs are
        url = prepare_grant_uri(
            self._endpoint("authorization_endpoint"), self.client_id, "code", redirect_uri, state=state,
            code_challenge=challenge, code_challenge_method="S256", scope="openid api" if nonce else None, nonce=nonce,
        )  # fmt: skip
        return Flow(self.issuer, url, redirect_uri, state, verifier, self._clock.now(), nonce)

    def is_answer(self, flow: Flow, callback: str) -> bool:
        """Tell whether a callback carries the flow's state; one that does not must leave the flow as it is."""
        try:
            state = _single_parameters(callback).get("state", "")
        except CallbackRefused:
            return False
        return hmac.compare_digest(state.encode(errors="replace"), flow.state.encode())

    def redeem(self, flow: Flow, callback: str) -> Tokens:
        """Check the authorization response and exchange its code (RFC 6749 §4.1.3).

        ``callback`` is the whole URL that the response came to. Raises CallbackRefused, AuthorizationDenied,
        GrantRefused, IssuerUnavailable.
        """
        answer = _single_parameters(callback)
        if not self.is_answer(flow, callback):
            raise CallbackRefused("the state of the answer is not the one of this sign-in")
        self.check_arrival(flow, callback)
        self.check_issuer(flow, answer.get("iss"))
        if "error" in answer:
            raise AuthorizationDenied(answer["error"])
        if not answer.get("code"):
            raise CallbackRefused("the answer holds neither a code nor an error")
        form = {"grant_type": "authorization_code", "code": answer["code"]}
        form |= {"redirect_uri": flow.redirect_uri, "code_verifier": flow.verifier}
        return self.accept(flow, self._post("token_endpoint", form))

    def accept(self, flow: Flow, response: requests.Response) -> Tokens:
        """Return the tokens of an answer to a code, if its ID token holds; before that none of them is of any use."""
        tokens = self._tokens(response, None)
        if flow.nonce is not None:
            self.check_id_token(_json_object(response).get("id_token"), flow.nonce)
        return tokens

    def check_id_token(self, token: object, nonce: str) -> None:
        """Raise IdTokenRefused unless the token is this sign-in's. An unknown key is looked for once more: the issuer
        may have changed its keys since they were fetched."""
        expected = Expected(self.issuer, self.client_id, nonce, self._clock.now())
        try:
            try:
                validate(token, self._fetch_keys(), expected)
            except UnknownKey:
                validate(token, self._fetch_keys(anew=True), expected)
        except InvalidIdToken as error:
            raise IdTokenRefused(f"the ID token was refused: {error}") from error

    def check_arrival(self, flow: Flow, callback: str) -> None:
        """Refuse an answer at another issuer's redirect URI (RFC 9700 §4.4.2.2)."""
        if callback.partition("?")[0] != flow.redirect_uri:
            raise CallbackRefused("the answer came to another redirect URI than this sign-in's")

    def check_issuer(self, flow: Flow, named: str | None) -> None:
        """Refuse an answer, error or not, that does not name the issuer that was asked (RFC 9207 §2.4).

        Simple string comparison (RFC 3986 §6.2.1). All our issuers send ``iss``, so none is no excuse.
        """
        if not self.issuer == flow.issuer == named:
            raise CallbackRefused("the answer does not name the issuer that was asked")

    def refresh(self, refresh_token: str) -> Tokens:
        """Exchange a refresh token for the next pair (RFC 6749 §6). Raises GrantRefused, IssuerUnavailable.

        Where no answer arrives, the issuer may have rotated the token: it is asked once more, at once, for the same
        successor. Asked for later than its reuse grace, the token would look stolen (RFC 9700 §4.14.2).
        """
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        try:
            response = self._post("token_endpoint", form, REFRESH_TIMEOUT)
        except NoAnswer:
            response = self._post("token_endpoint", form, REFRESH_TIMEOUT)
        return self._tokens(response, refresh_token)

    def revoke(self, token: str, reason: str = "user", occurred_at: float | None = None) -> None:
        """End the grant that the token belongs to (RFC 7009 §2). Raises IssuerUnavailable.

        ``reason``: ``user`` or ``stage_switch``; ``occurred_at``: when the user left, in seconds since the epoch. Both
        are for our own issuer's event; another ignores them (RFC 6749 §3.2).
        """
        left = {"occurred_at": f"{occurred_at:.3f}"} if occurred_at is not None else {}
        response = self._post("revocation_endpoint", {"token": token, "reason": reason, **left})
        if response.status_code != 200:
            raise IssuerUnavailable(f"the revocation endpoint answered {response.status_code}")

    def _tokens(self, response: requests.Response, held: str | None) -> Tokens:
        answer = _json_object(response)
        if response.status_code in _REFUSALS and isinstance(answer.get("error"), str):
            raise GrantRefused(answer["error"])
        access, refresh = answer.get("access_token"), answer.get("refresh_token", held)
        lifetime = answer.get("expires_in")
        bearer = str(answer.get("token_type", "")).lower() == "bearer"
        if response.status_code != 200 or not bearer or not isinstance(lifetime, int) or not 0 <= lifetime < _FOREVER:
            told = f"the token endpoint answered {response.status_code} without a usable token"
            raise IssuerUnavailable(told, _retry_after(response))
        if not (isinstance(access, str) and access and isinstance(refresh, str) and refresh):
            raise IssuerUnavailable("the token endpoint's answer lacks a token")
        return Tokens(access, refresh, self._clock.now() + lifetime)

    def _post(self, endpoint: str, form: dict[str, str], timeout: float | None = None) -> requests.Response:
        """Send a form; ``timeout`` in seconds, by default the session's own. Raises IssuerUnavailable."""
        url, data = self._endpoint(endpoint), {"client_id": self.client_id, **form}
        try:
            # No redirect is followed: it would carry the form's secrets to an address that nobody checked.
            return self._http.post(url, data=data, allow_redirects=False, timeout=timeout)
        except requests.RequestException as error:
            raise NoAnswer(f"no answer from the {endpoint} ({type(error).__name__})") from error

    def _gives_id_tokens(self) -> bool:
        scopes = self._told().get("scopes_supported")
        return isinstance(scopes, list) and "openid" in scopes

    def _fetch_keys(self, *, anew: bool = False) -> Mapping[str, Any]:
        """Return the issuer's JWK set, fetched once unless it is to be fetched anew. Raises IssuerUnavailable."""
        if self._keys is None or anew:
            try:
                response = self._http.get(self._endpoint("jwks_uri"), allow_redirects=False)
            except requests.RequestException as error:
                raise NoAnswer(f"no keys from {self.issuer} ({type(error).__name__})") from error
            if response.status_code != 200:
                raise IssuerUnavailable(f"the issuer's keys: HTTP {response.status_code}")
            self._keys = _json_object(response)
        return self._keys

    def _told(self) -> Mapping[str, Any]:
        """Return the issuer's metadata, which is fetched once (RFC 8414 §3)."""
        with self._lock:
            if self._metadata is None:
                self._metadata = self._fetch_metadata()
            return self._metadata

    def _endpoint(self, name: str) -> str:
        url = self._told().get(name)
        if not isinstance(url, str):
            raise IssuerUnavailable(f"the issuer's metadata names no {name}")
        return url

    def _fetch_metadata(self) -> Mapping[str, Any]:
        parts = urlsplit(self.issuer)
        url = urlunsplit((parts.scheme, parts.netloc, _WELL_KNOWN + parts.path.rstrip("/"), "", ""))
        try:
            response = self._http.get(url, allow_redirects=False)
        except requests.RequestException as error:
            raise IssuerUnavailable(f"no metadata from {self.issuer} ({type(error).__name__})") from error
        metadata = _json_object(response)
        if response.status_code != 200 or metadata.get("issuer") != self.issuer:  # RFC 8414 §3.3
            raise IssuerUnavailable(f"the metadata at {url} is not that of {self.issuer}")
        return metadata


def _retry_after(response: requests.Response) -> float:
    """Return the seconds of a Retry-After header, an hour at most; 0 for none, and for a date."""
    asked = response.headers.get("Retry-After", "")
    return min(float(asked), 3600.0) if asked.isascii() and asked.isdigit() else 0.0


def _single_parameters(callback: str) -> dict[str, str]:
    """Parse a callback's query. Raises CallbackRefused for a parameter that is there twice (RFC 6749 §3.1)."""
    pairs = parse_qsl(callback.partition("?")[2], keep_blank_values=True)
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise CallbackRefused("the answer repeats a parameter")
    return parameters


def _json_object(response: requests.Response) -> dict[str, Any]:
    """Return the body's JSON object; an empty one for anything else. `Any`: it comes from outside."""
    try:
        body = response.json()
    except requests.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}
