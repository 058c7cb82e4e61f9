"""Whose answer an authorization response is: what passes, what fails, and what proves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from harness.checks.mix_up import AFTERWARDS, CASES, FLAG, ISSUERS, SIGN_INS
from harness.checks.registry import is_own_requirement
from harness.model import Verdict
from harness.observations import Absence, CallbackDelivery, HttpExchange, Observation
from tests.harness.checks.records import ISSUER, assert_failed, exchange, judge, redirect

CLIENTS = {"web": "https://app.dev.localhost/callback", "desktop": "http://127.0.0.1:5001/cb"}
ELSEWHERE = [f"the answer of the {issuer} issuer at the other's address" for issuer in ISSUERS]


def delivery(case: str, honest: int = 0, attacker: int = 0, signed_in: bool = False) -> CallbackDelivery:
    requests = {"honest": honest, "attacker": attacker}
    return CallbackDelivery(
        case=case,
        redirect_uri=CLIENTS["web"],
        status=303 if signed_in else 400,
        token_requests=requests,
        signed_in=signed_in,
    )


def sign_in(issuer: str, redirect_uri: str) -> HttpExchange:
    url = f"{ISSUER}/authorize?{urlencode({'redirect_uri': redirect_uri})}"
    return replace(exchange(SIGN_INS[issuer], 200, url=url, role="authorize"), method="GET")


def client_of_two() -> list[Observation]:
    refused = [*CASES, *(AFTERWARDS.format(case=case) for case in CASES), *ELSEWHERE]
    return [
        delivery("the right answer of the honest issuer", honest=1, signed_in=True),
        delivery("the right answer of the attacker issuer", attacker=1),
        *(delivery(case) for case in refused),
        *(replace(exchange(case, 400, "no", role="callback"), method="GET") for case in refused),
        sign_in("honest", CLIENTS["web"]),
        sign_in("attacker", f"{CLIENTS['web']}/staging"),
    ]


def response(case: str, client: str, iss: str | None = ISSUER, **about: str) -> HttpExchange:
    answer = {"code": "c"} if case == "a login" else {"error": "invalid_request"}
    return redirect(case, CLIENTS[client], answer | ({"iss": iss} if iss else {}), client=client, **about)


def issuer_of_two() -> list[Observation]:
    return [
        exchange("metadata", 200, {"issuer": ISSUER, FLAG: True}),
        *(response("a login", client) for client in CLIENTS),
        *(
            response("an error", client, mistake=mistake)
            for client in CLIENTS
            for mistake in ("no challenge", "a scope")
        ),
        exchange("an error", 400, "<h1>No</h1>", client="web", mistake="no response type"),
    ]


PASSING = {"TOKEN-06.E1": client_of_two, "TOKEN-06.E2": issuer_of_two, "TOKEN-06.E3": client_of_two}


@pytest.mark.parametrize("expectation", PASSING)
def test_what_is_as_it_should_be_passes(expectation: str) -> None:
    assert judge(expectation, PASSING[expectation]()).verdict is Verdict.PASSED


def instead(seen: Sequence[Observation], *changed: Observation) -> list[Observation]:
    """The record with these observations in place of those of the same kind, case and `about`."""
    keys = {(o.kind, o.case, *sorted(o.about.items())) for o in changed}
    return [o for o in seen if (o.kind, o.case, *sorted(o.about.items())) not in keys] + list(changed)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("issuer", ISSUERS)
def test_a_token_request_after_an_answer_of_the_wrong_kind_fails_and_is_shown(case: str, issuer: str) -> None:
    tap = exchange(case, 400, {"error": "invalid_grant"}, role="tap")
    seen = [
        *instead(client_of_two(), delivery(case, honest=int(issuer == "honest"), attacker=int(issuer == "attacker"))),
        tap,
    ]
    judgement = judge("TOKEN-06.E1", seen)
    assert_failed(judgement, f"{case}: a token request to the {issuer} issuer")
    assert f"s#{len(seen)}" in judgement.shown_by
    assert len(judgement.shown_by) == 2


def test_what_is_told_does_not_hang_on_the_order_of_the_counts() -> None:
    both = delivery(CASES[0], honest=1, attacker=1)
    turned = replace(both, token_requests=dict(reversed(list(both.token_requests.items()))))
    assert len({judge("TOKEN-06.E1", instead(client_of_two(), one)).reason for one in (both, turned)}) == 1


@pytest.mark.parametrize("case", CASES)
def test_a_sign_in_that_goes_on_after_it_fails(case: str) -> None:
    late = delivery(AFTERWARDS.format(case=case), honest=1, signed_in=True)
    assert_failed(judge("TOKEN-06.E1", instead(client_of_two(), late)), f"the sign-in went on after it: {case}")


@pytest.mark.parametrize("case", CASES)
def test_a_client_that_lets_somebody_in_without_asking_fails(case: str) -> None:
    assert_failed(
        judge("TOKEN-06.E1", instead(client_of_two(), delivery(case, signed_in=True))), "somebody is signed in"
    )


@pytest.mark.parametrize("issuer", ISSUERS)
def test_a_log_that_heard_no_right_answer_proves_nothing(issuer: str) -> None:
    deaf = delivery(f"the right answer of the {issuer} issuer", signed_in=True)
    for expectation in ("TOKEN-06.E1", "TOKEN-06.E3"):
        judgement = judge(expectation, instead(client_of_two(), deaf))
        assert (judgement.verdict, "nothing shows one would" in judgement.reason) == (Verdict.UNKNOWN, True)


def test_a_client_that_signs_nobody_in_proves_nothing() -> None:
    useless = delivery("the right answer of the honest issuer", honest=1)
    assert judge("TOKEN-06.E1", instead(client_of_two(), useless)).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("case", [CASES[0], AFTERWARDS.format(case=CASES[-1])])
def test_a_client_that_does_not_answer_or_was_not_asked_proves_nothing(case: str) -> None:
    silent = replace(delivery(case), status=None)
    assert judge("TOKEN-06.E1", instead(client_of_two(), silent)).verdict is Verdict.UNKNOWN
    unasked = [o for o in client_of_two() if o.case != case]
    assert judge("TOKEN-06.E1", unasked).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    ("iss", "words"), [(None, "the response has no iss"), (f"{ISSUER}/", "iss is"), (ISSUER.upper(), "iss is")]
)
def test_a_response_that_names_no_issuer_or_another_fails_and_is_shown(
    client: str, iss: str | None, words: str
) -> None:
    for changed in (response("a login", client, iss), response("an error", client, iss, mistake="a scope")):
        seen = instead(issuer_of_two(), changed)
        judgement = judge("TOKEN-06.E2", seen)
        assert_failed(judgement, words)
        assert judgement.shown_by == (f"s#{len(seen)}",)
        assert not is_own_requirement(judgement.reason)


@pytest.mark.parametrize("told", [{}, {FLAG: False}, {FLAG: "true"}])
def test_metadata_that_do_not_tell_of_iss_fail(told: dict[str, object]) -> None:
    changed = exchange("metadata", 200, {"issuer": ISSUER, **told})
    seen = instead(issuer_of_two(), changed)
    assert_failed(judge("TOKEN-06.E2", seen), f"{FLAG} is not true")
    silent = judge("TOKEN-06.E2", instead(seen, response("a login", "web", None)))
    assert [is_own_requirement(symptom.text) for symptom in silent.symptoms] == [True, True]
    wrong = judge("TOKEN-06.E2", instead(seen, response("a login", "web", ISSUER.upper())))
    assert [is_own_requirement(symptom.text) for symptom in wrong.symptoms] == [True, False]


def test_without_a_code_an_error_response_or_an_issuer_to_compare_with_nothing_is_known() -> None:
    no_login = instead(issuer_of_two(), exchange("a login", 200, "<form>", client="web"))
    no_error = [
        o
        for o in issuer_of_two()
        if o.case != "an error" or ("mistake" in o.about and o.about["mistake"] == "no response type")
    ]
    no_issuer = instead(issuer_of_two(), exchange("metadata", 404, "nothing here"))
    for seen in (no_login, no_error, no_issuer):
        assert judge("TOKEN-06.E2", seen).verdict is Verdict.UNKNOWN


def test_of_a_run_that_only_reads_the_metadata_alone_fail_and_nothing_passes() -> None:
    reads_only = Absence(case="absence", capability="writing", reason="the run is read-only")
    seen = [*(o for o in issuer_of_two() if o.case != "a login"), reads_only]
    assert judge("TOKEN-06.E2", seen).verdict is Verdict.NOT_RUN
    silent = instead(seen, exchange("metadata", 200, {"issuer": ISSUER}))
    assert_failed(judge("TOKEN-06.E2", silent), f"{FLAG} is not true")


def test_one_address_for_both_issuers_fails() -> None:
    shared = instead(client_of_two(), sign_in("attacker", CLIENTS["web"]))
    assert_failed(judge("TOKEN-06.E3", shared), "both issuers answer at /callback")


@pytest.mark.parametrize("case", ELSEWHERE)
def test_an_answer_that_is_taken_at_the_others_address_fails(case: str) -> None:
    taken = delivery(case, honest=1, signed_in=True)
    assert_failed(judge("TOKEN-06.E3", instead(client_of_two(), taken)), f"{case}: a token request")


@pytest.mark.parametrize("expectation", PASSING)
def test_a_record_without_the_stimulus_proves_nothing(expectation: str) -> None:
    assert judge(expectation, [exchange("something else", 200)]).verdict is Verdict.UNKNOWN
