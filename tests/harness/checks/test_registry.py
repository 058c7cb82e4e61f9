"""Checks are registered once, and whatever they do, judging never raises."""

from __future__ import annotations

import pytest

from harness.catalog import load_catalog
from harness.checks import registry
from harness.checks.registry import Parameters, check, checks, digest
from harness.model import Judgement, Verdict
from harness.observations import Absence, Observation
from harness.observe import MissingObservation, Record
from tests.harness.checks.records import exchange, judge


@pytest.fixture
def expectation(monkeypatch: pytest.MonkeyPatch) -> str:
    """An expectation that no check judges yet; forgotten after the test."""
    checks()
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))
    return "TEST-01.E1"


SEEN = [exchange("a case", 200)]


def test_an_expectation_without_a_check_is_unknown(expectation: str) -> None:
    judgement = judge(expectation, SEEN)
    assert judgement == Judgement(Verdict.UNKNOWN, "no check judges this expectation")
    assert digest(expectation) == ""


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MissingObservation("no HttpExchange observation of 'login'"), "no HttpExchange observation of 'login'"),
        (KeyError("client"), "the check crashed: KeyError: 'client'"),
        (RecursionError("deep"), "the check crashed: RecursionError: deep"),
        (AssertionError("so"), "the check crashed: AssertionError: so"),
    ],
)
def test_a_check_that_raises_has_judged_nothing(expectation: str, error: Exception, reason: str) -> None:
    @check(expectation, "RFC 6749")
    def raises(seen: Record, parameters: Parameters) -> Judgement:
        raise error

    assert judge(expectation, SEEN) == Judgement(Verdict.UNKNOWN, reason)


def test_a_check_is_not_asked_where_nothing_was_observed(expectation: str) -> None:
    @check(expectation, "RFC 6749")
    def passes(seen: Record, parameters: Parameters) -> Judgement:
        return registry.passed("always")

    assert judge(expectation, []).verdict is Verdict.UNKNOWN
    assert judge(expectation, SEEN).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("missed", "verdict"),
    [
        ({}, Verdict.PASSED),
        ({"web": True}, Verdict.PASSED),
        ({"bus": True}, Verdict.NOT_APPLICABLE),
        ({"bus": False}, Verdict.NOT_RUN),
        ({"web": True, "desktop": True}, Verdict.NOT_APPLICABLE),
        ({"web": True, "desktop": False}, Verdict.NOT_RUN),
        ({"web": True, "desktop": True, "bus": False}, Verdict.NOT_RUN),
    ],
)
def test_of_several_capabilities_that_would_do_one_is_enough(
    expectation: str, missed: dict[str, bool], verdict: Verdict
) -> None:
    """`missed`: each absent capability, and whether it is declared absent."""

    @check(expectation, "RFC 6749", "bus", ("web", "desktop"))
    def passes(seen: Record, parameters: Parameters) -> Judgement:
        return registry.passed("always")

    absences = [Absence(case="absence", capability=name, reason="none", declared=said) for name, said in missed.items()]
    assert judge(expectation, [*SEEN, *absences]).verdict is verdict


def test_two_checks_for_one_expectation_are_refused(expectation: str) -> None:
    def passes(seen: Record, parameters: Parameters) -> Judgement:
        return registry.passed("always")

    check(expectation, "RFC 6749")(passes)
    with pytest.raises(ValueError, match=r"TEST-01\.E1 has a check already: passes"):
        check(expectation, "RFC 6749")(passes)


def test_a_digest_names_the_check_and_tells_one_source_from_another() -> None:
    one, other = digest("TOKEN-01.E1"), digest("OPS-05.E1")
    assert one.split()[0] == "refuses_requests_without_s256"
    assert one.split()[1] != other.split()[1]
    assert {len(d.split()[1]) for d in (one, other)} == {16}


def test_every_check_judges_an_expectation_of_the_catalog_and_names_its_clause() -> None:
    known = {e.id for control in load_catalog().controls.values() for e in control.expectations}
    own = {id: each for id, each in checks().items() if not id.startswith("REHEARSAL-")}
    assert own
    assert set(own) <= known
    assert all(each.clause for each in own.values())


@pytest.mark.parametrize("expectation", sorted(id for id in checks() if not id.startswith("REHEARSAL-")))
def test_no_check_passes_on_an_observation_of_something_else(expectation: str) -> None:
    stranger: list[Observation] = [exchange("nobody asked for this", 200, {"error": "invalid_grant"})]
    assert judge(expectation, stranger).verdict is Verdict.UNKNOWN
