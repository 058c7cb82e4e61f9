"""Judgements about secrets outside the store: in files, dumps, the window, and what processes show."""

from __future__ import annotations

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.checks.scans import TOKENS, found_by
from harness.model import Judgement
from harness.observations import BrowserHandover, CrashRecord, ProcessWatch, SecretScan, StoreState
from harness.observe import MissingObservation, Record

ALL = (*TOKENS, "code", "code_verifier")
BEFORE_THE_CRASH = ("after the refreshes", "after the failed sign-in", "after the update")
REFRESHES = ("refresh 1", "refresh 2", "refresh 3")
# What a request to the authorization endpoint may hold (RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2, RFC 9126 §4,
# RFC 9449 §10, OpenID Connect Core §3.1.2.1): public values, and such as are of use to nobody but their client.
PUBLIC = frozenset(
    {
        *("client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce"),
        *("code_challenge", "code_challenge_method", "resource", "audience", "request_uri", "dpop_jkt"),
        *("display", "prompt", "max_age", "ui_locales", "acr_values", "login_hint"),
    }
)


@check("STORE-04.E1", "NIST SP 800-63B-4 §5.1, RFC 6749 §10.4")
def no_secret_in_any_file(seen: Record, parameters: Parameters) -> Judgement:
    _require_use(seen)
    scans = [seen.one(SecretScan, case) for case in BEFORE_THE_CRASH]
    complaints = [found for scan in scans for found in found_by(scan, ALL)]
    return conclude(complaints, f"{len(scans)} searches found no secret outside the store's own files")


def _require_use(seen: Record) -> None:
    """There must have been something to leave behind."""
    for case in ("sign-in", *REFRESHES):
        state = seen.one(StoreState, case)
        if state.error or not state.signed_in:
            raise MissingObservation(f"{case}: nobody was signed in ({state.error or state.mode})")
    if seen.one(StoreState, "failed sign-in").error:
        raise MissingObservation(f"no sign-in failed ({seen.one(StoreState, 'failed sign-in').error})")


@check("STORE-04.E2", "OWASP Session CS: localStorage API, ASVS 5.0.0 14.3.3", "desktop")
def window_keeps_no_token(seen: Record, parameters: Parameters) -> Judgement:
    if not seen.one(StoreState, "API call").signed_in:
        raise MissingObservation("nobody was signed in when the window was looked at")
    scans = [seen.one(SecretScan, case) for case in ("window", "window: cookies")]
    return conclude([found for scan in scans for found in found_by(scan)], "the window's storages hold no token")


@check("STORE-04.E3", "CWE-528, SOC 2 CC6.7")
def crash_leaves_no_secret(seen: Record, parameters: Parameters) -> Judgement:
    crash, scan = seen.one(CrashRecord, "crash"), seen.one(SecretScan, "after the crash")
    if crash.ended_by != crash.signal:
        raise MissingObservation(f"the client did not crash, but ended by {crash.ended_by or 'nothing'}")
    if complaints := found_by(scan, ALL):
        return conclude([Complaint(str(told), crash, scan) for told in complaints], "")
    if crash.dumps:
        return conclude([], f"the dump holds no secret: {', '.join(crash.dumps)}")
    if not crash.limits or any(crash.limits):
        raise MissingObservation("dumps are not switched off, and where the system put this one is not known")
    return conclude([], f"dumps are switched off for all {len(crash.limits)} processes, and none was left")


@check("STORE-06.E1", "CWE-214, ASVS 5.0.0 14.2.4")
def no_secret_in_arguments(seen: Record, parameters: Parameters) -> Judgement:
    watched = _watched(seen)
    found = found_by(seen.one(SecretScan, "use: arguments"), ALL)
    return conclude(found, f"{watched.looks} looks at {len(watched.processes)} processes: no secret in arguments")


@check("STORE-06.E2", "CWE-214, ASVS 5.0.0 14.2.4")
def no_secret_in_environment(seen: Record, parameters: Parameters) -> Judgement:
    watched = _watched(seen)
    found = found_by(seen.one(SecretScan, "use: environment"), ALL)
    return conclude(found, f"{watched.looks} looks at {len(watched.processes)} processes: no secret in environments")


def _watched(seen: Record) -> ProcessWatch:
    """What was watched, if the client was used and a helper of it was seen."""
    for case in ("sign-in", "refresh"):
        state = seen.one(StoreState, case)
        if state.error or not state.signed_in:
            raise MissingObservation(f"{case}: nobody was signed in ({state.error or state.mode})")
    watched = seen.one(ProcessWatch, "use")
    if len(watched.processes) < 2:
        raise MissingObservation("no process but the client's first was seen, and its store has one of its own")
    return watched


@check("STORE-06.E3", "RFC 6749 §4.1.1, RFC 7636 §4.3")
def browser_is_handed_public_values(seen: Record, parameters: Parameters) -> Judgement:
    handed = seen.one(BrowserHandover, "sign-in")
    if not handed.parameters:
        raise MissingObservation(f"the browser was handed no request: {handed.url}")
    complaints = [f"a secret in the URL: {mark}" for mark in handed.secrets]
    complaints += [f"the URL holds {name}" for name in handed.parameters if name not in PUBLIC]
    return conclude([Complaint(told, handed) for told in complaints], "the URL holds public values only")
