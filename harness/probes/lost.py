"""An answer that is lost on its way: the server did what it was asked, and the client never hears of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from harness.probes.clients import Exchanged, HttpClient
from harness.probes.http import HttpProbe
from harness.probes.oauth import OAuthIssuer
from harness.probes.stage_address import Client

__all__ = ["losing_answers", "refresh_unheard"]


class _Losing:
    """Sends by another client and drops what comes back."""

    def __init__(self, real: HttpClient) -> None:
        self.name, self.bounds = real.name, real.bounds
        self.cookies_for, self.close = real.cookies_for, real.close
        self._real = real

    def exchange(self, method: str, url: str, headers: Mapping[str, str], body: str = "") -> Exchanged:
        took = self._real.exchange(method, url, headers, body).seconds
        return Exchanged(0, error="the connection broke after the request was sent", seconds=took)


@contextmanager
def losing_answers(agent: HttpProbe) -> Iterator[HttpProbe]:
    """While it lasts, every answer to this user agent is lost."""
    real = agent.client
    agent.client = _Losing(real)
    try:
        yield agent
    finally:
        agent.client = real


def refresh_unheard(at: OAuthIssuer, case: str, refresh_token: str, client: Client, **about: str) -> None:
    """POST a refresh token (RFC 6749 §6), and never hear what became of it."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": client.client_id}
    with losing_answers(at.new_agent()) as agent:
        agent.post(case, at.metadata["token_endpoint"], form, role="token", **about)
