"""The rehearsal's own checks."""

from __future__ import annotations

from harness.checks.common import conclude, require_answer
from harness.checks.registry import Parameters, check, passed
from harness.model import Judgement
from harness.observations import HttpExchange
from harness.observe import Record


@check("REHEARSAL-01.E1", "OPS-05")
def login_is_answered_with_a_token(seen: Record, parameters: Parameters) -> Judgement:
    answer = require_answer(seen.one(HttpExchange, "login"))
    return conclude([] if answer.json().get("access_token") else ["no access token"], "an access token came")


@check("REHEARSAL-01.E2", "OPS-05")
def cookie_is_secure(seen: Record, parameters: Parameters) -> Judgement:
    cookies = require_answer(seen.one(HttpExchange, "login")).header_values("set-cookie")
    return conclude([] if cookies and all("Secure" in c for c in cookies) else ["a cookie is not Secure"], "Secure")


@check("REHEARSAL-02.E1", "OPS-05")
def printer_prints(seen: Record, parameters: Parameters) -> Judgement:
    return passed("it printed")


@check("REHEARSAL-02.E2", "OPS-05")
def scenario_ends(seen: Record, parameters: Parameters) -> Judgement:
    return passed("it ended")
