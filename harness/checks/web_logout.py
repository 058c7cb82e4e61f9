"""Judgements about what a logout leaves in the browser, and in its tabs."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from harness.checks.common import Complaint, conclude, require_answer, short
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import CookieJar, HttpExchange, SecretScan
from harness.observations.web_logout import RevocationState, TabRequests, TabView, UserNotes
from harness.observe import MissingObservation, Record

AT_ONCE = 5.0  # seconds
BEFORE, AFTER, OUT = "before the logout", "after the logout", "signed out"
BACK, KEPT, ONLINE, NEXT = "back and forward", "a page that may be kept", "with its network again", "another user"
OTHERS = ("notes", "window", "offline", "sleeping")
SLEEPING, UNSENT = "sleeping", "unsent"
AWAY = {"web client": "logout", "revocation endpoint": "revocation endpoint"}  # and the login that came before
NOTE = "user_note"


@check("WEB-10.E1", "ASVS 5.0.0 7.4.1", "web")
def the_copied_cookie_is_worth_nothing(seen: Record, parameters: Parameters) -> Judgement:
    _signed_in_by(seen, "logout")
    seen.one(TabView, OUT, tab="")
    return conclude(_accepted(seen, "logout: cookie after"), "the copied cookie is refused")


@check("WEB-10.E2", "ASVS 5.0.0 14.3.1, OWASP Session CS: Clear-Site-Data", "web")
def nothing_is_left_in_the_browser(seen: Record, parameters: Parameters) -> Judgement:
    seen.one(TabView, OUT, tab="")
    complaints = list(_left(seen, "logout", "logout: after"))
    jar = seen.one(CookieJar, "logout: after")
    host = urlsplit(jar.url).hostname or ""
    own = [cookie for cookie in jar.cookies if f".{host}".endswith(f".{cookie.domain.lstrip('.')}")]
    complaints += [Complaint(f"the cookie {cookie.name} is left", jar) for cookie in own]
    return conclude(complaints, "no cookie, storage, database or cache holds anything of the user")


@check("WEB-10.E3", "ASVS 5.0.0 14.3.1, OWASP Session CS: Web Content Caching", "web")
def going_back_shows_nothing(seen: Record, parameters: Parameters) -> Judgement:
    """A browser that keeps no page that may be kept would show nothing of what must not be."""
    if not seen.one(TabView, KEPT).restored:
        raise MissingObservation("this browser keeps no page that was left")
    seen.one(TabView, OUT, tab="")
    before = seen.of(TabView, BEFORE, tab="")
    if not {"/", "/settings"} <= {view.path for view in before if view.shows}:
        raise MissingObservation("there was no page of the user's to go back to")
    looks = seen.of(TabView, BACK)
    complaints = [
        Complaint(f"{view.path} shows the user's {' and '.join(view.shows)}{_whence(view)}", view)
        for view in looks
        if view.shows
    ]
    if not complaints and not any(view.signed_out for view in looks):  # the settings are there for everybody
        raise MissingObservation("no page that came was the client's: a server that is down shows nothing either")
    return conclude(complaints, "nothing of the user is shown again")


@check("WEB-10.E4", "ASVS 5.0.0 7.4.1, NIST SP 800-63B-4 §5.1", "web")
def other_tabs_are_signed_out(seen: Record, parameters: Parameters) -> Judgement:
    requests, out = seen.one(TabRequests, NEXT), seen.one(TabView, OUT, tab="")
    complaints: list[Complaint] = []
    for tab in OTHERS:
        if not all(view.shows for view in seen.of(TabView, BEFORE, tab=tab)):
            raise MissingObservation(f"the tab {tab!r} showed nothing of the user before")
        view = seen.one(TabView, AFTER, tab=tab)
        late = view.seconds if tab == SLEEPING else view.at
        told = f"the tab {tab!r}"
        if not view.signed_out or view.shows:
            complaints.append(Complaint(f"{told} is not signed out after {late:g} s", view))
        elif late > AT_ONCE:
            complaints.append(Complaint(f"{told} was signed out after {late:g} s only", view))
        complaints += _sent(tab, requests, max(view.at, out.at))
    online = seen.one(TabView, ONLINE, tab="offline")
    if not online.signed_out or online.shows:
        complaints.append(Complaint("the tab 'offline' shows the user's page when it has its network again", online))
    theirs = seen.one(UserNotes, NEXT, user="second")
    if not theirs.texts:
        raise MissingObservation("the next user has stored no note")
    complaints += [
        Complaint("an edit of the user was sent under the next one", theirs) for t in theirs.texts if UNSENT in t
    ]
    return conclude(complaints, "every other tab was signed out in time, and sent nothing of the user any more")


@check("WEB-10.E5", "ASVS 5.0.0 7.4.1, ASVS 5.0.0 14.3.1", "web")
def who_could_not_be_told_is_told_later(seen: Record, parameters: Parameters) -> Judgement:
    complaints: list[Complaint] = []
    for who, login in AWAY.items():
        _signed_in_by(seen, login)
        view, told = seen.one(TabView, f"{who}: signed out"), seen.one(RevocationState, f"{who}: told later")
        if not view.signed_out or view.shows:
            complaints.append(Complaint(f"while the {who} is away, the user's page stays", view))
        complaints += _left(seen, login, f"{who}: after")
        if not told.confirmed:
            complaints.append(Complaint(f"the {who} is back for {told.at:.0f} s, and nothing was revoked", told))
        complaints += _accepted(seen, f"{who}: cookie at last")
        end = seen.one(TabView, f"{who}: at last")
        if not end.signed_out:
            complaints.append(Complaint(f"when the {who} is back, the user's page is there again", end))
    return conclude(complaints, "the logout was complete here at once, and the session was revoked later")


def _signed_in_by(seen: Record, login: str) -> None:
    if (answer := require_answer(seen.one(HttpExchange, f"{login}: cookie before"))).status != 200:
        raise MissingObservation(f"the copied cookie was worth nothing before the logout ({short(answer)})")


def _whence(view: TabView) -> str:
    return ", out of the cache of pages" if view.restored else ""


def _accepted(seen: Record, case: str) -> Iterator[Complaint]:
    """A page refuses by leading to its login."""
    answer = require_answer(seen.one(HttpExchange, case))
    if answer.status not in (401, 302, 303):
        yield Complaint(f"the copied cookie is still taken: {short(answer)}", answer)


def _left(seen: Record, login: str, case: str) -> Iterator[Complaint]:
    """What a search found, which found the user's note before, and whatever it had planted itself."""
    before, after = seen.one(SecretScan, f"{login}: before"), seen.one(SecretScan, case)
    if not any(hit.mark.startswith(f"{{{{{NOTE}:") for hit in before.hits):
        raise MissingObservation("the user's note was in no storage before the logout")
    if not (before.planted_found and after.planted_found):
        raise MissingObservation(f"{case}: the search did not find what it had planted")
    for place, kind in sorted({(hit.place, hit.mark.strip("{").partition(":")[0]) for hit in after.hits}):
        yield Complaint(f"{place} still holds the user's {kind.removeprefix('user_')}", after)


def _sent(tab: str, requests: TabRequests, since: float) -> Iterator[Complaint]:
    for one in requests.requests:
        if one.tab == tab and one.at > since and one.credentials:
            told = f"the tab {tab!r} sent {one.method} {one.path} with a {' and a '.join(one.credentials)}"
            yield Complaint(f"{told} {one.at:g} s after the logout", requests)
