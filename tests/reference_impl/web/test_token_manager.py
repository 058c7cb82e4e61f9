from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
import requests

from reference_impl.clock import ShiftedClock
from reference_impl.oauth_client import GrantRefused, IssuerUnavailable, OAuthClient
from reference_impl.revocations import Revocations
from reference_impl.token_manager import Logout, MemoryVault, RefreshTimedOut, SignedOut, TokenManager
from tests.reference_impl.web.conftest import API
from tests.reference_impl.web.fake_issuer import FakeIssuer


@pytest.fixture
def manager(oauth: OAuthClient, issuer: FakeIssuer, clock: ShiftedClock) -> TokenManager:
    """A manager that has just signed in."""
    manager = TokenManager(oauth, MemoryVault(), clock)
    flow = oauth.begin("https://app.dev.localhost/callback")
    manager.sign_in(oauth.redeem(flow, issuer.approve(flow.authorize_url)))
    return manager


@pytest.fixture
def ask(http: requests.Session) -> Callable[[str], requests.Response]:
    return lambda token: http.get(f"{API}/me", headers={"Authorization": f"Bearer {token}"})


def test_no_refresh_token_is_ever_sent_twice(manager: TokenManager, issuer: FakeIssuer) -> None:
    for _ in range(5):
        manager.refresh()
    assert len(issuer.sent) == len(set(issuer.sent)) == 5
    assert manager.vault.load() == issuer.newest


def test_a_fresh_access_token_is_used_without_a_refresh(manager: TokenManager, issuer: FakeIssuer) -> None:
    assert manager.access_token() == manager.access_token()
    assert not issuer.sent


def test_an_access_token_about_to_expire_is_refreshed_first(
    manager: TokenManager, issuer: FakeIssuer, clock: ShiftedClock
) -> None:
    before = manager.access_token()
    clock.advance(880)
    assert manager.access_token() != before
    assert len(issuer.sent) == 1


def test_a_caller_whose_token_was_replaced_meanwhile_gets_the_newer_one(
    manager: TokenManager, issuer: FakeIssuer
) -> None:
    old = manager.access_token()
    new = manager.refresh(old)
    assert manager.refresh(old) == new
    assert len(issuer.sent) == 1


def test_callers_at_the_same_time_share_one_refresh(manager: TokenManager, issuer: FakeIssuer) -> None:
    issuer.gate.clear()
    got: list[str] = []
    callers = [threading.Thread(target=lambda: got.append(manager.refresh())) for _ in range(8)]
    for caller in callers:
        caller.start()
    issuer.gate.set()
    for caller in callers:
        caller.join(5)
    assert len(got) == 8
    assert len(issuer.sent) == len(set(issuer.sent))
    assert manager.vault.load() == issuer.newest


def test_after_a_401_there_is_one_refresh_and_one_retry(
    manager: TokenManager, issuer: FakeIssuer, ask: Callable[[str], requests.Response]
) -> None:
    issuer.access.clear()
    assert manager.call(ask).status_code == 200
    assert len(issuer.sent) == 1
    issuer.override["/me"] = (401, {})
    assert manager.call(ask).status_code == 401
    assert len(issuer.sent) == 2


def test_a_refused_refresh_token_ends_the_session(manager: TokenManager, issuer: FakeIssuer) -> None:
    issuer.newest = "rotated elsewhere"
    for _ in range(2):
        with pytest.raises(SignedOut):
            manager.refresh()
    assert not manager.signed_in
    assert len(issuer.sent) == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [((503, {}), IssuerUnavailable), ((400, {"error": "invalid_request"}), GrantRefused)],
)
def test_any_other_failure_keeps_the_session(
    manager: TokenManager, issuer: FakeIssuer, answer: object, error: type[Exception]
) -> None:
    issuer.override["/token"] = answer
    with pytest.raises(error):
        manager.refresh()
    issuer.override.clear()
    manager.refresh()
    assert manager.signed_in


def test_who_stops_waiting_for_a_refresh_does_not_lose_its_successor(
    oauth: OAuthClient, manager: TokenManager, issuer: FakeIssuer, clock: ShiftedClock
) -> None:
    impatient = TokenManager(oauth, manager.vault, clock, time_limit=0.05)
    issuer.gate.clear()
    with pytest.raises(RefreshTimedOut):
        impatient.refresh()
    issuer.gate.set()
    for _ in range(100):
        try:
            impatient.access_token()
            break
        except RefreshTimedOut:
            continue
    assert impatient.vault.load() == issuer.newest
    assert len(issuer.sent) == 1


@pytest.fixture
def logout(oauth: OAuthClient, clock: ShiftedClock) -> Iterator[Logout]:
    stopping = threading.Event()
    yield Logout(Revocations(lambda issuer: oauth, clock, stopping=stopping))
    stopping.set()


def test_a_logout_notes_the_revocation_forgets_the_session_and_only_then_asks_the_issuer(
    manager: TokenManager, issuer: FakeIssuer, logout: Logout, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, forget = manager.vault.load(), manager.forget

    def forget_what_is_noted() -> str | None:
        assert str(held) in str(logout.revocations.shelf.load())
        assert not issuer.revoked
        return forget()

    monkeypatch.setattr(manager, "forget", forget_what_is_noted)
    assert logout.end(manager)
    assert not manager.signed_in
    assert issuer.revoked == [held]
    assert logout.revocations.shelf.load() is None
    monkeypatch.undo()
    assert logout.end(manager), "a second logout has nothing to do"


def test_a_logout_that_the_issuer_does_not_confirm_signs_out_here_and_is_logged(
    manager: TokenManager, issuer: FakeIssuer, logout: Logout, caplog: pytest.LogCaptureFixture
) -> None:
    issuer.override["/revoke"] = (503, {})
    assert not logout.end(manager)
    assert [record.message for record in caplog.records] == ["logout-not-confirmed"]
    assert manager.vault.load() is None
    with pytest.raises(SignedOut):
        manager.access_token()


def test_a_refresh_that_a_logout_overtakes_does_not_revive_the_session(
    manager: TokenManager, issuer: FakeIssuer
) -> None:
    issuer.gate.clear()
    outcome: list[type[Exception]] = []

    def refresh() -> None:
        try:
            manager.refresh()
        except SignedOut as error:
            outcome.append(type(error))

    refreshing = threading.Thread(target=refresh)
    refreshing.start()
    while manager._flight is None:
        pass
    manager.forget()
    issuer.gate.set()
    refreshing.join(5)
    assert outcome == [SignedOut]
    assert not manager.signed_in
    assert issuer.newest is None, "the successor was revoked"
