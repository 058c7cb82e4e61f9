"""Observations as probes leave them, for the tests of checks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from harness.checks import registry
from harness.model import Judgement, Parameter, Verdict
from harness.observations import HttpExchange, Observation

PARAMETERS = {
    name: Parameter(name, value, "s", "a test")
    for name, value in {"code_lifetime": 60.0, "code_memory": 3600.0, "revoke_bound": 60.0}.items()
}
ISSUER = "https://id.dev.localhost"


def exchange(case: str, status: int | None, body: object = "", **more: Any) -> HttpExchange:
    """An answer of the issuer; a body that is no string is JSON. What is no field of an exchange goes into `about`."""
    fields = {name: more.pop(name) for name in ("url", "request_body", "headers", "error") if name in more}
    text = body if isinstance(body, str) else json.dumps(body)
    fields.setdefault("url", f"{ISSUER}/token")
    return HttpExchange(case=case, method="POST", status=status, body=text, about=more, **fields)


def redirect(case: str, to: str, parameters: Mapping[str, str] | None = None, **more: Any) -> HttpExchange:
    location = f"{to}?{urlencode(parameters)}" if parameters else to
    return exchange(case, 302, headers=(("Location", location),), **more)


def refused(case: str, **about: str) -> HttpExchange:
    return exchange(case, 400, {"error": "invalid_grant"}, **about)


def without(seen: Sequence[Observation], index: int) -> list[Observation]:
    return [*seen[:index], *seen[index + 1 :]]


def unanswered(seen: Sequence[Observation], index: int) -> list[Observation]:
    """The record in which one request got no answer."""
    asked = seen[index]
    assert isinstance(asked, HttpExchange)
    silent = replace(asked, status=None, headers=(), body="", error="Timeout")
    return [*seen[:index], silent, *seen[index + 1 :]]


def put_off(seen: Sequence[Observation], index: int, status: int = 429) -> list[Observation]:
    """The record in which one request was answered that it is to come again later."""
    asked = seen[index]
    assert isinstance(asked, HttpExchange)
    later = replace(asked, status=status, headers=(("Retry-After", "5"),), body='{"error": "slow_down"}')
    return [*seen[:index], later, *seen[index + 1 :]]


def judge(expectation: str, seen: Sequence[Observation], **parameters: float) -> Judgement:
    """The judgement; `parameters` are those that the target sets otherwise."""
    numbered = [replace(one, id=f"s#{number}") for number, one in enumerate(seen, 1)]
    own = {name: replace(PARAMETERS[name], value=value) for name, value in parameters.items()}
    judgement = registry.judge(expectation, numbered, {**PARAMETERS, **own})
    assert judgement.verdict is not Verdict.FAILED or judgement.shown_by, f"nothing shows that {judgement.reason}"
    return judgement


def assert_passed(judgement: Judgement) -> None:
    assert judgement.verdict is Verdict.PASSED, judgement


def assert_unknown(judgement: Judgement) -> None:
    assert judgement.verdict is Verdict.UNKNOWN, judgement


def assert_failed(judgement: Judgement, words: str) -> None:
    assert (judgement.verdict, words in judgement.reason) == (Verdict.FAILED, True), judgement
