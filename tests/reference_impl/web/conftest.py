"""An issuer, a clock that stands still until it is told, and a client between them; no sockets."""

from __future__ import annotations

import pytest
import requests

from reference_impl.clock import ShiftedClock
from reference_impl.oauth_client import OAuthClient
from tests.reference_impl.web.fake_issuer import FakeIssuer, InProcess

ISSUER, API = "https://auth.dev.localhost", "https://api.dev.localhost"


@pytest.fixture
def issuer() -> FakeIssuer:
    return FakeIssuer(ISSUER, API)


@pytest.fixture
def http(issuer: FakeIssuer) -> requests.Session:
    session = requests.Session()
    session.mount("https://", InProcess(issuer.app()))
    return session


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture
def oauth(http: requests.Session, clock: ShiftedClock) -> OAuthClient:
    return OAuthClient(http, ISSUER, "web", clock)
