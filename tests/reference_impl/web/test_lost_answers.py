"""A client against the real issuer, when answers get lost on the way: the session lives as long as one arrives in time.

No sockets: the transport moves the issuer's clock on by the client's own time-out, which is what a lost answer costs.
"""

from __future__ import annotations

from typing import Any

import pytest
import requests

from reference_impl.oauth_client import REFRESH_TIMEOUT, NoAnswer, OAuthClient
from reference_impl.token_manager import MemoryVault, TokenManager
from tests.reference_impl.conftest import ISSUER, Bench
from tests.reference_impl.web.fake_issuer import InProcess


class Lossy(InProcess):
    """Delivers every request, and loses the answers to the next ``lose`` of them."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench.issuer.app)
        self.clock = bench.clock
        self.lose = 0
        self.delivered = 0

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        answer = super().send(request, *args, **kwargs)
        self.delivered += 1
        if not self.lose:
            return answer
        self.lose -= 1
        self.clock.advance(kwargs["timeout"])
        raise requests.ReadTimeout


@pytest.fixture
def transport(bench: Bench) -> Lossy:
    return Lossy(bench)


@pytest.fixture
def manager(bench: Bench, transport: Lossy) -> TokenManager:
    """A manager whose session is the real issuer's; it has refreshed once, so that it knows the metadata."""
    http = requests.Session()
    http.mount("https://", transport)
    vault = MemoryVault()
    vault.save(bench.login()["refresh_token"])
    manager = TokenManager(OAuthClient(http, ISSUER, "web", bench.clock), vault, bench.clock)
    manager.refresh()
    return manager


def test_a_lost_answer_costs_no_session(bench: Bench, manager: TokenManager, transport: Lossy) -> None:
    transport.lose = 1
    assert bench.me(manager.refresh()).status_code == 200
    bench.clock.advance(60)
    assert bench.me(manager.refresh()).status_code == 200, "what it holds is the newest token"
    assert bench.events("auth.refresh_failed") == bench.events("auth.logout") == []


def test_a_lost_answer_is_asked_for_once_more_and_no_oftener(manager: TokenManager, transport: Lossy) -> None:
    transport.lose, transport.delivered = 9, 0
    with pytest.raises(NoAnswer):
        manager.refresh()
    assert transport.delivered == 2
    assert manager.signed_in, "nobody said that the session had ended"


def test_the_retry_reaches_the_issuer_within_the_grace_even_if_it_connects_slowly(bench: Bench) -> None:
    """An answer is lost one time-out after the rotation; the retry may need another one to connect."""
    assert bench.config.lifetimes.reuse_grace > 2 * REFRESH_TIMEOUT


def test_an_answer_that_arrived_is_not_asked_for_again(manager: TokenManager, transport: Lossy) -> None:
    transport.delivered = 0
    manager.refresh()
    assert transport.delivered == 1
