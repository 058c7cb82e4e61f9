"""Judgements about logging out: the session ends at the issuer, at the API and on every connection; and revocation."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs

from harness.checks.common import (
    Complaint,
    clients_of,
    conclude,
    is_invalid_grant,
    refused_in_time,
    require_answer,
    short,
    taken_elsewhere,
)
from harness.checks.registry import Parameters, check, own_requirement
from harness.model import Judgement
from harness.observations import HttpExchange, PageView, RealtimeConnection, StoreState
from harness.observe import MissingObservation, Record

WEB, DESKTOP, RESTARTED = "web client", "desktop client", "desktop client, restarted"
BEFORE, WITHOUT_NETWORK = "access before the logout", "revocation without a network"
OWN = ("own token", "own token with a wrong hint", "own token with an unknown hint")
CLIENTS = ("web", "desktop")  # one to log out of is enough


@check("TOKEN-19.E1", "RFC 7009 §2.1, ASVS 5.0.0 7.4.1", CLIENTS)
def replayed_refresh_tokens_are_refused(seen: Record, parameters: Parameters) -> Judgement:
    case, complaints = "refresh after the logout", []
    sessions = _sessions(seen)
    for session in sessions:
        replay = require_answer(seen.one(HttpExchange, case, session=session))
        _require_the_newest(seen, session, replay)
        if not is_invalid_grant(replay):
            what = f"{session}: the refresh token lives on after the logout: {short(replay)}"
            complaints.append(Complaint(what, replay))
    return conclude(complaints, f"{' and '.join(sessions)}: the refresh token was refused as soon as the user was out")


def _sessions(seen: Record) -> list[str]:
    """The clients at which a session was there to be ended: its access token was good."""
    before = [o for o in seen if isinstance(o, HttpExchange) and o.case == BEFORE]
    if not before:
        raise MissingObservation("there was no client with a session to end")
    for exchange in before:
        if require_answer(exchange).status != 200:
            raise MissingObservation(f"{exchange.about['session']}: its access token was not good before the logout")
    return list(dict.fromkeys(exchange.about["session"] for exchange in before))


def _require_the_newest(seen: Record, session: str, replay: HttpExchange) -> None:
    """What is presented must be what the client was given last: any other token is refused without a logout."""
    given = str(require_answer(seen.one(HttpExchange, f"{session}: tokens")).json().get("refresh_token", ""))
    presented = parse_qs(replay.request_body).get("refresh_token", [""])[0]
    if not given or presented != given:
        raise MissingObservation(f"{session}: the refresh token that was presented is not the client's newest")


@check("TOKEN-19.E2", "RFC 7009 §2.1, ASVS 5.0.0 7.4.1", CLIENTS)
def replayed_access_and_connections_end(seen: Record, parameters: Parameters) -> Judgement:
    bound = parameters["revoke_bound"].value
    sessions = _sessions(seen)
    complaints = [complaint for session in sessions for complaint in _access_lives(seen, session, bound)]
    complaints += _cookie_lives(seen)
    if not complaints:  # what was seen to fail fails, also where the target has no connections to look at
        complaints = [complaint for session in sessions for complaint in _connection_lives(seen, session, bound)]
    if WEB in sessions and not complaints and not _cookies_before(seen):
        raise MissingObservation(f"{WEB}: its cookie was not tried before the logout")
    refused = "access token and cookie were refused" if WEB in sessions else "the access token was refused"
    told = f"{refused}, the connection was closed and could not be opened again"
    return conclude(complaints, f"{' and '.join(sessions)}: {told}, within {bound:g} s")


def _access_lives(seen: Record, session: str, bound: float) -> Iterator[Complaint]:
    access = seen.one(HttpExchange, "access after the logout", session=session)
    if not refused_in_time(access, bound):
        yield Complaint(f"{session}: the access token lives on after the logout: {short(access)}", access)
        return
    for taken in taken_elsewhere(seen, "access after the logout", session=session):
        told = f"{session}: the access token lives on at {taken.method} {taken.url}: {short(taken)}"
        yield Complaint(told, taken)


def _connection_lives(seen: Record, session: str, bound: float) -> Iterator[Complaint]:
    before = seen.one(RealtimeConnection, "message before the logout", connection=session)
    if not before.open or not before.messages:
        raise MissingObservation(f"{session}: no message came over the connection before the logout")
    after = seen.one(RealtimeConnection, "connection after the logout", connection=session)
    if after.open:
        after = seen.one(RealtimeConnection, "connection after the bound", connection=session)
    if after.open:
        heard = seen.one(RealtimeConnection, "message after the bound", connection=session).messages - before.messages
        yield Complaint(f"{session}: its connection is open after the bound, and {heard} messages came over it", after)
    elif after.closed_after is None or after.closed_after < 0:
        raise MissingObservation(f"{session}: its connection was closed before the logout")
    elif after.closed_after > bound:
        yield Complaint(f"{session}: its connection was closed {after.closed_after:g} s after the logout", after)
    again = seen.one(RealtimeConnection, "connection opened again", connection=f"{session}, again")
    if again.status in (None, 429):
        raise MissingObservation(f"{session}: no answer to the new connection ({again.error or 'put off, HTTP 429'})")
    if again.open or again.status not in (401, 403):
        yield Complaint(f"{session}: a new connection with its token was answered with HTTP {again.status}", again)


def _cookies_before(seen: Record) -> list[HttpExchange]:
    return [o for o in seen if isinstance(o, HttpExchange) and o.case == "cookie before the logout"]


def _cookie_lives(seen: Record) -> Iterator[Complaint]:
    """The cookie's copies; a session of the web client has one."""
    for before in _cookies_before(seen):
        if require_answer(before).status != 200:
            raise MissingObservation(f"the cookie was not good for {before.about['path']} before the logout")
        after = require_answer(seen.one(HttpExchange, "cookie after the logout", path=before.about["path"]))
        if after.status not in (401, 403):
            yield Complaint(f"{WEB}: the cookie lives on after the logout: {short(after)}", after)


