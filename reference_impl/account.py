"""The name that a client shows for the signed-in user."""

from __future__ import annotations

from collections.abc import Callable

import requests

from reference_impl.oauth_client import OAuthClientError
from reference_impl.token_manager import TokenManager

UNKNOWN = "your account"


def account_name(manager: TokenManager, ask_me: Callable[[str], requests.Response]) -> str:
    """Ask the API's ``/me``; a sign-in does not fail because the API does not answer.

    A client must not read an access token, which is for the API (RFC 9068 §6).
    """
    try:
        body = manager.call(ask_me).json()
    except (OAuthClientError, requests.RequestException):
        return UNKNOWN
    if not isinstance(body, dict):
        return UNKNOWN
    return str(body.get("name") or body.get("sub") or UNKNOWN)
