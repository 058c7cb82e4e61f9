"""Where a curl script sends its requests: a variable for each origin, always the same for the same part of a target."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import count

from harness.observations import HttpExchange

__all__ = ["API", "ISSUER", "USUAL", "WEB", "bases", "origin", "part"]

ISSUER, API, WEB = "the issuer", "the API", "the web application"
USUAL = {ISSUER: "BASE", API: "BASE_2", WEB: "BASE_3"}
"""The variables of a stage's parts; those of further origins count on from the last."""
ROLES = {"api": API, "web": WEB}  # of requests; any other is one to an issuer


def origin(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{re.split('[/?#]', rest, maxsplit=1)[0]}"


def bases(steps: Sequence[HttpExchange]) -> Mapping[str, str]:
    """The variable of each origin."""
    found: dict[str, str] = {}
    further = (f"BASE_{number}" for number in count(len(USUAL) + 1))
    origins = dict.fromkeys(origin(step.url) for step in steps)
    for url in sorted(origins, key=lambda url: part(url, steps) != ISSUER):
        usual = USUAL.get(part(url, steps), USUAL[ISSUER])
        found[url] = next(further) if usual in found.values() else usual
    return found


def part(url: str, steps: Sequence[HttpExchange]) -> str:
    """What part of a target is asked at this origin, as far as the requests say."""
    roles = {step.about["role"] for step in steps if origin(step.url) == url and "role" in step.about}
    parts = {ROLES.get(role, ISSUER) for role in roles}
    return next((one for one in USUAL if one in parts), "a part of the target")
