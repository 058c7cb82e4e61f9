from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from reference_impl import revocations
from reference_impl.clock import ShiftedClock
from reference_impl.oauth_client import OAuthClient
from reference_impl.revocations import TOO_OLD, MemoryShelf, Revocations
from tests.reference_impl.web.conftest import ISSUER
from tests.reference_impl.web.fake_issuer import FakeIssuer

DOWN: tuple[int, dict[str, str]] = (503, {})
Make = Callable[[], Revocations]


@pytest.fixture
def shelf() -> MemoryShelf:
    return MemoryShelf()


@pytest.fixture
def make(
    oauth: OAuthClient, clock: ShiftedClock, shelf: MemoryShelf, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Make]:
    """Makes revocations that share a shelf, as processes do one after the other."""
    monkeypatch.setattr(revocations, "FIRST_PAUSE", 0.02)
    stopping = threading.Event()
    yield lambda: Revocations(lambda name: oauth if name == ISSUER else None, clock, shelf, stopping)
    stopping.set()


def settled(shelf: MemoryShelf) -> bool:
    """Whether nothing is owed any more, within 5 s."""
    end = time.monotonic() + 5
    while shelf.load() is not None and time.monotonic() < end:
        time.sleep(0.01)
    return shelf.load() is None


def test_what_the_issuer_confirms_is_owed_no_longer(make: Make, issuer: FakeIssuer, shelf: MemoryShelf) -> None:
    owed = make()
    owed.owe(ISSUER, "token")
    assert owed.pay("token")
    assert (issuer.revoked, shelf.load()) == (["token"], None)


def test_what_failed_is_tried_again_until_the_issuer_confirms_it(
    make: Make, issuer: FakeIssuer, shelf: MemoryShelf
) -> None:
    owed = make()
    issuer.override["/revoke"] = DOWN
    owed.owe(ISSUER, "token")
    assert not owed.pay("token")
    assert not issuer.revoked
    issuer.override.clear()
    assert settled(shelf)
    assert issuer.revoked == ["token"]


def test_another_process_goes_on_with_what_is_on_the_shelf(make: Make, issuer: FakeIssuer, shelf: MemoryShelf) -> None:
    make().owe(ISSUER, "token")
    make().resume()
    assert settled(shelf)
    assert issuer.revoked == ["token"]


def test_a_token_is_sent_to_its_own_issuer_only(
    make: Make, issuer: FakeIssuer, shelf: MemoryShelf, caplog: pytest.LogCaptureFixture
) -> None:
    owed = make()
    owed.owe("https://another.example", "token")
    assert not owed.pay("token")
    assert (issuer.revoked, shelf.load()) == ([], None)
    assert [record.message for record in caplog.records] == ["revocation-given-up"]


def test_a_token_that_must_be_dead_of_old_age_is_given_up(
    make: Make, issuer: FakeIssuer, shelf: MemoryShelf, clock: ShiftedClock
) -> None:
    make().owe(ISSUER, "token")
    clock.advance(TOO_OLD + 1)
    make().resume()
    assert settled(shelf)
    assert not issuer.revoked


def test_where_the_shelf_is_full_the_oldest_gives_way_and_that_is_told(
    make: Make, issuer: FakeIssuer, shelf: MemoryShelf, caplog: pytest.LogCaptureFixture
) -> None:
    shelf.most = 5
    owed = make()
    for number in range(7):
        owed.owe(ISSUER, f"token {number}")
    owed.resume()
    assert settled(shelf)
    assert issuer.revoked == [f"token {number}" for number in range(2, 7)]
    assert [record.message for record in caplog.records] == ["revocation-given-up"] * 2


def test_a_damaged_shelf_is_told_and_emptied(make: Make, shelf: MemoryShelf, caplog: pytest.LogCaptureFixture) -> None:
    shelf.save('[{"token": "without an issuer"}]')
    make().resume()
    assert shelf.load() is None
    assert [record.message for record in caplog.records] == ["revocations-not-loaded"]
