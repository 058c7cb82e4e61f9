"""Each check of the stages: what passes, what fails, and that nothing or half observed is unknown."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from harness.checks.registry import judge
from harness.checks.stage import BAD_STARTS, GOOD_START, HTTPS_STAGES, REDIRECTING
from harness.checks.stage_credentials import FIXTURE
from harness.model import STAGES, Verdict
from harness.observations import BusCapture, BusEvent, HttpExchange, Observation, ProcessRun, TokenFacts

REFUSAL = '"{}" is no stage: set it to exactly one of dev, staging, prod'
STATES = ("", "", "prd", "PROD", "prod ", "production-test", "production")
NO_ANSWER: dict[str, Any] = {"status": None, "error": "refused"}
PAIRS = tuple(permutations(STAGES, 2))


def verdict(expectation: str, seen: Iterable[Observation]) -> Verdict:
    return judge(expectation, seen, {}).verdict


def changed(seen: Iterable[Observation], case: str, **fields: Any) -> list[Observation]:
    """The observations, with these fields on the first of the case that has them all."""
    out, done = list(seen), False
    for place, observation in enumerate(out):
        if not done and observation.case == case and all(hasattr(observation, field) for field in fields):
            out[place], done = replace(observation, **fields), True
    assert done, case
    return out


def http(case: str, status: int | None, body: object = None, url: str = "https://x", **about: str) -> HttpExchange:
    text = json.dumps(body) if body is not None else ""
    return HttpExchange(case=case, about=about, method="GET", url=url, status=status, body=text)


def start(case: str, value: str, **fields: Any) -> list[Observation]:
    run = ProcessRun(case=case, argument=value, ready=False, exit_code=2, stderr=REFUSAL.format(value))
    asked = [replace(http(case, None, role=role), error="refused") for role in ("metadata", "token")]
    return [*asked, replace(run, **fields)]


def starts() -> list[Observation]:
    seen = [o for case, value in zip(BAD_STARTS, STATES, strict=True) for o in start(case, value)]
    issuer = http(GOOD_START, 200, {"issuer": "https://auth.prod"}, role="metadata")
    ready = ProcessRun(case=GOOD_START, argument="prod", ready=True, exit_code=None)
    return [*seen, issuer, http(GOOD_START, 400, {"error": "invalid_grant"}, role="token"), ready]


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_starts_as_they_should_be_pass(number: int) -> None:
    assert verdict(f"STAGE-01.E{number}", starts()) is Verdict.PASSED


def test_a_bad_start_that_runs_but_answers_503_to_everything_passes() -> None:
    seen = changed(starts(), "capital letters", exit_code=None)
    seen = [replace(o, status=503) if isinstance(o, HttpExchange) and o.case == "capital letters" else o for o in seen]
    assert verdict("STAGE-01.E1", seen) is Verdict.PASSED


@pytest.mark.parametrize(
    ("expectation", "case", "fields"),
    [
        ("STAGE-01.E1", "capital letters", {"exit_code": 0, "ready": False}),
        ("STAGE-01.E1", "a longer name", {"exit_code": 1, "ready": True}),
        ("STAGE-01.E1", "an abbreviation", {"body": '{"access_token": "x"}'}),
        ("STAGE-01.E2", "capital letters", {"stderr": "Traceback: KeyError"}),
        ("STAGE-01.E2", "capital letters", {"stderr": 'the stage "PROD" is wrong'}),
        ("STAGE-01.E2", "a space at the end", {"stderr": REFUSAL.format("prod")}),
        ("STAGE-01.E2", "an empty stage", {"stderr": "it is one of dev, staging, prod"}),
        ("STAGE-01.E2", "an abbreviation", {"stderr": '"prd" is no stage: it is dev or staging'}),
        ("STAGE-01.E3", "no stage at all", {"status": 200, "body": '{"issuer": "https://auth.dev"}'}),
        ("STAGE-01.E4", GOOD_START, {"ready": False}),
        ("STAGE-01.E4", GOOD_START, {"status": 503, "body": "{}"}),
    ],
)
def test_a_start_that_is_wrong_in_one_way_fails(expectation: str, case: str, fields: dict[str, Any]) -> None:
    assert verdict(expectation, changed(starts(), case, **fields)) is Verdict.FAILED


def test_a_bad_start_that_serves_fails() -> None:
    seen = changed(starts(), "capital letters", exit_code=None, ready=True)
    seen = [replace(o, status=200) if isinstance(o, HttpExchange) and o.case == "capital letters" else o for o in seen]
    assert verdict("STAGE-01.E1", seen) is Verdict.FAILED


def test_a_bad_start_that_runs_and_was_not_heard_is_unknown() -> None:
    assert verdict("STAGE-01.E1", changed(starts(), "capital letters", exit_code=None)) is Verdict.UNKNOWN


def issuer(stage: str) -> str:
    return f"https://auth.{stage}.localhost"


def stages() -> list[Observation]:
    seen: list[Observation] = []
    for stage in STAGES:
        origin, about = issuer(stage), {"stage": stage, "configured": issuer(stage)}
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        document = {"issuer": origin, **{name: f"{origin}/{name}" for name in names}}
        seen += [http("metadata", 200, document, **about), http("OpenID metadata", 404, **about)]
        for case in ("login", "refresh"):
            claims = {"iss": origin}
            seen.append(
                TokenFacts(case=case, about={"stage": stage}, token="m", token_kind="a", form="jwt", claims=claims)
            )
        origins = f"https://app.{stage}.localhost:8443 https://auth.{stage}.localhost"
        for case in REDIRECTING:
            end = http(case, 303, stage=stage, origins=origins)
            seen.append(replace(end, headers=(("Location", f"https://app.{stage}.localhost:8443/callback"),)))
    for stage in HTTPS_STAGES:
        for role in ("metadata", "authorize", "token"):
            asked = http("in clear", None, url=f"http://auth.{stage}.localhost", stage=stage, role=role)
            seen.append(replace(asked, error="aborted"))
    return seen


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_stages_that_are_kept_apart_pass(number: int) -> None:
    assert verdict(f"STAGE-04.E{number}", stages()) is Verdict.PASSED


def document(**changes: str) -> str:
    dev = next(o for o in stages() if isinstance(o, HttpExchange) and o.case == "metadata")
    return json.dumps({**dev.json(), **changes})


@pytest.mark.parametrize(
    ("expectation", "case", "fields"),
    [
        ("STAGE-04.E1", "metadata", {"body": document(issuer=f"{issuer('dev')}/")}),
        ("STAGE-04.E1", "OpenID metadata", {"status": 200, "body": document(issuer="https://other")}),
        ("STAGE-04.E1", "refresh", {"claims": {"iss": f"{issuer('dev')}/"}}),
        ("STAGE-04.E1", "login", {"claims": {}}),
        ("STAGE-04.E2", "metadata", {"body": document(jwks_uri=f"{issuer('prod')}/jwks")}),
        ("STAGE-04.E2", "metadata", {"body": document(token_endpoint="http://auth.dev.localhost/token")}),
        ("STAGE-04.E2", "metadata", {"body": document(userinfo_endpoint="https://elsewhere/me")}),
        ("STAGE-04.E2", "metadata", {"body": json.dumps({"issuer": issuer("dev")})}),
        ("STAGE-04.E3", "metadata", {"body": document(issuer=issuer("prod"))}),
        ("STAGE-04.E3", "metadata", {"body": document(issuer="https://auth.prod")}),
        ("STAGE-04.E3", "metadata", {"body": "{}"}),
        ("STAGE-04.E4", "a login that is declined", {"headers": (("Location", "https://app.prod.localhost/cb"),)}),
        ("STAGE-04.E4", "a web login", {"headers": (("Location", "//evil.example"),)}),
        ("STAGE-04.E4", "a web login", {"headers": (("Location", "http://127.0.0.1:9/evil?code=x"),)}),
        ("STAGE-04.E4", "a web login", {"headers": (("Location", "http://app.dev.localhost:8443/callback"),)}),
        ("STAGE-04.E4", "a web login", {"headers": (("Location", "https://app.dev.localhost:9/callback"),)}),
        ("STAGE-04.E5", "in clear", {"status": 200, "body": '{"issuer": "x"}'}),
        ("STAGE-04.E5", "in clear", {"status": 200, "body": '{"access_token": "x"}'}),
        ("STAGE-04.E5", "in clear", {"status": 302, "headers": (("Location", "https://x/cb?code=c"),)}),
    ],
)
def test_a_stage_that_is_wrong_in_one_way_fails(expectation: str, case: str, fields: dict[str, Any]) -> None:
    assert verdict(expectation, changed(stages(), case, **fields)) is Verdict.FAILED


@pytest.mark.parametrize("place", ["/home", "https://AUTH.dev.localhost:443/x", "http://127.0.0.1/cb?error=x"])
def test_a_redirect_to_an_own_origin_or_to_where_a_native_client_listens_is_fine(place: str) -> None:
    case, origins = "a login that ends well", "https://app.dev.localhost https://auth.dev.localhost http://127.0.0.1"
    about = {"stage": "dev", "origins": origins}
    seen = changed(stages(), case, about=about, url="https://app.dev.localhost/x", headers=(("Location", place),))
    assert verdict("STAGE-04.E4", seen) is Verdict.PASSED


@pytest.mark.parametrize("case", ["login", "refresh"])
@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_of_which_no_token_could_be_read_is_unknown(case: str, stage: str) -> None:
    seen = [
        replace(o, form="opaque") if isinstance(o, TokenFacts) and (o.case, o.about["stage"]) == (case, stage) else o
        for o in stages()
    ]
    assert verdict("STAGE-04.E1", seen) is Verdict.UNKNOWN


def test_what_was_asked_in_clear_but_not_of_every_endpoint_is_unknown() -> None:
    seen = [o for o in stages() if o.about.get("role") != "token"]
    assert verdict("STAGE-04.E5", seen) is Verdict.UNKNOWN


def presentations() -> list[Observation]:
    seen: list[Observation] = []
    for keys in FIXTURE:
        for a, b in PAIRS:
            abroad = {"origin": a, "stage": b, "keys": keys}
            denied = http("access token abroad", 401, **abroad)
            seen.append(replace(denied, headers=(("WWW-Authenticate", 'Bearer error="invalid_token"'),)))
            grants = ("refresh token", "code")
            seen += [http(f"{what} abroad", 400, {"error": "invalid_grant"}, **abroad) for what in grants]
            login = http("cookie abroad", 303, place="/", **abroad)
            seen.append(replace(login, headers=(("Location", "/login?notice=ended"),)))
            seen.append(http("cookie abroad", 401, place="/session", **abroad))
            home = {"stage": a, "tried": b, "keys": keys}
            seen += [http(f"{what} at home", 200, **home) for what in ("access token", *grants)]
        seen += [http("code shown to nobody", 200, stage=stage, keys=keys) for stage in STAGES]
        seen += [BusCapture(case=f"attempts, keys {keys}", about={"stage": s}, stage=s, settled=True) for s in STAGES]
    for stage in STAGES:
        stranger = replace(http("no cookie", 303, stage=stage, place="/"), headers=(("Location", "/login"),))
        seen += [stranger, http("no cookie", 401, stage=stage, place="/session")]
        seen += [http("cookie at home", 200, stage=stage, place=place) for place in ("/", "/session")]
    return seen


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_stages_that_refuse_each_others_credentials_pass(number: int) -> None:
    assert verdict(f"STAGE-07.E{number}", presentations()) is Verdict.PASSED


LOGIN = BusEvent(type="auth.login", source="", properties={"event_id": "1"}, metadata={})


@pytest.mark.parametrize(
    ("expectation", "case", "fields"),
    [
        ("STAGE-07.E1", "access token abroad", {"status": 200}),
        ("STAGE-07.E1", "access token abroad", {"headers": (("WWW-Authenticate", "Bearer"),)}),
        ("STAGE-07.E1", "access token at home", {"status": 401}),
        ("STAGE-07.E2", "refresh token abroad", {"status": 200}),
        ("STAGE-07.E2", "code abroad", {"status": 401}),
        ("STAGE-07.E2", "code abroad", {"body": '{"error": "invalid_client"}'}),
        ("STAGE-07.E2", "refresh token at home", {"status": 400}),
        ("STAGE-07.E2", "code at home", {"status": 400}),
        ("STAGE-07.E3", "cookie abroad", {"status": 200, "headers": ()}),
        ("STAGE-07.E4", "attempts, keys on", {"events": (LOGIN,)}),
    ],
)
def test_a_credential_that_is_taken_elsewhere_fails(expectation: str, case: str, fields: dict[str, Any]) -> None:
    assert verdict(expectation, changed(presentations(), case, **fields)) is Verdict.FAILED


@pytest.mark.parametrize(
    ("expectation", "case", "fields"),
    [
        ("STAGE-07.E1", "access token abroad", NO_ANSWER),
        ("STAGE-07.E3", "cookie at home", {"status": 303, "headers": (("Location", "/login"),)}),
        ("STAGE-07.E4", "attempts, keys off", {"settled": False}),
        ("STAGE-07.E4", "code abroad", NO_ANSWER),
        ("STAGE-07.E4", "refresh token abroad", NO_ANSWER),
    ],
)
def test_where_nothing_can_be_told_it_is_unknown(expectation: str, case: str, fields: dict[str, Any]) -> None:
    assert verdict(expectation, changed(presentations(), case, **fields)) is Verdict.UNKNOWN


@pytest.mark.parametrize("place", ["/", "/session"])
def test_a_cookie_that_is_taken_at_one_place_only_fails_all_the_same(place: str) -> None:
    seen = presentations()
    taken = next(
        o for o in seen if isinstance(o, HttpExchange) and o.case == "cookie abroad" and place == o.about["place"]
    )
    assert verdict("STAGE-07.E3", [*seen, replace(taken, status=200, headers=())]) is Verdict.FAILED
    assert verdict("STAGE-07.E3", [o for o in seen if o is not taken]) is Verdict.UNKNOWN


def test_a_place_that_was_not_tried_at_home_is_unknown() -> None:
    seen = [o for o in presentations() if o.case != "cookie at home" or o.about["place"] == "/"]
    assert verdict("STAGE-07.E3", seen) is Verdict.UNKNOWN


def test_a_code_that_is_too_old_at_home_proves_nothing() -> None:
    old = changed(presentations(), "code at home", status=400)
    assert verdict("STAGE-07.E2", changed(old, "code shown to nobody", status=400)) is Verdict.UNKNOWN
    assert verdict("STAGE-07.E2", [o for o in old if o.case != "code shown to nobody"]) is Verdict.UNKNOWN


@pytest.mark.parametrize("what", ["access token abroad", "access token at home"])
def test_one_presentation_of_twelve_less_is_unknown(what: str) -> None:
    seen = presentations()
    seen.remove(next(o for o in seen if o.case == what))
    assert verdict("STAGE-07.E1", seen) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "expectation",
    [f"STAGE-0{control}.E{n}" for control, count in ((1, 4), (4, 5), (7, 4)) for n in range(1, count + 1)],
)
def test_nothing_observed_is_unknown(expectation: str) -> None:
    assert verdict(expectation, []) is Verdict.UNKNOWN
    assert verdict(expectation, [http("something else", 200)]) is Verdict.UNKNOWN
