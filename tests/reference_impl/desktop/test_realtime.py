"""The desktop's ear at the realtime channel: it hears a session, and nothing after its end."""

from __future__ import annotations

import io
from typing import cast

import requests

from reference_impl.desktop.realtime import RealtimeClient
from reference_impl.desktop.session import DesktopSession
from reference_impl.desktop.sessions import Sessions

LINES = b"event: note\ndata: 1\n\n: heartbeat\nevent: note\ndata: 2\n\n"


class Session:
    """As much of a session as is heard."""

    def __init__(self, status: int = 200, lines: bytes = LINES) -> None:
        self.signed_in, self.epoch, self.asked = True, 1, list[str]()
        self._status, self._lines = status, lines

    def stream(self, path: str) -> requests.Response:
        self.asked.append(path)
        answer = requests.Response()
        answer.status_code, answer.raw = self._status, io.BytesIO(self._lines)
        return answer


class Shown:
    def __init__(self, session: Session) -> None:
        self.shown = session


def client(session: Session, heard: list[int], ends_after: int | None = None) -> RealtimeClient:
    def changed() -> None:
        heard.append(session.epoch)
        if len(heard) == ends_after:
            session.epoch += 1

    return RealtimeClient(cast("Sessions", Shown(session)), changed)


def test_each_event_is_told_and_no_other_line() -> None:
    session, heard = Session(), list[int]()
    client(session, heard).listen()
    assert heard == [1, 1]
    assert session.asked == ["/events"]


def test_nobody_listens_where_nobody_is_signed_in() -> None:
    session, heard = Session(), list[int]()
    session.signed_in = False
    client(session, heard).listen()
    assert session.asked == []


def test_nothing_is_heard_for_a_session_that_ended_or_gave_way_to_another() -> None:
    session, heard = Session(), list[int]()
    client(session, heard, ends_after=1).listen()
    assert heard == [1]
    session, heard = Session(), []
    other = session.epoch + 1
    client(session, heard).hear(cast("DesktopSession", session), session.stream("/events"), other)
    assert heard == []


def test_a_refusal_is_no_event() -> None:
    session, heard = Session(401, b"event: refused\n"), list[int]()
    client(session, heard).listen()
    assert heard == []
    stopped = client(Session(), heard)
    stopped.stop()
    stopped.listen()
    assert heard == []
