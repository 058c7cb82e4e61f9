"""Judgements about what a stored sign-in outlives, and what a sign-out leaves of it."""

from __future__ import annotations

from harness.checks.common import Complaint, conclude, require_answer
from harness.checks.registry import Parameters, check
from harness.checks.scans import found_by
from harness.model import Judgement
from harness.observations import (
    HttpExchange,
    NativeItem,
    NativeListing,
    PageView,
    PersistencePolicy,
    SecretScan,
    StoreState,
)
from harness.observe import MissingObservation, Record

RESTARTS = ("after the end", "after the kill", "after the system's logout")
BEFORE = {"after the end": "before the end", "after the kill": "before the kill"}
BEFORE["after the system's logout"] = "before the system's logout"
TOKEN = "refresh_token"
OWED = "pending_revocations"  # what is only ever sent to be revoked: the design notes of STORE-03
FIRST, SECOND = "first", "second"
CLEARED_WITHIN = 5.0  # seconds: STORE-03.E1


@check("STORE-02.E1", "ASVS 5.0.0 7.1.1, seed L43")
def session_is_resumed_after_each_restart(seen: Record, parameters: Parameters) -> Judgement:
    if not seen.one(StoreState, "sign-in").signed_in:
        raise MissingObservation("nobody was signed in, so there was nothing to resume")
    complaints = [told for case in RESTARTS for told in _not_resumed(seen, case)]
    return conclude(complaints, f"after each of {len(RESTARTS)} restarts the session went on without a sign-in")


def _not_resumed(seen: Record, case: str) -> list[Complaint]:
    start, used = seen.one(StoreState, case), seen.one(StoreState, f"{case}: API call")
    if not start.signed_in:
        return [Complaint(f"{case}: nobody is signed in ({start.error or f'mode {start.mode}'})", start)]
    if used.error:
        return [Complaint(f"{case}: {used.error}", used)]
    if used.about.get("handed to the browser") != "0":
        return [Complaint(f"{case}: the system's browser was opened", used)]
    exchanges = seen.of(HttpExchange, f"{case}: API call")
    renewed = [e for e in exchanges if f"grant_type={TOKEN}" in e.request_body and e.status == 200]
    return [] if renewed else [Complaint(f"{case}: no access token was got with the refresh token", *exchanges)]


