"""Judgements about refreshes that fail: for good, or for now (RFC 6749 §5.2)."""

from __future__ import annotations

import itertools

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.checks.sync_refresh import END, refused
from harness.model import Judgement
from harness.observations import BusCapture, SyncState, SyncTraffic
from harness.observe import MissingObservation, Record

CASES = ("500, five times", "connection reset, five times", "429, to be tried again in 30 s", "a captive portal's page")
SLOW, PORTAL = CASES[2:]
RETRY_AFTER, MINUTE, MOST = 30.0, 60.0, 10
AT_ONCE = 1.0  # seconds: a client asks once more at once where no answer came


def failing(seen: Record, case: str) -> SyncTraffic:
    """The traffic of a case. Raises MissingObservation where no refresh failed in it."""
    traffic = seen.one(SyncTraffic, f"{case}: the traffic")
    if not traffic.of("token"):
        raise MissingObservation(f"{case}: the token endpoint was not asked")
    return traffic


def attempts(traffic: SyncTraffic) -> list[float]:
    """When the token endpoint was asked; what was asked twice at once counts once."""
    times: list[float] = []
    for one in traffic.of("token"):
        if not times or one.at - times[-1] > AT_ONCE:
            times.append(one.at)
    return times


@check("SYNC-06.E1", "RFC 6749 §5.2", "sync", "bus")
def a_dead_grant_ends_the_session(seen: Record, parameters: Parameters) -> Judgement:
    state, traffic = seen.one(SyncState, "the session is over"), seen.one(SyncTraffic, END)
    refused(traffic, "push", "pull")
    capture = seen.one(BusCapture, "the session is over")
    if not capture.settled:
        raise MissingObservation("the bus was not watched to the end")
    events = capture.of_type("auth.refresh_failed")
    asked, complaints = traffic.refreshes(), []
    if len(asked) != 1:
        complaints.append(Complaint(f"the token endpoint was asked {len(asked)} times", traffic))
    if not state.asks_for_login or state.seconds > 5.0:
        complaints.append(Complaint(f"after {state.seconds:.0f} s the page does not ask for a login", state))
    if state.cookies:
        complaints.append(Complaint(f"the browser still has {', '.join(state.cookies)}", state))
    if len(events) != 1:
        told = f"the bus told of {len(events)} failed refreshes"
        complaints.append(Complaint(told, capture))
    return conclude(complaints, "one refresh, one event, no cookie, and the page asks for a login")


@check("SYNC-06.E2", "RFC 6749 §5.2, ASVS 5.0.0 16.5.2, 13.1.3", "sync")
def what_fails_for_now_ends_nothing(seen: Record, parameters: Parameters) -> Judgement:
    """Once a session was given up, there is nothing more to be refreshed, and no further case says anything."""
    complaints = []
    for case in CASES:
        after = seen.one(SyncState, f"{case}: afterwards")
        during = seen.of(SyncState, f"{case}: while it lasts", f"{case}: meanwhile")
        if ended := [state for state in (*during, after) if state.state == "ended" or not state.cookies]:
            complaints.append(Complaint(f"{case}: the session was given up", ended[0]))
            break
        traffic = failing(seen, case)
        if after.unsaved or after.state != "fresh":
            complaints.append(Complaint(f"{case}: {after.unsaved} changes are not saved afterwards", after))
        complaints += [Complaint(f"{case}: {wrong}", traffic) for wrong in too_eager(case, traffic)]
    return conclude(complaints, f"{len(CASES)} kinds of failure were waited out")


def too_eager(case: str, traffic: SyncTraffic) -> list[str]:
    """What is wrong with the times at which the token endpoint was asked."""
    times, found = attempts(traffic), []
    requests = [one.at for one in traffic.of("token")]
    if any(sum(at <= one < at + MINUTE for one in requests) > MOST for at in requests):
        found.append(f"the token endpoint was asked more than {MOST} times within a minute")
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    if len(gaps) > 2 and (gaps[-1] <= gaps[0] or any(b < 0.7 * a for a, b in itertools.pairwise(gaps))):
        found.append(f"the time between two attempts does not grow ({', '.join(f'{gap:.0f} s' for gap in gaps)})")
    if case == SLOW and (not gaps or gaps[0] < RETRY_AFTER):
        found.append(
            f"it was asked again after {gaps[0]:.0f} s, and told to wait 30 s" if gaps else "it was not asked again"
        )
    return found


@check("SYNC-06.E3", "RFC 6749 §5.1", "sync")
def a_page_is_no_token(seen: Record, parameters: Parameters) -> Judgement:
    traffic = failing(seen, PORTAL)
    given = [one.until for one in traffic.of("token") if one.status == 200 and one.token]
    early = [one for one in traffic.of("refresh") if one.status == 200 and not any(at <= one.until for at in given)]
    sent = [one for one in traffic.of("api push", "api pull") if not one.token]
    complaints = [Complaint("a page was taken for a new token", traffic)] if early or sent else []
    return conclude(complaints, "the portal's page brought no token")
