"""What the page's channels for syncing do with the session, without any window."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from reference_impl.desktop.shell.contract import Code, Handle, Nothing, SyncAnswer, Syncing, SyncRequest
from reference_impl.desktop.shell.dispatcher import CallFailed
from reference_impl.desktop.shell.handlers import Handlers
from reference_impl.token_manager import RefreshTimedOut, SignedOut


class FakeSession:
    """Somebody's, whose token has the name `serial.2`."""

    signed_in, epoch, handle = True, 1, "serial.2"
    sent: tuple[str, str] | None = None

    def call(self, path: str) -> requests.Response:
        return answered(200, b'{"sub": "a-subject", "name": "anna"}')

    def refresh_named(self, handle: str) -> str:
        if handle != "serial.2":
            raise SignedOut("another session has begun")
        return "serial.3"

    def send(self, path: str, body: str, handle: str) -> requests.Response | None:
        self.sent = (path, body)
        return answered(200, b"{}") if handle == self.handle else None


class FakeSessions:
    def __init__(self, session: FakeSession) -> None:
        self.shown = session


def answered(status: int, body: bytes) -> requests.Response:
    response = requests.Response()
    response.status_code, response._content = status, body
    return response


def handlers_of(session: FakeSession) -> Handlers:
    nothing: Any = None
    sessions: Any = FakeSessions(session)
    return Handlers(sessions, nothing, nothing, nothing, nothing, lambda: None)


def code_of(act: Any) -> Code:
    with pytest.raises(CallFailed) as failed:
        act()
    return failed.value.code


def test_a_page_learns_whose_notes_it_syncs_and_for_how_long() -> None:
    told = handlers_of(FakeSession()).begin_sync(Nothing())
    assert isinstance(told, Syncing)
    assert (told.subject, told.handle) == ("a-subject", "serial.2")
    assert told.expires_in > 0


def test_a_push_is_sent_by_the_token_that_is_named_and_by_no_other() -> None:
    session = FakeSession()
    handlers = handlers_of(session)
    assert handlers.push(SyncRequest(body='{"x": 1}', handle="serial.2")) == SyncAnswer(status=200, body="{}")
    assert session.sent == ("/sync/push", '{"x": 1}')
    assert handlers.pull(SyncRequest(body="{}", handle="serial.1")) == SyncAnswer(status=401, body="")


def test_a_handle_is_renewed_within_its_session_only() -> None:
    handlers = handlers_of(FakeSession())
    assert handlers.renew_handle(Handle(handle="serial.2")) == Handle(handle="serial.3")
    assert code_of(lambda: handlers.renew_handle(Handle(handle="other.2"))) is Code.NOT_AUTHENTICATED


def test_what_comes_after_the_end_of_a_session_is_dropped() -> None:
    class Ending(FakeSession):
        def send(self, path: str, body: str, handle: str) -> requests.Response | None:
            self.epoch += 1
            return super().send(path, body, handle)

    assert code_of(lambda: handlers_of(Ending()).pull(SyncRequest(body="{}", handle="serial.2"))) is (
        Code.NOT_AUTHENTICATED
    )


@pytest.mark.parametrize(
    ("error", "code"),
    [(RefreshTimedOut("late"), Code.TIMEOUT), (requests.ConnectionError(), Code.UNAVAILABLE)],
)
def test_a_failure_is_told_by_its_code(error: Exception, code: Code) -> None:
    class Failing(FakeSession):
        def call(self, path: str) -> requests.Response:
            raise error

    assert code_of(lambda: handlers_of(Failing()).begin_sync(Nothing())) is code


def test_nobody_syncs_who_is_not_signed_in() -> None:
    session = FakeSession()
    session.signed_in = False
    assert code_of(lambda: handlers_of(session).push(SyncRequest(body="{}", handle="serial.2"))) is (
        Code.NOT_AUTHENTICATED
    )
    assert session.sent is None
