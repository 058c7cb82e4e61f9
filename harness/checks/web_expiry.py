"""Judgements about when what a browser keeps of a session ends."""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations.web_expiry import DataExpiry, KeptData
from harness.observations.web_logout import TabView, UserNotes
from harness.observe import MissingObservation, Record

LOGIN, AGAIN = "login", "login again"
ENDS, STARTED, RESTED = "the ends", "started again", "when it has come to rest"
WITHOUT, OFFLINE, ONLINE = "started without a network", "without a network", "with a network again"
SERVER = "at the server"
SET_BACK, ALTERED = "set back", "altered"
AT_ONCE = 2.0  # seconds
ROUNDED = 5.0  # seconds by which two clocks may have been read apart
UNSENT = "unsent"


@check("WEB-03.E1", "ASVS 5.0.0 14.2.7, GDPR Art. 5(1)(e)", "web")
def every_database_ends_with_the_session(seen: Record, parameters: Parameters) -> Judgement:
    ends = seen.one(DataExpiry, ENDS)
    if not ends.databases:
        raise MissingObservation("the browser keeps no database of a user who has written")
    complaints = []
    for one in ends.databases:
        if one.expires_at is None:
            complaints.append(Complaint(f"{one.database} has no end", ends))
        elif one.expires_at > ends.session_ends_at + ROUNDED:
            later = one.expires_at - ends.session_ends_at
            complaints.append(Complaint(f"{one.database} ends {later:.0f} s after the session", ends))
    return conclude(complaints, f"{len(ends.databases)} databases end with the session")


@check("WEB-03.E2", "ASVS 5.0.0 14.2.7, ISO 27001:2022 A.8.10", "web")
def nothing_is_kept_at_the_next_start(seen: Record, parameters: Parameters) -> Judgement:
    _require_data(seen, LOGIN)
    complaints = [*_shown(seen, WITHOUT), *_gone(seen, STARTED), *_gone(seen, RESTED)]
    return conclude([*complaints, *_kept(seen, STARTED)], "nothing of the user was shown, and nothing kept")


@check("WEB-03.E3", "ASVS 5.0.0 14.2.7, ISO 27001:2022 A.8.10", "web")
def an_open_page_ends_without_a_network(seen: Record, parameters: Parameters) -> Judgement:
    _require_data(seen, LOGIN)
    complaints = [*_gone(seen, OFFLINE), *_kept(seen, OFFLINE), *_gone(seen, ONLINE)]
    stored = seen.one(UserNotes, SERVER)
    if not stored.texts:
        raise MissingObservation("the user's saved note is not at the server")
    complaints += [Complaint("an edit was sent after the end", stored) for text in stored.texts if UNSENT in text]
    return conclude(complaints, "the page showed, kept and sent nothing after the end")


@check("WEB-03.E4", "ASVS 5.0.0 14.2.7, GDPR Art. 5(1)(e)", "web")
def the_servers_limit_counts(seen: Record, parameters: Parameters) -> Judgement:
    complaints: list[Complaint] = []
    for case, login in ((SET_BACK, LOGIN), (ALTERED, AGAIN)):
        _require_data(seen, login)
        complaints += [*_gone(seen, case), *_kept(seen, case)]
    return conclude(complaints, "when the server refused, nothing was shown any more, and nothing kept")


def _require_data(seen: Record, login: str) -> None:
    case = f"{login}: before the end"
    if not (seen.one(TabView, case).shows and seen.one(KeptData, case).databases):
        raise MissingObservation(f"{login}: the browser showed or kept nothing of the user before the end")


def _shown(seen: Record, case: str) -> Iterator[Complaint]:
    view = seen.one(TabView, case)
    if view.shows:
        yield Complaint(f"{case}: {view.path} shows the user's {' and '.join(view.shows)}", view)


def _gone(seen: Record, case: str) -> Iterator[Complaint]:
    """What is still shown. Raises MissingObservation for a page that shows neither the user's nor where to sign in: a
    server that is down shows nothing either."""
    view = seen.one(TabView, case)
    if not (view.shows or view.signed_out):
        raise MissingObservation(f"{case}: {view.path} is no page of the client's that one is signed out of")
    yield from _shown(seen, case)


def _kept(seen: Record, case: str) -> Iterator[Complaint]:
    kept = seen.one(KeptData, case)
    if kept.databases:
        yield Complaint(f"{case}: {', '.join(kept.databases)} is kept after {kept.seconds:g} s", kept)
    elif kept.seconds > AT_ONCE:
        yield Complaint(f"{case}: databases were kept for {kept.seconds:g} s", kept)