@check("STORE-02.E2", "NIST SP 800-63B-4 §5.1, seed L43")
def last_token_outlives_each_restart(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for case in RESTARTS:
        before, after = (token_of(seen.one(NativeListing, one)) for one in (BEFORE[case], case))
        listing = seen.one(NativeListing, case)
        if after is None or before is None:
            when = case if before else BEFORE[case]
            complaints.append(Complaint(f"{when}: no refresh token is stored", listing))
        elif after.fingerprint != before.fingerprint:
            complaints.append(Complaint(f"{case}: another value is stored than before", listing))
    return conclude(complaints or _stale(seen), "what was stored last was stored after each restart")


def _stale(seen: Record) -> list[Complaint]:
    """Whether another token than the last one is stored after the kill."""
    given = require_answer(seen.one(HttpExchange, "refresh before the kill")).json().get(TOKEN)
    listing = seen.one(NativeListing, "after the kill")
    stored = token_of(listing)
    if not given:
        raise MissingObservation("the refresh before the kill gave no token")
    if stored is not None and given in stored.secrets:
        return []
    return [Complaint("after the kill: not the token that was given last is stored", listing)]


def token_of(listing: NativeListing) -> NativeItem | None:
    return next((item for item in listing.items if item.name.endswith(f"{FIRST}/{TOKEN}")), None)


@check("STORE-02.E3", "NIST SP 800-63B-4 §5.1")
def persistence_is_a_recorded_decision(seen: Record, parameters: Parameters) -> Judgement:
    policy = seen.one(PersistencePolicy, "policy")
    ceiling = parameters["refresh_absolute"].value
    complaints = []
    if policy.persists is None:
        complaints.append("nothing is stated about what outlives a restart")
    elif not policy.persists and any(seen.one(StoreState, case).signed_in for case in RESTARTS):
        complaints.append("sign-ins outlive a restart, and the policy states that they do not")
    elif policy.persists:
        if not policy.lifetime or policy.lifetime > ceiling:
            complaints.append(f"the stated lifetime is {policy.lifetime or 'none'}, and {ceiling:g} s the most")
        if "800-63B" not in policy.deviation or not policy.reason:
            complaints.append("keeping bearer session secrets is not recorded as a deviation with its reason")
        stored = {item.name.rpartition("/")[2] for item in seen.one(NativeListing, RESTARTS[-1]).items}
        unnamed = sorted(stored - set(policy.items))
        complaints += [f"the policy does not name what is kept: {', '.join(unnamed)}"] if unnamed else []
    return conclude(
        [Complaint(told, policy) for told in complaints], "the decision, its bound and its reason are stated"
    )


def _of(listing: NativeListing, account: str) -> dict[str, NativeItem]:
    return {item.name: item for item in listing.items if item.name.split("/")[1:2] == [account]}


def _signed_in(seen: Record) -> NativeListing:
    """What was stored before the sign-out; both accounts must have had something."""
    before = seen.one(NativeListing, "before the sign-out")
    for account in (FIRST, SECOND):
        if not any(name.endswith(f"/{TOKEN}") for name in _of(before, account)):
            raise MissingObservation(f"the {account} account was not signed in with what is stored")
    return before


@check("STORE-03.E1", "ASVS 5.0.0 14.3.1, GDPR Art. 5(1)(f)")
def sign_out_clears_the_account(seen: Record, parameters: Parameters) -> Judgement:
    _signed_in(seen)
    listings = seen.of(NativeListing, "after the sign-out")
    offline = bool([o for o in seen if o.case == "after the network's return"])
    complaints = []
    for listing in listings:
        left = {name for name in _of(listing, FIRST) if not (offline and name.endswith(f"/{OWED}"))}
        complaints += [Complaint(f"still in the store: {name}", listing) for name in sorted(left)]
    complaints += _hidden(seen, listings[0])
    if offline:
        paid = seen.one(NativeListing, "after the network's return")
        complaints += [Complaint(f"not even after the revocation: {name}", paid) for name in _of(paid, FIRST)]
    _require_soon(seen, listings[0])
    return conclude(complaints, "nothing of the account was left when the user had been told")


def _hidden(seen: Record, after: NativeListing) -> list[Complaint]:
    """Secrets of the account under whatever name."""
    before = seen.one(NativeListing, "before the sign-out")
    own = {mark for item in _of(before, FIRST).values() for mark in item.secrets}
    others = [item for item in after.items if not item.name.endswith(f"/{OWED}")]
    found = [item for item in others if own & set(item.secrets)]
    return [Complaint(f"a secret of the account is still in the store, as {item.name}", after) for item in found]


def _require_soon(seen: Record, after: NativeListing) -> None:
    """The store must have been looked at within the bound after the user was told."""
    told = [o.began for o in seen if isinstance(o, HttpExchange) and o.case == "end of the session" and o.began]
    if told and after.elapsed - max(told) > CLEARED_WITHIN:
        raise MissingObservation(f"looked at later than {CLEARED_WITHIN:g} s after the user was told")


@check("STORE-03.E2", "ASVS 5.0.0 7.4.1")
def other_account_keeps_its_items(seen: Record, parameters: Parameters) -> Judgement:
    before = _of(_signed_in(seen), SECOND)
    complaints = []
    for listing in (o for o in seen.of(NativeListing) if o.case.startswith("after the")):
        after = _of(listing, SECOND)
        for name, item in before.items():
            if name not in after:
                complaints.append(Complaint(f"{listing.case}: {name} is gone", listing))
            elif after[name].fingerprint != item.fingerprint:
                complaints.append(Complaint(f"{listing.case}: {name} is another than before", listing))
    return conclude(complaints, f"the other account's {len(before)} items are unchanged")


@check("STORE-03.E3", "ISO 27001:2022 A.8.10")
def store_files_hold_nothing_in_clear(seen: Record, parameters: Parameters) -> Judgement:
    _signed_in(seen)
    return conclude(
        found_by(seen.one(SecretScan, "after the sign-out")), "no secret is in clear in the store's own files"
    )


@check("STORE-03.E4", "ASVS 5.0.0 7.4.1")
def restart_asks_to_sign_in(seen: Record, parameters: Parameters) -> Judgement:
    _signed_in(seen)
    start, page = seen.one(StoreState, "restart"), seen.one(PageView, "restart")
    if start.error or page.about.get("error"):
        raise MissingObservation(f"the client did not start again ({start.error or page.about['error']})")
    complaints = [Complaint("after the restart the user is still signed in", start)] if start.signed_in else []
    if page.signed_in or not page.url.partition("?")[0].endswith("/login"):
        complaints.append(Complaint(f"after the restart the window shows {page.title!r}, not the sign-in", page))
    return conclude(complaints, "after the restart the client asks to sign in")
