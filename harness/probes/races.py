"""The same request of a client's, many times at once."""

from __future__ import annotations

import functools
from concurrent.futures import ThreadPoolExecutor

from harness.observations import Race
from harness.probes.authorization import Authorization
from harness.probes.http import Answer
from harness.probes.login import User
from harness.probes.oauth import OAuthIssuer
from harness.probes.stage_address import Client

__all__ = ["race_redemptions", "race_refreshes"]


def race_refreshes(at: OAuthIssuer, case: str, refresh_token: str, client: Client, parallel: int) -> list[Answer]:
    """POST the same refresh token so many times at once."""
    with ThreadPoolExecutor(parallel) as pool:
        numbers = [{"number": str(number)} for number in range(parallel)]
        return list(pool.map(lambda about: at.refresh(case, refresh_token, client, about=about), numbers))


def race_redemptions(
    at: OAuthIssuer, case: str, parallel: int, rounds: int, client: Client, user: User, **about: str
) -> Race:
    """Redeem one code `parallel` times at once, `rounds` times over."""
    statuses: list[list[int]] = []
    with ThreadPoolExecutor(parallel) as pool:
        for _ in range(rounds):
            code = at.authorize(f"{case}: code", client, user)  # just now: codes do not live long
            redeem = functools.partial(_redeem, at, case, code, client, not statuses)
            statuses.append(list(pool.map(redeem, range(parallel))))
    return at.observe_race(case, client, parallel, statuses, demanded=str(rounds), **about)


def _redeem(at: OAuthIssuer, case: str, code: Authorization, client: Client, first_round: bool, number: int) -> int:
    """The status answered. One request of the first round is kept, to show what all of them are."""
    kept = first_round and number == 0
    return at.redeem(f"{case}: one of many", code, client, record=kept, about={"race": case}).status
