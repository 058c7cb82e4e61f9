"""Observations are redacted, numbered and kept; asking for what is not there is told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import ValidationError

from harness.observations import (
    BusCapture,
    BusEvent,
    Cookie,
    CookieJar,
    HttpExchange,
    Observation,
    StoreListing,
    TokenFacts,
    from_json,
    to_json,
)
from harness.observe import MissingObservation, Record, Recorder
from harness.redact import Redactor

SECRET = "q7Zk2vXw9LmR4tYb8NsD1cHf6JgP3aUe5oIy0xWzQiM"
EXCHANGE = HttpExchange(case="login", about={"client": "web"}, method="GET", url="https://id/", status=200)


@pytest.fixture
def sink() -> list[Observation]:
    return []


@pytest.fixture
def recorder(sink: list[Observation]) -> Recorder:
    redactor = Redactor()
    redactor.register(SECRET, "refresh_token")
    return Recorder("token/One@cell", redactor, sink.append)


def test_what_is_recorded_comes_back_numbered_and_goes_to_the_sink(recorder: Recorder, sink: list[Observation]) -> None:
    first, second = recorder.record(EXCHANGE), recorder.record(EXCHANGE)
    assert (first.id, second.id) == ("token/One@cell#1", "token/One@cell#2")
    assert sink == list(recorder.seen) == [first, second]
    assert replace(first, id="") == EXCHANGE


@pytest.mark.parametrize(
    "observation",
    [
        replace(EXCHANGE, url=f"https://id/?x={SECRET}", body=f"<{SECRET}>", headers=(("X", SECRET),), error=SECRET),
        replace(EXCHANGE, case=f"a case of {SECRET}", about={"what": SECRET, SECRET: "as a key"}),
        BusCapture(case="c", stage="dev", events=(BusEvent("t", "s", {"deep": [{"er": SECRET}]}, {SECRET: 1}),)),
        TokenFacts(case="c", token=SECRET, token_kind="x", form="jwt", claims={"jti": SECRET}),
        CookieJar(case="c", source="jar", cookies=(Cookie("n", "d", "/", True, True, "Lax", True, 9, value=SECRET),)),
        StoreListing(case="c", stage="dev", account="a", items=(SECRET,), documented=(), raw=(f"dev/a/{SECRET}",)),
    ],
)
def test_no_secret_stays_in_any_field(recorder: Recorder, sink: list[Observation], observation: Observation) -> None:
    kept = recorder.record(observation)
    assert SECRET not in repr(kept) + repr(sink)
    assert "{{refresh_token:" in repr(kept)
    assert type(kept) is type(observation)


def test_an_observation_reads_back_as_it_was_written(recorder: Recorder) -> None:
    for observation in (EXCHANGE, BusCapture(case="c", stage="dev", events=(BusEvent("t", "s", {"a": 1}, {}),))):
        kept = recorder.record(observation)
        assert from_json(to_json(kept)) == kept


@pytest.mark.parametrize(
    "data", [{}, {"kind": "no such kind", "case": "c"}, {"kind": "http"}, {"kind": "race", "case": "c"}]
)
def test_what_is_no_observation_is_refused(data: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        from_json(data)


RECORD = Record(
    [EXCHANGE, replace(EXCHANGE, status=500), replace(EXCHANGE, case="logout", about={"client": "desktop"})]
)


def test_a_record_is_asked_by_type_case_and_about() -> None:
    assert [e.status for e in RECORD.of(HttpExchange, "login")] == [200, 500]
    assert len(RECORD.of(HttpExchange)) == 3
    assert len(RECORD.of(HttpExchange, client="web")) == 2
    assert RECORD.one(HttpExchange, "login").status == 500  # the last: what came of it in the end


@pytest.mark.parametrize(
    ("cases", "about", "message"),
    [
        (("refresh",), {}, "no HttpExchange observation of 'refresh'"),
        (("login", "refresh", "revoke"), {}, "no HttpExchange observation of 'refresh', 'revoke'"),
        (("login",), {"client": "desktop"}, "no HttpExchange observation of 'login'"),
        ((), {"client": "tablet"}, "no HttpExchange observation of any"),
    ],
)
def test_what_no_probe_recorded_is_told(cases: tuple[str, ...], about: dict[str, str], message: str) -> None:
    with pytest.raises(MissingObservation, match=message):
        RECORD.of(HttpExchange, *cases, **about)
    with pytest.raises(MissingObservation, match="no TokenFacts observation of any"):
        RECORD.of(TokenFacts)


@pytest.mark.parametrize(
    ("location", "parameters"),
    [
        ("https://app/cb?code=c&state=s", {"code": "c", "state": "s"}),
        ("https://app/cb#access_token=t", {"access_token": "t"}),
        ("https://app/cb?code=&code=2", {"code": ""}),
        ("https://app/cb", {}),
    ],
)
def test_the_parameters_of_a_redirect_are_read_from_query_and_fragment(
    location: str, parameters: dict[str, str]
) -> None:
    answer = replace(EXCHANGE, status=302, headers=(("LOCATION", location), ("Set-Cookie", "a"), ("set-cookie", "b")))
    assert answer.location_parameters() == parameters
    assert answer.header_values("Set-Cookie") == ("a", "b")
    assert EXCHANGE.location_parameters() == {}
