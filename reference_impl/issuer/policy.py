"""What an authorization request must hold beside a valid client and redirect URI."""

from __future__ import annotations

import re
from dataclasses import dataclass

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError, UnsupportedResponseTypeError

S256 = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 bytes, base64url: RFC 7636 §4.2, RFC 7638 §3


@dataclass(frozen=True)
class AuthorizationRequest:
    """The parameters of an authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3); None where absent."""

    client_id: str | None
    redirect_uri: str | None
    response_type: str | None
    state: str | None
    scope: str | None
    code_challenge: str | None
    code_challenge_method: str | None
    correlation_id: str | None
    nonce: str | None  # OpenID Connect Core 1.0 §3.1.2.1
    dpop_jkt: str | None = None  # RFC 9449 §10
    prompt: str | None = None
    request: str | None = None  # a request object, and where one is: RFC 9101
    request_uri: str | None = None


class NotSupported(OAuth2Error):
    """A way to ask that this issuer does not have (OpenID Connect Core 1.0 §3.1.2.6)."""

    def __init__(self, parameter: str) -> None:
        super().__init__(f"{parameter} is not supported: send the parameters themselves")
        self.error = f"{parameter}_not_supported"


class LoginRequired(OAuth2Error):
    """The client forbids any page, and every login here needs one (OpenID Connect Core 1.0 §3.1.2.6)."""

    error = "login_required"


class AuthorizationPolicy:
    """PKCE with S256, for every client and every request (RFC 9700 §2.1.1)."""

    def check(self, request: AuthorizationRequest) -> None:
        """Raise authlib's OAuth2Error, which goes to the client, unless the request may lead to a code."""
        for name in ("request", "request_uri"):
            if getattr(request, name) is not None:
                raise NotSupported(name)
        if request.response_type is None:
            raise InvalidRequestError("response_type is missing")
        if request.response_type != "code":
            raise UnsupportedResponseTypeError(request.response_type, "response_type is code")
        self.check_pkce(request.code_challenge, request.code_challenge_method)
        if request.dpop_jkt is not None and not S256.fullmatch(request.dpop_jkt):
            raise InvalidRequestError("dpop_jkt is 43 characters of base64url")
        prompts = (request.prompt or "").split()
        if "none" in prompts:
            raise LoginRequired if len(prompts) == 1 else InvalidRequestError("prompt is none, or something else")

    def check_pkce(self, challenge: str | None, method: str | None) -> None:
        """Refuse a missing challenge (RFC 7636 §4.4.1), and any method but S256, also `plain` by omission (§4.3)."""
        if challenge is None:
            raise InvalidRequestError("code_challenge is missing")
        if method != "S256":
            raise InvalidRequestError("code_challenge_method is S256")
        if not S256.fullmatch(challenge):
            raise InvalidRequestError("code_challenge is 43 characters of base64url")
