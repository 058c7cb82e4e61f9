"""Judgements about the loopback port at which a native client awaits the answer to a sign-in (RFC 8252)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from harness.checks.common import Complaint, conclude, require_answer
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import CallbackDelivery, HttpExchange, Volley
from harness.observations.bridge import SocketTable
from harness.observe import MissingObservation, Record

LOOPBACK = ("127.0.0.1", "::1")
SIGN_INS = ("the first sign-in", "the second sign-in", "the sign-in given up", "the sign-in left alone")
ENDS = ("after the first", "after the second", "after giving up", "after leaving it alone")
CLOSED_WITHIN = 2.0  # seconds: BRIDGE-08.E1
WRONG = (
    "nothing",
    "no state",
    "a wrong state",
    "an error",
    "a wrong path",
    "another wrong path",
    "a wrong host",
    "a wrong method",
    "a page's fetch",
    "a page's picture",
)
WITH_TOKENS = ("an access token", "a refresh token", "a token in the code's place")
GENUINE, SECOND, GARBAGE = "the genuine answer", "a second answer", "garbage"
_CREDENTIAL = re.compile(r"\{\{[^}]*\}\}|[?&#](?:code|state|access_token|refresh_token)=")
_SCRIPT = re.compile(r"<script\b|\bon[a-z]+\s*=|javascript:|http-equiv=[\"']?refresh", re.IGNORECASE)


@check("BRIDGE-08.E1", "RFC 8252 §7.3, §8.3")
def the_port_lives_as_long_as_the_sign_in(seen: Record, parameters: Parameters) -> Judgement:
    before = seen.one(SocketTable, "before")
    begun = [seen.one(SocketTable, case) for case in SIGN_INS]
    complaints = [complaint for table in (before, *begun) for complaint in _beyond_loopback(table)]
    for table in begun:
        if table.awaited in before.listening:
            complaints.append(Complaint(f"{table.awaited} was open before any sign-in", before, table))
        elif not any(_port(one) == _port(table.awaited) for one in table.listening):
            raise MissingObservation(f"{table.case}: nothing listens at {table.awaited or 'any port'}")
    for earlier, later in pairwise(begun):
        if earlier.awaited == later.awaited:
            complaints.append(Complaint(f"two sign-ins have the port {_port(later.awaited)}", earlier, later))
    for table in (seen.one(SocketTable, case) for case in ENDS):
        if any(_port(one) == _port(table.awaited) for one in table.listening):
            complaints.append(Complaint(f"{table.case} the port is open for {table.seconds:g} s", table))
        elif table.seconds > CLOSED_WITHIN:
            complaints.append(Complaint(f"{table.case} the port was closed after {table.seconds:g} s", table))
    return conclude(complaints, f"{len(SIGN_INS)} sign-ins had loopback ports of their own, each closed at its end")


def _beyond_loopback(table: SocketTable) -> Iterator[Complaint]:
    for one in table.listening:
        if one.rpartition(":")[0] not in LOOPBACK:
            yield Complaint(f"{table.case}: it listens on {one}", table)
    for address in table.reached:
        yield Complaint(f"{table.case}: its port can be reached at {address}", table)


def _port(address: str) -> str:
    return address.rpartition(":")[2]


@check("BRIDGE-08.E2", "RFC 8252 §8.9, §8.10, RFC 9700 §2.1")
def what_is_no_answer_is_refused(seen: Record, parameters: Parameters) -> Judgement:
    complaints = [complaint for case in WRONG for complaint in _taken(seen, case)]
    volley = seen.one(Volley, GARBAGE)
    taken = {status: count for status, count in volley.statuses.items() if status.startswith(("2", "3", "5"))}
    if taken:
        complaints.append(Complaint(f"garbage was answered {taken}", volley))
    genuine = _delivered(seen, GENUINE)
    if genuine.status != 200 or not genuine.signed_in:
        told = f"HTTP {genuine.status or 'without an answer'}, nobody signed in" if not genuine.signed_in else ""
        complaints.append(Complaint(f"the genuine answer after them: {told or f'HTTP {genuine.status}'}", genuine))
    if not complaints and volley.statuses.get("0", 0) * 2 > volley.sent:  # what is no HTTP need not be answered by HTTP
        raise MissingObservation(
            f"{volley.statuses['0']} of {volley.sent} requests of garbage were not answered at all"
        )
    return conclude(complaints, f"{len(WRONG)} kinds of requests and {volley.sent} of garbage did not end the sign-in")


@check("BRIDGE-08.E3", "RFC 9700 §2.1.2, RFC 6749 §4.1.2")
def answers_with_tokens_are_refused(seen: Record, parameters: Parameters) -> Judgement:
    _require_genuine(seen)
    complaints = [complaint for case in WITH_TOKENS for complaint in _taken(seen, case)]
    return conclude(complaints, f"{len(WITH_TOKENS)} answers with tokens were refused")


@check("BRIDGE-08.E4", "RFC 8252 §8.10, ASVS 5.0.0 10.1.1")
def the_page_holds_nothing(seen: Record, parameters: Parameters) -> Judgement:
    page = require_answer(seen.one(HttpExchange, GENUINE, role="callback"))
    if page.truncated or not page.body:
        raise MissingObservation("the page that answered was not seen whole")
    complaints = []
    if found := _CREDENTIAL.search(page.body):
        complaints.append(Complaint(f"the page holds {found.group()}", page))
    if found := _SCRIPT.search(page.body):
        complaints.append(Complaint(f"the page holds a script or what works as one: {found.group()}", page))
    if "no-store" not in (page.header("Cache-Control") or "").lower():
        complaints.append(Complaint("the page may be kept: no Cache-Control: no-store", page))
    if page.location:
        complaints.append(Complaint("the answer leads on", page))
    return conclude(complaints, "the page is static, holds no credential, and is not kept")


@check("BRIDGE-08.E5", "RFC 8252 §8.3, RFC 6749 §4.1.2")
def a_second_answer_changes_nothing(seen: Record, parameters: Parameters) -> Judgement:
    first = _require_genuine(seen)
    second = _delivered(seen, SECOND)
    complaints = list(_sent(second))
    if second.status is not None and not 400 <= second.status < 500:
        complaints.append(Complaint(f"a second answer was answered HTTP {second.status}", second))
    if (second.signed_in, second.account) != (first.signed_in, first.account):
        complaints.append(Complaint("a second answer changed who is signed in", first, second))
    return conclude(complaints, "a second answer was refused, and changed nothing")


def _taken(seen: Record, case: str) -> Iterator[Complaint]:
    """What became of a request that is none of the issuer's."""
    delivered = _delivered(seen, case)
    yield from _sent(delivered)
    if delivered.status is not None and not 400 <= delivered.status < 500:
        yield Complaint(f"{case}: HTTP {delivered.status}", delivered)
    if delivered.signed_in:
        yield Complaint(f"{case}: somebody is signed in", delivered)


def _sent(delivered: CallbackDelivery) -> Iterator[Complaint]:
    if any(delivered.token_requests.values()):
        yield Complaint(f"{delivered.case}: a token request was made", delivered)


def _require_genuine(seen: Record) -> CallbackDelivery:
    """Raises MissingObservation unless the genuine answer came to a client that took it: what is deaf takes nothing."""
    genuine = _delivered(seen, GENUINE)
    if not any(_delivered(seen, case).status for case in WRONG):
        raise MissingObservation("no request to the port was answered")
    return genuine


def _delivered(seen: Record, case: str) -> CallbackDelivery:
    delivered = seen.one(CallbackDelivery, case)
    if delivered.status is None and not delivered.nobody_there:
        raise MissingObservation(f"{case}: the client did not answer")
    return delivered
