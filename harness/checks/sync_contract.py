"""Judgements about what an API answers to tokens that are none of its own (RFC 6750 §3.1)."""

from __future__ import annotations

import re

from harness.checks.common import Complaint, conclude, require_answer
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import HttpExchange, StoredData
from harness.observe import MissingObservation, Record

BARE = ("no header", "a scheme alone", "another scheme")
WITH_TOKEN = ("garbage", "expired", "revoked", "of another audience")
VALID = "valid"
TELLS_TOO_MUCH = re.compile(r"Traceback|File \"|sqlite|line \d+, in|Exception", re.IGNORECASE)


def asked(seen: Record, case: str) -> dict[str, HttpExchange]:
    """The answer of each route in this case, by the route."""
    return {exchange.about["way"]: require_answer(exchange) for exchange in seen.of(HttpExchange, case)}


def bearer_challenge(exchange: HttpExchange) -> str | None:
    """The challenge of the scheme Bearer (RFC 9110 §11.6.1), if there is one."""
    values = exchange.header_values("www-authenticate")
    return next((value for value in values if re.match(r"bearer\b", value, re.IGNORECASE)), None)


def wrong_about(case: str, exchange: HttpExchange) -> str:
    """What is wrong with the refusal; "" where nothing is."""
    challenge = bearer_challenge(exchange)
    if exchange.status != 401:
        return f"HTTP {exchange.status} instead of 401"
    if challenge is None:
        return "401 without a challenge of the scheme Bearer"
    if case in WITH_TOKEN and 'error="invalid_token"' not in challenge:
        return f"its challenge does not say invalid_token: {challenge[:80]}"
    if TELLS_TOO_MUCH.search(exchange.body):
        return "its body tells of the inside of the server"
    return ""


@check("SYNC-01.E1", "RFC 6750 §3.1, ASVS 5.0.0 16.5.3", "sync", "signing key")
def bad_tokens_are_answered_401(seen: Record, parameters: Parameters) -> Judgement:
    """What is wrong with a token stands in the challenge, if anywhere: the bodies of one route are the same."""
    routes, complaints = set(asked(seen, VALID)), []
    bodies: dict[str, set[str]] = {}
    for case in (*BARE, *WITH_TOKEN):
        found = asked(seen, case)
        if missing := routes - set(found):
            raise MissingObservation(f"{case}: {', '.join(sorted(missing))} was not asked")
        for way, exchange in found.items():
            if wrong := wrong_about(case, exchange):
                complaints.append(Complaint(f"{way}, {case}: {wrong}", exchange))
            elif case in WITH_TOKEN:
                bodies.setdefault(way, set()).add(exchange.body)
                if len(bodies[way]) > 1:
                    complaints.append(
                        Complaint(f"{way}, {case}: its body tells what is wrong with the token", exchange)
                    )
    return conclude(complaints, f"{len(routes)} routes, {len(BARE + WITH_TOKEN)} requests each: 401 with its challenge")


@check("SYNC-01.E2", "RFC 6750 §3.1, ASVS 5.0.0 16.5.3", "sync", "signing key")
def nothing_is_stored_for_what_is_refused(seen: Record, parameters: Parameters) -> Judgement:
    before, after, afterwards = (seen.one(StoredData, case) for case in ("before", "after", "afterwards"))
    if afterwards.digest == after.digest:
        raise MissingObservation("what the user's own token brought does not show in what is stored")
    grown = [name for name in after.rows if after.rows[name] != before.rows.get(name)]
    complaints = [
        Complaint(f"{name}: {before.rows.get(name, 0)} rows before, {after.rows[name]} after", before, after)
        for name in grown
    ]
    if after.digest != before.digest and not grown:
        complaints.append(Complaint("what is synced was changed", before, after))
    return conclude(complaints, f"{len(after.rows)} tables are as they were")


@check("SYNC-01.E3", "RFC 6750 §2.1", "sync", "signing key")
def a_valid_token_is_taken(seen: Record, parameters: Parameters) -> Judgement:
    """What a route answers to a request that it takes for wrong is its own affair."""
    found = asked(seen, VALID)
    refused = [(way, e) for way, e in found.items() if e.status in (401, 403) or (e.status or 500) >= 500]
    complaints = [Complaint(f"{way}: HTTP {e.status} to the user's own token", e) for way, e in refused]
    return conclude(complaints, f"{len(found)} routes took it")