@check("TOKEN-19.E3", "RFC 7009 §2.1, §2.2", "revocation endpoint")
def revocation_follows_the_standard(seen: Record, parameters: Parameters) -> Judgement:
    """Of a client that is given no refresh token, where others are, its access tokens and an unknown token count."""
    bound, clients = parameters["revoke_bound"].value, clients_of(seen, "unknown token")
    own = [o for o in seen if isinstance(o, HttpExchange) and o.case == "own token"]
    revoked = {o.about["client"] for o in own if o.about["token"] == "refresh_token"}
    judged = clients if not revoked or not seen.lacks("refresh token") else sorted(revoked)
    complaints = [
        complaint
        for client in clients
        for complaint in (*_own(seen, client, bound, client in judged), *_unknown(seen, client))
    ]
    complaints += [complaint for client in judged for complaint in (*_foreign(seen, client), *_get(seen, client))]
    told = (
        "own tokens were revoked, whatever the hint; unknown ones were no error; those of others live; no GET revokes"
    )
    return conclude(complaints, f"{', '.join(judged)}: {told}")


def _at_work(exchange: HttpExchange) -> HttpExchange:
    """The answer of a revocation endpoint. By 503, with a Retry-After or without, it says that the token still exists,
    and that the client may ask again later (RFC 7009 §2.2.1)."""
    if require_answer(exchange).status == 503:
        raise MissingObservation(f"{exchange.case}: the revocation is put off (HTTP 503), which decides nothing")
    return exchange


def _own(seen: Record, client: str, bound: float, refreshes: bool) -> Iterator[Complaint]:
    for case in OWN:
        for kind in _revocable(seen, client, refreshes):
            about = {"client": client, "token": kind}
            revoked = _at_work(seen.one(HttpExchange, case, **about))
            if revoked.status != 200:
                yield Complaint(f"{client}: {case} ({kind}): {short(revoked)} instead of 200", revoked)
                continue
            again = require_answer(seen.one(HttpExchange, f"{case}: presented again", **about))
            dead = is_invalid_grant(again) if kind == "refresh_token" else refused_in_time(again, bound)
            if not dead:
                what = f"{client}: {case} ({kind}): answered with 200, and not revoked: {short(again)}"
                yield Complaint(what, revoked, again)


