"""Judgements about how long access tokens and sessions live."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from harness.checks.common import (
    UNTOLD,
    Complaint,
    conclude,
    delivers_code,
    end_told,
    ends,
    is_invalid_grant,
    is_number,
    require_answer,
    short,
)
from harness.checks.registry import Parameters, check, unknown
from harness.model import Judgement
from harness.observations import HttpExchange, LifetimeTable, Observation, TokenFacts
from harness.observe import MissingObservation, Record

MOMENTS = ("token at login", "token at refresh")
LIMITS = ("access_token", "refresh_idle", "refresh_absolute")
DAY, HOUR = 86_400.0, 3600.0
# Above these a justification is due: NIST SP 800-63B-4 §2.1.3 and §2.2.3. A level that is not stated is judged as AAL2.
THRESHOLDS = {"AAL1": {"refresh_absolute": 30 * DAY}, "AAL2": {"refresh_absolute": DAY, "refresh_idle": HOUR}}
SECOND = 1.0
ROUNDING = 2.0  # seconds: a Date header names whole ones, and the answer took its time
SET_BACK = 60.0  # seconds by which an iat may be set back for slow clocks
LONGEST = 60  # characters that are told of a wrong value


def spell(seconds: float) -> str:
    """A duration as people say it: `30 d`, `1.5 h`, `90 s`."""
    unit, size = next(((u, s) for u, s in (("d", DAY), ("h", HOUR)) if seconds >= s), ("s", 1.0))
    return f"{round(seconds / size, 2):g} {unit}"


@check("TOKEN-13.E1", "RFC 6750 §5.3, RFC 6749 §5.1")
def access_tokens_are_short_lived(seen: Record, parameters: Parameters) -> Judgement:
    most = parameters["access_token_lifetime"].value
    answers = _token_answers(seen)
    complaints = [complaint for answer in answers for complaint in _lifetime(answer, seen, most)]
    silent = [each for each in answers if each.json().get("expires_in") is None and _measured(each, seen) is None]
    if silent and not complaints:
        return unknown(f"{silent[0].about['client']}, {silent[0].case}: {UNTOLD}")
    told = {_compared(answer, seen) for answer in answers}
    return conclude(complaints, f"{len(answers)} access tokens live at most {spell(most)}: {'; '.join(sorted(told))}")


def _token_answers(seen: Record) -> list[HttpExchange]:
    """The token endpoint's answers, at each moment and to each client. Raises MissingObservation where one lacks."""
    logins = seen.of(HttpExchange, MOMENTS[0], role="token")
    refreshing = {e.about["client"] for e in logins if e.json().get("refresh_token")}
    refreshes = [seen.one(HttpExchange, MOMENTS[1], client=client) for client in sorted(refreshing)]
    answers = [require_answer(answer) for answer in (*logins, *refreshes)]
    if silent := [answer for answer in answers if answer.status != 200]:
        raise MissingObservation(f"{silent[0].about['client']}, {silent[0].case}: {short(silent[0])}, no token to read")
    return answers


def _lifetime(answer: HttpExchange, seen: Record, most: float) -> Iterator[Complaint]:
    expires_in, told = answer.json().get("expires_in"), f"{answer.about['client']}, {answer.case}"
    life = _measured(answer, seen)
    if expires_in is None:
        if life and life.seconds - life.rounding > most:
            what = f"no expires_in, and the token lives {spell(life.seconds)} by {life.by}, over {spell(most)}"
            yield Complaint(f"{told}: {what}", answer, life.shown_by)
    elif not is_number(expires_in):
        yield Complaint(f"{told}: expires_in is {repr(expires_in)[:LONGEST]}, not a number of seconds", answer)
    else:
        if expires_in > most:
            yield Complaint(f"{told}: expires_in is {expires_in} ({spell(expires_in)}), over {spell(most)}", answer)
        if life and not life.is_told_by(expires_in):
            what = f"expires_in is {expires_in}, but the token itself lives {life.seconds:.0f} s"
            yield Complaint(f"{told}: {what}", answer, life.shown_by)
        elif life and life.seconds - SET_BACK > most:  # what is left of it may be short
            what = f"the token itself lives {spell(life.seconds)} by {life.by}, over {spell(most)}"
            yield Complaint(f"{told}: {what}", answer, life.shown_by)


