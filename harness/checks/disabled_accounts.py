"""Judgements about a user whose account is disabled while he has sessions."""

from __future__ import annotations

import json
from collections.abc import Iterator

from harness.checks.common import Complaint, clients_of, conclude, is_invalid_grant, require_answer, short
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import HttpExchange, RealtimeConnection
from harness.observe import MissingObservation, Record

BEFORE, WHILE = "access before", "access while disabled"
FIRST = "the first access while disabled"
REFRESH = "a refresh while disabled"
PUSH, PUSHED, STORED = "a push", "a push when enabled", "what is stored"
REFUSALS = (401, 403)
TELLING = 6  # letters: a shorter text stands in many answers


@check("TOKEN-20.E1", "ASVS 5.0.0 7.4.2, RFC 6749 §5.2", "admin")
def refresh_is_refused(seen: Record, parameters: Parameters) -> Judgement:
    clients = clients_of(seen, REFRESH)
    found = [require_answer(seen.one(HttpExchange, REFRESH, client=client)) for client in clients]
    complaints = [Complaint(f"{e.about['client']}: {short(e)}", e) for e in found if not is_invalid_grant(e)]
    return conclude(complaints, f"{', '.join(clients)}: the refresh was refused with invalid_grant")


@check("TOKEN-20.E2", "ASVS 5.0.0 7.4.2, 8.3.2", "admin", "api")
def every_route_is_closed(seen: Record, parameters: Parameters) -> Judgement:
    bound, complaints = parameters["revoke_bound"].value, []
    clients = clients_of(seen, BEFORE)
    for client in clients:
        first = require_answer(seen.of(HttpExchange, FIRST, client=client)[-1])
        if first.status not in REFUSALS and first.about.get("waited") == "in part":
            raise MissingObservation(f"{client}: still let in, and nobody waited as long as {bound:g} s")
        if first.status in REFUSALS and float(first.about["after"]) > bound:
            raise MissingObservation(f"{client}: refused, but seen {first.about['after']} s after the account ended")
        for before, after in _routes(seen, client):
            complaints += [Complaint(f"{client} {text}", before, after) for text in _wrong(before, after)]
    complaints += _open_connections(seen, bound)
    return conclude(complaints, f"{', '.join(clients)}: every route refused the access token, and told nothing")


def _routes(seen: Record, client: str) -> Iterator[tuple[HttpExchange, HttpExchange]]:
    """What each route answered before and while the account was disabled."""
    for before in seen.of(HttpExchange, BEFORE, client=client):
        if require_answer(before).status in REFUSALS:
            raise MissingObservation(f"{client}: {before.about['way']} refused him before: {short(before)}")
        yield before, require_answer(seen.one(HttpExchange, WHILE, client=client, way=before.about["way"]))


def _wrong(before: HttpExchange, after: HttpExchange) -> Iterator[str]:
    if after.status not in REFUSALS:
        yield f"at {after.about['way']}: {short(after)}"
    elif told := [text for text in _texts(before.json()) if text in after.body]:
        yield f"at {after.about['way']}: the refusal tells {told[0]!r}"


def _texts(value: object) -> Iterator[str]:
    """The texts in an answer's JSON that would tell something of the user."""
    if isinstance(value, str) and len(value) >= TELLING:
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _open_connections(seen: Record, bound: float) -> list[Complaint]:
    """Connections that were open, and outlived the account."""
    complaints = []
    for opened in [o for o in seen if isinstance(o, RealtimeConnection) and o.case == "a connection"]:
        name = opened.about["connection"]
        ended = seen.one(RealtimeConnection, "the connection while disabled", connection=name)
        if not opened.open:
            raise MissingObservation(f"{name}: no connection was open before ({opened.error or opened.status})")
        if ended.closed_after is None or ended.closed_after > bound:
            complaints.append(Complaint(f"{name}: its connection stays open", opened, ended))
    return complaints


@check("TOKEN-20.E3", "ASVS 5.0.0 8.3.2", "admin", "api", "sync")
def nothing_more_is_stored(seen: Record, parameters: Parameters) -> Judgement:
    pushes = [require_answer(e) for e in seen.of(HttpExchange, PUSH)]
    stored = require_answer(seen.one(HttpExchange, STORED))
    control = _text_of(require_answer(seen.one(HttpExchange, PUSHED)))
    if stored.status != 200 or control not in stored.body:
        raise MissingObservation(f"what was stored when the account was enabled does not show: {short(stored)}")
    complaints = [
        Complaint(f"{e.about['client']}: what he sent while disabled is stored ({short(e)})", e, stored)
        for e in pushes
        if _text_of(e) in stored.body
    ]
    return conclude(complaints, f"of {len(pushes)} pushes while the account was disabled nothing is stored")


def _text_of(push: HttpExchange) -> str:
    """What a push would store. Raises MissingObservation where it holds nothing."""
    texts = list(_texts_of_body(push.request_body))
    if not texts:
        raise MissingObservation(f"{push.case}: nothing was sent")
    return texts[0]


def _texts_of_body(body: str) -> Iterator[str]:
    try:
        yield from _texts(json.loads(body))
    except ValueError:
        return
