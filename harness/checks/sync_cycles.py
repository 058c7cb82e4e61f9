"""Judgements about a page that is open for long: by which tokens it syncs, and how often it asks for newer ones."""

from __future__ import annotations

from collections import Counter

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import SyncRequest, SyncState, SyncTraffic, SyncWrites
from harness.observe import MissingObservation, Record

CLOCKS = ("right", "ten minutes ahead", "ten minutes behind")
LIVES = 7
CYCLES = tuple(f"{clock}, life {number}" for clock in CLOCKS for number in range(1, LIVES + 1))
GRACE = 2.0  # seconds in which what was under way may still bring the token before
WAKING = 10.0
HANDLES, TOKENS = ("push", "pull"), ("api push", "api pull", "api call")


def of_cycle(seen: Record, case: str) -> SyncTraffic:
    """The traffic of one life of a token. Raises MissingObservation where no token was replaced in it."""
    traffic = seen.one(SyncTraffic, f"{case}: the traffic")
    if not [one for one in traffic.of("token") if one.status == 200]:
        raise MissingObservation(f"{case}: no token was replaced")
    return traffic


def stale(traffic: SyncTraffic) -> list[SyncRequest]:
    """The requests by a token that had been replaced for so long that nobody should use it any more."""
    found = []
    for what, source in ((HANDLES, "refresh"), (TOKENS, "token")):
        given = sorted((one.until, one.token) for one in traffic.of(source) if one.status == 200 and one.token)
        for request in traffic.of(*what):
            known = [token for until, token in given if until + GRACE <= request.at]
            fresh = known[-1:] + [token for until, token in given if until + GRACE > request.at]
            if known and request.token not in fresh:
                found.append(request)
    return found


@check("SYNC-03.E1", "RFC 6750 §3.1, Replicache 15.3.0", "sync")
def all_is_applied_and_hardly_refused(seen: Record, parameters: Parameters) -> Judgement:
    """A component is what a tab pushes, what it pulls, and other calls of the API."""
    state, complaints = seen.one(SyncState, "at the end"), []
    for case in CYCLES:
        for where in ("written", "written in the background"):
            texts = seen.one(SyncWrites, f"{case}: {where}").texts
            if tuple(text for text in state.stored if text in texts) != texts:
                complaints.append(
                    Complaint(f"{case}: not all that was {where} is at the server, once and in order", state)
                )
    for case in CYCLES if not complaints else ():
        traffic = of_cycle(seen, case)
        refused = [one for one in traffic.of(*HANDLES, "api call") if one.status == 401]
        for (what, _), number in Counter((one.what, one.client) for one in refused).items():
            if number > 1:
                complaints.append(Complaint(f"{case}: one tab's {what} was refused {number} times", traffic))
    return conclude(complaints, f"{len(CYCLES)} tokens: all is at the server, and nobody was refused twice for one")


@check("SYNC-03.E2", "RFC 6750 §3.1, RFC 9068 §4", "sync")
def nobody_uses_an_older_token(seen: Record, parameters: Parameters) -> Judgement:
    complaints, number = [], 0
    for case in CYCLES:
        traffic = of_cycle(seen, case)
        number += len(traffic.of(*HANDLES, *TOKENS))
        if old := stale(traffic):
            kinds = ", ".join(sorted({one.what for one in old}))
            told = (
                f"{case}: {len(old)} requests ({kinds}) brought a token that was replaced {GRACE:.0f} s before or more"
            )
            complaints.append(Complaint(told, traffic))
    return conclude(complaints, f"{number} requests brought the newest token, or the one before while it was replaced")


@check("SYNC-03.E3", "RFC 6749 §6, ASVS 5.0.0 16.5.2", "sync")
def no_clock_makes_a_storm(seen: Record, parameters: Parameters) -> Judgement:
    complaints, told = [], []
    for clock in CLOCKS:
        lives = [of_cycle(seen, case) for case in CYCLES if case.startswith(f"{clock},")]
        number = sum(len(traffic.refreshes()) for traffic in lives)
        told.append(f"{clock}: {number}")
        if number > LIVES + 2:
            complaints.append(Complaint(f"the clock {clock}: {number} refreshes in {LIVES} lives of a token", *lives))
    return conclude(complaints, f"refreshes in {LIVES} lives of a token: {', '.join(told)}")


@check("SYNC-03.E4", "ASVS 5.0.0 16.5.2", "sync")
def it_goes_on_soon_after_a_sleep(seen: Record, parameters: Parameters) -> Judgement:
    asleep, awake = (seen.one(SyncState, case).seconds for case in ("falling asleep", "awake"))
    traffic = seen.one(SyncTraffic, "the traffic after the sleep")
    later = [one for one in traffic.of(*HANDLES) if one.at > (asleep + awake) / 2]
    first = min((one.until - awake for one in later if one.status == 200), default=None)
    if first is None or first > WAKING:
        after = "nothing" if first is None else f"something only {first:.0f} s after it"
        return conclude([Complaint(f"{after} was answered well after the sleep", traffic)], "")
    if not traffic.of("token"):
        raise MissingObservation("after the sleep no token was replaced")
    return conclude([], f"the first request was answered well {max(first, 0.0):.1f} s after the sleep")
