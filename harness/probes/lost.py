"""An answer that is lost on its way: the server did what it was asked, and the client never hears of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from requests.adapters import BaseAdapter

from harness.probes.http import HttpProbe
from harness.probes.oauth import Client, OAuthIssuer

__all__ = ["losing_answers", "refresh_unheard"]


class _Losing(BaseAdapter):
    """Sends by another adapter and drops what comes back."""

    def __init__(self, real: BaseAdapter) -> None:
        super().__init__()
        self._real = real

    def send(self, request: requests.PreparedRequest, *arguments: Any, **named: Any) -> requests.Response:
        """Send, wait for the answer, close the connection, and report it as broken."""
        self._real.send(request, *arguments, **named).close()
        raise requests.ConnectionError("the connection broke after the request was sent")

    def close(self) -> None:
        """Nothing to close: the real adapter stays the session's."""


@contextmanager
def losing_answers(agent: HttpProbe) -> Iterator[HttpProbe]:
    """While it lasts, every answer to this user agent is lost."""
    session = agent.session
    real = dict(session.adapters)
    for prefix, adapter in real.items():
        session.mount(prefix, _Losing(adapter))
    try:
        yield agent
    finally:
        for prefix, adapter in real.items():
            session.mount(prefix, adapter)


def refresh_unheard(at: OAuthIssuer, case: str, refresh_token: str, client: Client, **about: str) -> None:
    """POST a refresh token (RFC 6749 §6), and never hear what became of it."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": client.client_id}
    with losing_answers(at.new_agent()) as agent:
        agent.post(case, at.metadata["token_endpoint"], form, role="token", **about)
