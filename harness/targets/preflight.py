"""What is tried of a described target before a run, stage by stage: each thing in one row, with what mends it.

A stage that cannot be reached is not tried any further, and no answer is waited for longer than a few seconds, so that
a dead target is told within seconds.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from harness.errors import TargetError
from harness.machine.session import PrivateSession
from harness.machine.tried import Tried, not_tried, well, wrong
from harness.observations import HttpExchange, Observation
from harness.observe import Recorder
from harness.redact import Redactor
from harness.targets.description import Description, Limits
from harness.targets.description_file import load_description
from harness.targets.discovery import try_keys, try_metadata
from harness.targets.doors import speaks_tls, try_door
from harness.targets.oauth import OAuthTarget
from harness.targets.trial import try_login

__all__ = ["examine_target", "try_described"]

HASTE = Limits(answer=8.0, patience=20.0)  # seconds that a pre-flight waits: for one answer, for all slow ones
Tell = Callable[[Tried], None]


def try_described(file: Path, tell: Tell = lambda tried: None) -> list[Tried]:
    """All that can be tried of the target in a TOML file. Raises Mistakes for a faulty description."""
    description = load_description(file)
    with PrivateSession.start(secret_service=False) as machine:
        return examine_target(description, machine, Redactor(), tell)


def examine_target(
    description: Description, machine: PrivateSession, redactor: Redactor, tell: Tell = lambda tried: None
) -> list[Tried]:
    """All that can be tried of the target; `tell` gets each thing as it comes. No secret is in them."""
    limits = replace(description.limits, answer=min(description.limits.answer, HASTE.answer), patience=HASTE.patience)
    target = OAuthTarget(replace(description, limits=limits), machine, redactor)
    told: list[Tried] = []
    try:
        for tried in _all(target, redactor):
            told.append(replace(tried, detail=redactor.text(tried.detail), mend=redactor.text(tried.mend)))
            tell(told[-1])
    finally:
        target.close()
    return told


def _all(target: OAuthTarget, redactor: Redactor) -> Iterator[Tried]:
    yield _described(target.description)
    with ThreadPoolExecutor(len(target.stages)) as pool:
        doors = list(pool.map(lambda stage: list(_doors(target.description, stage)), target.stages))
    for stage, tried in zip(target.stages, doors, strict=True):
        found = _stage(target, stage, redactor) if _open(tried) else [not_tried("all else", "there is no way in")]
        for each in itertools.chain(tried, found):
            yield replace(each, what=f"{stage}: {each.what}")


def _open(doors: Iterable[Tried]) -> bool:
    return all(door.state == "well" for door in doors)


def _described(description: Description) -> Tried:
    """What loading it has found right already: its keys, variables of the environment, policy parameters in range."""
    counted = {
        "stages": len(description.stages),
        "policy parameters": len(description.parameters),
        "expected failures": len(description.expected_failures),
        "capabilities declared absent": len(description.absent),
    }
    told = ", ".join(f"{name}: {number}" for name, number in counted.items())
    return well("description", f"{told}; the environment variables that it names are set")


def _doors(description: Description, stage: str) -> Iterator[Tried]:
    """The hosts of the stage: the issuer's, and those of its metadata and its API."""
    described = description.stages[stage]
    urls = [urlsplit(url) for url in (described.issuer, described.discovery, described.protected) if url]
    for origin in dict.fromkeys(f"{url.scheme}://{url.netloc}" for url in urls):
        yield from try_door(origin, described.ca_file)


def _stage(target: OAuthTarget, stage: str, redactor: Redactor) -> Iterator[Tried]:
    """Metadata, keys and a login of each client by the first user, and of each further user by the first client."""
    seen: list[Observation] = []
    at = target.issuer(stage, Recorder(f"pre-flight of {stage}", redactor, seen.append))
    for tried in try_metadata(at):
        lost = tried.what == "discovery" and tried.state == "wrong"
        if lost and at.address.issuer.startswith("http:") and speaks_tls(at.address.issuer):
            tried = replace(tried, mend=f"TLS is spoken there: write https{at.address.issuer[4:]}")
        yield tried
        if lost:
            yield not_tried("login", "nothing tells where to log in")
            return
    yield try_keys(at)
    clients, users = list(at.address.clients.values()), list(at.address.users.values())
    for client, user in [*((client, users[0]) for client in clients), *((clients[0], user) for user in users[1:])]:
        try:
            yield from try_login(at, client, user)
        except TargetError as error:
            yield wrong(f"login of {user.name} by {client.client_id}", str(error), "mend that first")
    yield _pace(target.description.limits.rate, seen)


def _pace(rate: float, seen: Iterable[Observation]) -> Tried:
    answered = [each for each in seen if isinstance(each, HttpExchange) and each.status]
    typical = statistics.median([each.seconds for each in answered] or [0.0])
    told = f"at most {rate:g} requests a second; an answer took {typical:.2f} s (median of {len(answered)})"
    if any(each.status == 429 for each in answered):
        mend = f"write rate = {max(rate / 4, 0.5):g} under [limits], or let the suite's address through"
        return wrong("rate", f"{told}; it answered 429, too many requests", mend)
    return well("rate", told)
