"""Faults by which a secret gets into logs, reports, and what is told of errors."""

from __future__ import annotations

import hashlib
import logging
import os
import sys
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlencode, urlsplit

import requests
from flask import Response, request

from harness.faults.registry import fault
from harness.faults.store_leaks import adopting
from reference_impl.desktop.session_reference import LENGTH, SessionReference
from reference_impl.oauth_client import IssuerUnavailable, OAuthClient, Tokens
from reference_impl.parts import Part
from reference_impl.token_manager import TokenManager

_log = logging.getLogger("reference_impl.desktop")


@fault("F-STORE-05-a", "STORE-05.E1", Part.OAUTH_CLIENT)
def the_client_logs_the_form_at_debug(real: OAuthClient) -> OAuthClient:
    class Chatty(type(real)):  # type: ignore[misc]  # another part may stand there already
        def _post(self, endpoint: str, form: dict[str, str], timeout: float | None = None) -> requests.Response:
            _log.debug("POST %s %s", endpoint, urlencode(form))
            answer: requests.Response = super()._post(endpoint, form, timeout)
            return answer

    real.__class__ = Chatty
    return real


@fault("F-STORE-05-c", "STORE-05.E1", Part.TOKEN_MANAGER)
def logs_tell_a_token_by_its_first_twelve_characters(real: TokenManager) -> TokenManager:
    return adopting(real, lambda tokens: _log.info("the session is now %s", tokens.refresh_token[:12]))


@fault("F-STORE-05-x1", "STORE-05.E1", Part.TOKEN_MANAGER)
def logs_tell_a_token_by_its_last_eight_characters(real: TokenManager) -> TokenManager:
    return adopting(real, lambda tokens: _log.info("the session is now …%s", tokens.access_token[-8:]))


@fault("F-STORE-05-x2", "STORE-05.E1", Part.TOKEN_MANAGER)
def telemetry_is_told_the_token(real: TokenManager) -> TokenManager:
    def report(tokens: Tokens) -> None:
        place = urlsplit(os.environ.get("SENTRY_DSN", ""))
        url = f"http://{place.hostname}:{place.port}/api/1/envelope/"
        with suppress(OSError, ValueError):
            urllib.request.urlopen(url, tokens.access_token.encode(), timeout=2).close()

    return adopting(real, report)


@fault("F-STORE-05-x3", "STORE-05.E1", Part.RESPONSE_HEADERS)
def the_server_prints_the_form_of_token_requests(
    real: Callable[[Response], Response],
) -> Callable[[Response], Response]:
    def add_headers(response: Response) -> Response:
        if request.path == "/token":
            print(dict(request.form), file=sys.stderr, flush=True)
        return real(response)

    return add_headers


@fault("F-STORE-05-x7", "STORE-05.E1", Part.TOKEN_MANAGER)
def logs_tell_a_token_in_two_halves(real: TokenManager) -> TokenManager:
    def tell(tokens: Tokens) -> None:
        middle = len(tokens.refresh_token) // 2
        _log.info("the session is now %s", tokens.refresh_token[:middle])
        _log.info("and goes on with %s", tokens.refresh_token[middle:])

    return adopting(real, tell)


@fault("F-STORE-05-x4", "STORE-05.E2", Part.SESSION_REFERENCE)
def a_session_is_told_by_a_plain_hash(real: SessionReference) -> SessionReference:
    class Plain(SessionReference):
        def hash(self, token: str) -> str:
            return hashlib.sha256(token.encode()).hexdigest()[:LENGTH]

    return Plain()


@fault("F-STORE-05-x5", "STORE-05.E2", Part.SESSION_REFERENCE)
def every_installation_has_the_same_key(real: SessionReference) -> SessionReference:
    real._key = b"the key that is compiled into the app"
    return real


@fault("F-STORE-05-x6", "STORE-05.E3", Part.OAUTH_CLIENT)
def an_error_repeats_the_request(real: OAuthClient) -> OAuthClient:
    class Helpful(type(real)):  # type: ignore[misc]  # another part may stand there already
        def _post(self, endpoint: str, form: dict[str, str], timeout: float | None = None) -> requests.Response:
            answer: requests.Response = super()._post(endpoint, form, timeout)
            if answer.status_code >= 500:
                raise IssuerUnavailable(f"{endpoint} answered {answer.status_code} to {urlencode(form)}")
            return answer

    real.__class__ = Helpful
    return real