def _revocable(seen: Record, client: str, refreshes: bool) -> list[str]:
    """The types of token that are judged. Access tokens need not be revocable if the issuer says so (RFC 7009 §2)."""
    answers = [o for o in seen.of(HttpExchange, "own token") if o.about.get("client") == client]
    kinds = [o.about["token"] for o in answers if o.json().get("error") != "unsupported_token_type"]
    if not refreshes:
        return list(dict.fromkeys(kinds))
    if "refresh_token" not in kinds and not any(o.about["token"] == "refresh_token" for o in answers):
        raise MissingObservation(f"{client}: no refresh token was revoked", "refresh token")
    return list(dict.fromkeys([*kinds, "refresh_token"]))


def _unknown(seen: Record, client: str) -> Iterator[Complaint]:
    answer = _at_work(seen.one(HttpExchange, "unknown token", client=client))
    if answer.status != 200:
        yield Complaint(f"{client}: an unknown token: {short(answer)} instead of 200 (RFC 7009 §2.2)", answer)


def _foreign(seen: Record, client: str) -> Iterator[Complaint]:
    asked = [_at_work(o) for o in seen.of(HttpExchange, "token of another client", client=client)]
    for case in ("token of another client: presented again", "token of another client: used again"):
        after = require_answer(seen.one(HttpExchange, case, client=client))
        if after.status != 200:
            by = after.about.get("revoker", "another client")
            yield Complaint(f"{client}: a token that {by} revoked: {short(after)}", *asked, after)


def _get(seen: Record, client: str) -> Iterator[Complaint]:
    """A revocation is a POST (RFC 7009 §2.1), and a GET at most what JSONP needs (§2.3): the token in a query, which
    logs and histories keep, works on. How else a GET is answered, by a refusal or a page, is all one."""
    answer = _at_work(seen.one(HttpExchange, "GET", client=client))
    after = require_answer(seen.one(HttpExchange, "GET: presented again", client=client))
    if after.status != 200:
        told = f"{client}: a token was revoked by a GET: {short(after)}"
        yield Complaint(own_requirement(told), answer, after)


@check("TOKEN-19.E4", "RFC 7009 §2.2.1, ASVS 5.0.0 7.4.1", CLIENTS)
def failed_revocations_are_made_up_for(seen: Record, parameters: Parameters) -> Judgement:
    sessions = _sessions(seen)
    complaints = [c for session in sessions for c in (*_not_out(seen, session), *_not_retried(seen, session))]
    return conclude(complaints, f"{', '.join(sessions)}: out at once, and revoked when the network was back")


def _not_out(seen: Record, session: str) -> Iterator[Complaint]:
    """What of the session is left at the client while the issuer cannot be told."""
    if session == WEB:
        page = seen.one(PageView, f"{WEB}: logout")
        if page.signed_in is not False:
            yield Complaint(f"{WEB}: the page still shows a session", page)
        yield from _cookie_lives(seen)
        return
    state = seen.one(StoreState, f"{session}: logout")
    if state.signed_in is None:
        raise MissingObservation(f"{session}: the client does not say whether anybody is signed in ({state.error})")
    if state.signed_in or state.error:
        yield Complaint(f"{session}: still signed in after the logout {state.error}".strip(), state)
    case = f"{session}: use after the logout" if session == DESKTOP else f"{session}: restart"
    later = seen.one(StoreState, case)
    if later.signed_in is not False or (session == DESKTOP and not later.error):
        yield Complaint(f"{session}: the session can be used after the logout", later)


def _not_retried(seen: Record, session: str) -> Iterator[Complaint]:
    given = str(require_answer(seen.one(HttpExchange, f"{session}: tokens")).json().get("refresh_token", ""))
    tries = [o for o in seen if isinstance(o, HttpExchange) and o.case == WITHOUT_NETWORK]
    tried = [o for o in tries if parse_qs(o.request_body).get("token", [""])[0] == given]
    replay = require_answer(seen.one(HttpExchange, "refresh after the retry", session=session))
    _require_the_newest(seen, session, replay)
    if not tried:
        yield Complaint(f"{session}: the client did not try to revoke its refresh token", replay)
    if any(o.status is not None for o in tried):
        raise MissingObservation(f"{session}: the revocation was answered, so nothing had to be tried again")
    lost = session == RESTARTED and seen.one(StoreState, f"{RESTARTED}: restart").mode != "secure"
    if not is_invalid_grant(replay) and not lost:
        what = f"{session}: the revocation was not tried again when the network was back: {short(replay)}"
        yield Complaint(what, *tried[:1], replay)
