"""Judgements about a client whose keyring is locked."""

from __future__ import annotations

import re
from statistics import median

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.checks.scans import found_by
from harness.checks.store_persistence import token_of
from harness.model import Judgement
from harness.observations import (
    HttpExchange,
    NativeListing,
    PageView,
    Responsiveness,
    SecretScan,
    StoreOperation,
    StoreState,
)
from harness.observe import MissingObservation, Record

LOCKED = "locked"
OPERATIONS = ("get", "set", "clear")
PROMPTS = ("dismissed prompt", "unanswered prompt")
LAG = 0.2  # seconds: STORE-07.E1
SAYS_LOCKED = re.compile(r"(?i)\block(?:ed)?\b")
SAYS_WHAT_TO_DO = re.compile(r"(?i)\b(?:unlock|try again|retry)\b")
SAYS_SIGNED_OUT = re.compile(r"(?i)(?<!not )\b(?:signed|logged) out\b")


@check("STORE-07.E1", "ASVS 5.0.0 16.5.2, P.store_timeout")
def locked_is_told_in_time(seen: Record, parameters: Parameters) -> Judgement:
    bound = parameters["store_timeout"].value
    tried = seen.of(StoreOperation, "while locked")
    if absent := set(OPERATIONS) - {one.operation for one in tried}:
        raise MissingObservation(f"never tried while locked: {', '.join(sorted(absent))}")
    complaints = [told for one in tried if (told := _untold(one, bound))]
    for prompt in PROMPTS:
        state, waited = seen.one(StoreState, prompt), seen.one(Responsiveness, prompt)
        if state.error or state.mode != LOCKED:
            complaints.append(Complaint(f"{prompt}: the client says {state.error or state.mode}, not locked", state))
        if waited.seconds > bound:
            complaints.append(Complaint(f"{prompt}: told after {waited.seconds:g} s, not {bound:g} s", waited))
    complaints += _lag(seen.one(Responsiveness, PROMPTS[1]))
    return conclude(complaints, f"every call told that the store is locked within {bound:g} s, and the window answered")


def _untold(one: StoreOperation, bound: float) -> Complaint | None:
    if one.outcome != LOCKED:
        return Complaint(f"{one.operation} while locked: {one.outcome} ({one.error or 'no error'}), not locked", one)
    return (
        Complaint(f"{one.operation} while locked: told after {one.seconds:g} s", one) if one.seconds > bound else None
    )


def _lag(waited: Responsiveness) -> list[Complaint]:
    """A blocked window answers none of many looks in time; a slow machine is slow before the stimulus as well."""
    if not waited.during:
        raise MissingObservation(f"{waited.case}: nobody looked at the window meanwhile")
    if median(waited.during) <= LAG:
        return []
    if not waited.before or median(waited.before) > LAG:
        raise MissingObservation("this machine answers too slowly to tell whether the window was blocked")
    told = f"the window took {median(waited.during):g} s to answer while the prompt was open, {LAG:g} s are allowed"
    return [Complaint(told, waited)]


@check("STORE-07.E2", "ASVS 5.0.0 16.5.3")
def nothing_is_lost_while_locked(seen: Record, parameters: Parameters) -> Judgement:
    if not seen.one(StoreState, "sign-in").signed_in:
        raise MissingObservation("nobody was signed in, so there was nothing to lose")
    complaints = []
    for before, after in (("before the lock", "after the lock"), ("stored again", "after the locked start")):
        kept, found = (token_of(seen.one(NativeListing, case)) for case in (before, after))
        if kept is None:
            complaints.append(Complaint(f"{before}: no refresh token is stored", seen.one(NativeListing, before)))
        elif found is None or found.fingerprint != kept.fingerprint:
            what = "is gone" if found is None else "is another"
            complaints.append(Complaint(f"{after}: what was stored {what}", seen.one(NativeListing, after)))
    complaints += _newest_not_stored(seen)
    for case in ("unlocked", "unlocked at last", "API call"):
        state = seen.one(StoreState, case)
        if state.error or not state.signed_in:
            told = f"{case}: the session does not go on ({state.error or 'nobody is signed in'})"
            complaints.append(Complaint(told, state))
    return conclude(complaints, "what was stored was still there, and the session went on without a sign-in")


def _newest_not_stored(seen: Record) -> list[Complaint]:
    """Whether a token that was got while the store was locked is not made up for."""
    given = [o for o in seen if isinstance(o, HttpExchange) and o.case == "refresh while locked" and o.status == 200]
    listing = seen.one(NativeListing, "stored again")
    stored = token_of(listing)
    if not given or stored is None or given[-1].json().get("refresh_token") in stored.secrets:
        return []
    return [Complaint("the token got while the store was locked is not stored after the unlocking", listing)]


@check("STORE-07.E3", "NIST SP 800-63B-4 §5.1")
def nothing_is_written_while_locked(seen: Record, parameters: Parameters) -> Judgement:
    if seen.one(StoreState, "refresh while locked").error:
        raise MissingObservation("no token was got while the store was locked, so there was none to write")
    scans = [seen.one(SecretScan, case) for case in ("while locked", "locked start")]
    return conclude([found for scan in scans for found in found_by(scan)], "no secret was written to any file")


@check("STORE-07.E4", "ASVS 5.0.0 16.5.2, seed L50")
def window_says_that_it_is_locked(seen: Record, parameters: Parameters) -> Judgement:
    pages = seen.of(PageView, "while locked", "locked start")
    complaints = []
    for page in pages:
        if page.about.get("error"):
            raise MissingObservation(f"{page.case}: the page did not show ({page.about['error']})")
        alerts = " ".join(page.alerts)
        if not SAYS_LOCKED.search(alerts):
            complaints.append(Complaint(f"{page.case}: no visible alert says that the keyring is locked", page))
        elif not SAYS_WHAT_TO_DO.search(alerts):
            complaints.append(Complaint(f"{page.case}: no alert says what to do", page))
        if SAYS_SIGNED_OUT.search(page.text):
            complaints.append(Complaint(f"{page.case}: the page says that the user is signed out", page))
    return conclude(complaints, "the window said that the keyring is locked, and what to do")
