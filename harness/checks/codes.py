"""Judgements about authorization codes: redeemed once, and in time."""

from __future__ import annotations

from functools import partial
from itertools import product

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
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import HttpExchange, Race
from harness.observe import MissingObservation, Record

RACE = 20  # redemptions at once
RACE_ROUNDS = {"pr": 10, "full": 50}  # of one client at least, by the depth of the run
LEAST_ROUNDS = 3  # of every client
AT_ONCE, LATE = REPLAYS = ("at once", "after its life")
REVOKED = "access after the replay"
REPLAYED = (
    "first redemption",
    "first use of the access token",
    "second redemption",
    "refresh after the replay",
    REVOKED,
)


@check("TOKEN-08.E1", "RFC 6749 §4.1.2")
def one_redemption_succeeds(seen: Record, parameters: Parameters) -> Judgement:
    clients = sorted({client for race in seen.of(Race, "race") for client in race.about["clients"].split()})
    races = [seen.one(Race, "race", client=client) for client in clients]
    for race in races:
        _require_rounds(race, max(int(race.about["demanded"]), LEAST_ROUNDS))
    wrong = [
        Complaint(f"{race.about['client']}, round {n}: {statuses.count(200)} successes", race)
        for race in races
        for n, statuses in enumerate(race.rounds, 1)
        if statuses.count(200) > 1 or (200 not in statuses and 429 not in statuses)
    ]
    if not wrong and (crowded := [race for race in races if any({429, 503} & {*statuses} for statuses in race.rounds)]):
        told = "a redemption was put off (HTTP 429 or 503), so not all of them raced"
        raise MissingObservation(f"{crowded[0].about['client']}: {told}")
    if not wrong:  # one fork is a fork, in however few rounds
        longest = max(races, key=lambda race: len(race.rounds))
        _require_rounds(longest, RACE_ROUNDS.get(longest.about["depth"], max(RACE_ROUNDS.values())))
    told = ", ".join(f"{race.about['client']}: {len(race.rounds)} rounds" for race in races)
    return conclude(wrong, f"{told}, {RACE} redemptions at once in each: one success in every round")


def _require_rounds(race: Race, least: int) -> None:
    """Raises MissingObservation unless so many rounds were played to their end."""
    told = f"{race.about['client']}: only {len(race.rounds)} rounds of {race.parallel}, not {least} of {RACE}"
    if race.parallel < RACE or len(race.rounds) < least:
        raise MissingObservation(told)
    if any(0 in statuses or len(statuses) != race.parallel for statuses in race.rounds):
        raise MissingObservation(f"{race.about['client']}: in some rounds a redemption got no answer")
    if not any(200 in statuses for statuses in race.rounds):  # what never works tells nothing of how often it works
        said = ", ".join(f"HTTP {status}" for status in sorted({*race.rounds[0]}))
        raise MissingObservation(f"{race.about['client']}: in no round was the valid code redeemed ({said})")


@check("TOKEN-08.E2", "RFC 6749 §4.1.2, ASVS 10.4.2, RFC 9700 §4.13")
def replay_takes_the_tokens_back(seen: Record, parameters: Parameters) -> Judgement:
    """A code that has expired may be forgotten, and what it gave with it: its replay is judged where the target
    promises to remember it."""
    bound, life, memory = (parameters[name].value for name in ("revoke_bound", "code_lifetime", "code_memory"))
    remembered = max(life, memory)
    complaints: list[str] = []
    missing: list[MissingObservation] = []
    for client, when in product(clients_of(seen, *REPLAYED), REPLAYS if memory > life else (AT_ONCE,)):
        for judge in (
            _accepted_again,
            partial(_living_refresh, remembered),
            partial(_living_access, remembered, bound),
        ):
            try:
                found = judge(seen, client=client, replay=when)
                complaints += [Complaint(f"{client}, {when}: {text}", e) for text, e in found]
            except MissingObservation as absent:
                missing.append(absent)
    if missing and not complaints:
        raise missing[0]
    late = "" if memory > life else "; that it remembers codes after their life, the target does not promise"
    return conclude(
        complaints, f"each replay was refused, and took the tokens of the first along within {bound:g} s{late}"
    )


Wrong = tuple[str, HttpExchange]


def _accepted_again(seen: Record, **about: str) -> list[Wrong]:
    if require_answer(seen.one(HttpExchange, "first redemption", **about)).status != 200:
        raise MissingObservation("the first redemption did not succeed")
    second = seen.one(HttpExchange, "second redemption", **about)
    return [] if is_invalid_grant(second) else [(f"the second redemption: {short(second)}", second)]


def _living_refresh(remembered: float, seen: Record, **about: str) -> list[Wrong]:
    refresh = seen.one(HttpExchange, "refresh after the replay", **about)
    if is_invalid_grant(refresh):
        return []
    _require_remembered(seen, remembered, **about)
    return [(f"the refresh token of the first redemption lives on: {short(refresh)}", refresh)]


def _living_access(remembered: float, bound: float, seen: Record, **about: str) -> list[Wrong]:
    used, access = (seen.one(HttpExchange, c, **about) for c in ("first use of the access token", REVOKED))
    if require_answer(used).status != 200:
        raise MissingObservation("the first use of the access token did not succeed")
    told = "the access token of the first redemption lives on"
    if refused_in_time(access, bound):
        found = [(f"{told} at {e.method} {e.url}: {short(e)}", e) for e in taken_elsewhere(seen, REVOKED, **about)]
    else:
        found = [(f"{told}: {short(access)}", access)]
    if found:
        _require_remembered(seen, remembered, **about)
    return found


def _require_remembered(seen: Record, remembered: float, **about: str) -> None:
    """Raises MissingObservation where the code came again so late that the target may have forgotten it."""
    age = float(seen.one(HttpExchange, "second redemption", **about).about["age"])
    if age >= remembered:
        raise MissingObservation(
            f"{about['client']}, {about['replay']}: the code was {age:g} s old when it came again, and is remembered "
            f"for {remembered:g} s"
        )


@check("TOKEN-08.E3", "RFC 6749 §4.1.2, ASVS 10.4.3", "clock")
def codes_are_short_lived(seen: Record, parameters: Parameters) -> Judgement:
    edge, life = ("one second before", "two seconds after"), parameters["code_lifetime"].value
    complaints: list[str] = []
    early: list[str] = []
    for client in clients_of(seen, *edge):
        before, after = (require_answer(seen.one(HttpExchange, case, client=client)) for case in edge)
        _require_ages(before, after, life)
        if before.status != 200 and before.about["stated_by"] == "target":
            complaints.append(Complaint(f"{client}: a code within its life: {short(before)}", before))
        elif before.status != 200:
            early.append(f"{client}: {short(before)} to a code {float(before.about['age']):g} s old")
        if not is_invalid_grant(after):
            complaints.append(Complaint(f"{client}: a code after its life: {short(after)}", after))
    if early and not complaints:  # to live shorter is no defect where nobody promised more
        raise MissingObservation(f"{early[0]}: codes may live shorter; say code_lifetime where the target is described")
    return conclude(complaints, f"a code lives {life:g} s and no longer")


def _require_ages(before: HttpExchange, after: HttpExchange, life: float) -> None:
    """Raises MissingObservation unless one code was surely younger, and the other surely older, than its life."""
    young, old = (float(exchange.about["age"]) for exchange in (before, after))
    if not young + before.seconds < life < old:
        raise MissingObservation(f"codes were redeemed {young:g} s and {old:g} s old; {life:g} s lie not between")