@dataclass(frozen=True)
class Life:
    """How long a token lives by what it, or its introspection, says: `by` these claims, `rounding` seconds off at most.
    `left`: from the answer's Date on, where it has one; of a token that was given before, less than the whole."""

    seconds: float
    by: str
    rounding: float
    shown_by: Observation
    left: float | None = None

    def is_told_by(self, expires_in: float) -> bool:
        """RFC 6749 §5.1 counts from the answer, which is when most tokens are made."""
        of_the_rest = self.left is not None and abs(self.left - expires_in) <= ROUNDING
        return of_the_rest or abs(self.seconds - expires_in) <= max(SECOND, self.rounding)


def _measured(answer: HttpExchange, seen: Record) -> Life | None:
    """None where nothing but expires_in tells. Without an `iat`, which RFC 7519 §4.1.6 allows, it counts from the
    answer's Date, by the target's clock."""
    token = _facts_of(answer, seen)
    found = end_told(answer, seen)
    if found is None:
        if token.form == "jwt" and answer.json().get("expires_in") is not None:
            raise MissingObservation(
                f"{answer.about['client']}, {answer.case}: a JWT without exp: nothing tells its end"
            )
        return None
    claims, shown_by = found
    start, end, date = claims.get("iat"), claims["exp"], _date_of(answer)
    assert is_number(end)
    left = None if date is None else end - date
    if is_number(start):
        return Life(end - start, "exp - iat", 0.0, shown_by, left)
    return None if left is None else Life(left, "exp - Date of the answer (no iat)", ROUNDING, shown_by)


def _date_of(answer: HttpExchange) -> float | None:
    """When it was given, by its Date and the target's clock; None where it has none that can be read."""
    try:
        return parsedate_to_datetime(answer.header("date") or "").timestamp() + float(answer.about["ahead"])
    except (ValueError, OverflowError):
        return None


def _facts_of(answer: HttpExchange, seen: Record) -> TokenFacts:
    token = str(answer.json().get("access_token", ""))
    found = [one for one in seen if isinstance(one, TokenFacts) and one.token == token]
    if not found:
        raise MissingObservation(f"{answer.about['client']}, {answer.case}: the access token was not read")
    return found[-1]


def _compared(answer: HttpExchange, seen: Record) -> str:
    life, is_told = _measured(answer, seen), answer.json().get("expires_in") is not None
    if life:
        return (
            f"expires_in tells {life.by}, or what is left of it"
            if is_told
            else f"by {life.by}, for there is no expires_in"
        )
    opaque = _facts_of(answer, seen).form != "jwt"
    return "opaque, so no more than expires_in can be seen" if opaque else "neither iat nor Date to compare"


@check("TOKEN-13.E2", "RFC 9700 §4.14.2, ASVS 7.3.1", "clock")
def idle_sessions_end(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    idle = ends(_of_sessions(seen, "after the inactivity limit"), "client")
    for refresh in idle:
        client = refresh.about["client"]
        used = require_answer(seen.one(HttpExchange, "in use at the same age", client=client))
        if used.status != 200:
            raise MissingObservation(f"{client}: a session in use was refused at that age too: {short(used)}")
        _require_times(refresh, used)
        if not is_invalid_grant(refresh):
            complaints.append(Complaint(f"{client}, after the inactivity limit: {short(refresh)}", refresh))
    return conclude(complaints, f"{len(idle)} idle sessions were refused, and those in use at that age were not")


def _require_times(idle: HttpExchange, used: HttpExchange) -> None:
    """Raises MissingObservation unless the one had been idle for longer than the limit, and the other, which is no
    younger, for less: by their own token answers, not by when the logins of all began."""
    limit, rested, paused = (float(each) for each in (idle.about["limit"], idle.about["idle"], used.about["idle"]))
    if not paused + used.seconds < limit < rested:
        told = f"idle for {rested:g} s, and the one in use for {paused:g} s; {limit:g} s lie not between"
        raise MissingObservation(f"{idle.about['client']}: {told}")
    if float(used.about["age"]) < float(idle.about["age"]):
        raise MissingObservation(f"{idle.about['client']}: the session in use was the younger one")


def _of_sessions(seen: Record, case: str) -> tuple[HttpExchange, ...]:
    """What clients sent that are given refresh tokens, which is the issuer's choice (RFC 6749 §1.5). Raises
    MissingObservation where there is none."""
    if seen.lacks("refresh token") and all(observation.case != case for observation in seen):
        raise MissingObservation("no client was given a refresh token", "refresh token")
    return seen.of(HttpExchange, case)


@check("TOKEN-13.E3", "NIST SP 800-63B-4 §2.1.3, ASVS 7.3.2, OAuth-BBA: Refresh Tokens", "clock")
def rotation_does_not_extend_a_session(seen: Record, parameters: Parameters) -> Judgement:
    clients = sorted({e.about["client"] for e in _of_sessions(seen, "refresh at an interval")})
    complaints = [complaint for client in clients for complaint in _end_of(seen, client)]
    return conclude(complaints, f"{', '.join(clients)}: refused at the absolute limit, until a new login")


def _end_of(seen: Record, client: str) -> Iterator[Complaint]:
    refreshes = [require_answer(e) for e in seen.of(HttpExchange, "refresh at an interval", client=client)]
    last, limit, interval = refreshes[-1], *(float(refreshes[0].about[name]) for name in ("absolute", "interval"))
    age = float(last.about["age"])
    told = f"{client}: after {spell(age)}"
    if last.status == 200:
        if age < limit + interval:
            raise MissingObservation(
                f"{client}: refreshed for {spell(age)} only, not past {spell(limit)} and an interval"
            )
        whose = (
            "its documented limit"
            if last.about["stated_by"] == "documentation"
            else "no limit is documented, the policy's"
        )
        yield Complaint(f"{told} the session is still refreshed; {whose} is {spell(limit)}", last)
        return
    if not is_invalid_grant(last):
        yield Complaint(f"{told} of use: {short(last)} instead of invalid_grant", last)
    if age < limit - interval and last.about["stated_by"] == "documentation":
        yield Complaint(f"{told} of use the session ended, before its documented {spell(limit)}", last)
    yield from _login_is_needed(seen, client)


def _login_is_needed(seen: Record, client: str) -> Iterator[Complaint]:
    silent = ends(seen.of(HttpExchange, "a code without the user", client=client), "client")[-1]
    if delivers_code(silent):
        yield Complaint(f"{client}: after the end a code was issued without a login", silent)
    anew = require_answer(seen.one(HttpExchange, "session of a new login", client=client))
    if anew.status != 200:
        yield Complaint(f"{client}: the session of a new login is refused: {short(anew)}", anew)


@check("TOKEN-13.E4", "ASVS 7.1.1, NIST SP 800-63B-4 §2.1.3, §2.2.3", "documentation")
def limits_are_documented(seen: Record, parameters: Parameters) -> Judgement:
    table = seen.one(LifetimeTable, "documented lifetimes")
    logins = seen.of(HttpExchange, MOMENTS[0], role="token")
    issued = LIMITS if any(login.json().get("refresh_token") for login in logins) else LIMITS[:1]
    complaints = [
        Complaint(f"{table.source}: no limit for {name}", table) for name in issued if name not in table.limits
    ]
    thresholds = THRESHOLDS.get(table.assurance, THRESHOLDS["AAL2"])
    for name, most in thresholds.items():
        limit = table.limits.get(name)
        if limit is not None and limit.seconds > most and not limit.justification.strip():
            what = f"{spell(limit.seconds)} for {name}, over {spell(most)}, without a justification"
            complaints.append(Complaint(f"{table.source}: {what}", table))
    complaints += _longer_than_documented(seen, table)
    told = ", ".join(f"{name} {spell(table.limits[name].seconds)}" for name in LIMITS if name in table.limits)
    return conclude(complaints, f"documented in {table.source} ({table.assurance or 'no level stated'}): {told}")


def _longer_than_documented(seen: Record, table: LifetimeTable) -> Iterator[Complaint]:
    """What is documented must be true of the tokens that were seen."""
    documented = table.limits.get("access_token")
    for answer in seen.of(HttpExchange, *MOMENTS[:1], role="token"):
        lives = answer.json().get("expires_in")
        if lives is None and (life := _measured(answer, seen)):
            lives = life.seconds - life.rounding
        if documented and is_number(lives) and lives > documented.seconds + SECOND:
            told = f"an access token lives {spell(lives)}; {table.source} says {spell(documented.seconds)}"
            yield Complaint(f"{answer.about['client']}: {told}", answer, table)
