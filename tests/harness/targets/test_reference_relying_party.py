"""The reference's clients with two issuers in their list, as the harness drives them; and what it documents."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from harness.errors import TargetError
from harness.observations import HttpExchange, Observation
from harness.observe import Recorder
from harness.ports import RelyingParty
from harness.targets.reference import ReferenceTarget


@pytest.fixture(params=["web", "desktop"])
def party(request: pytest.FixtureRequest, reference: ReferenceTarget, recorder: Recorder) -> Iterator[RelyingParty]:
    port = reference.relying_party(request.param, "prod", recorder)
    yield port
    port.close()


def asked(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def right_answer(reference: ReferenceTarget, recorder: Recorder, request: dict[str, str]) -> str:
    at = reference.issuer("prod", recorder)
    client = at.address.clients[request["client_id"]]
    changes: dict[str, str | None] = dict(request)
    ended = at.authorize("code", client, at.address.users["existing"], changes)
    return f"{request['redirect_uri']}?{urlencode(ended.parameters)}"


def test_a_sign_in_at_the_honest_issuer_is_heard_and_signs_in(
    reference: ReferenceTarget, recorder: Recorder, party: RelyingParty, seen: list[Observation]
) -> None:
    url = party.begin("honest")
    assert url.startswith(party.identifiers()["honest"])
    delivered = party.deliver("right", right_answer(reference, recorder, asked(url)))
    assert (delivered.token_requests, delivered.signed_in) == ({"honest": 1, "attacker": 0}, True)
    roles = [one.about["role"] for one in seen if isinstance(one, HttpExchange) and one.case == "right"]
    assert sorted(roles) == ["callback", "tap"]


def test_a_new_sign_in_begins_with_nobody_signed_in(
    reference: ReferenceTarget, recorder: Recorder, party: RelyingParty
) -> None:
    party.deliver("right", right_answer(reference, recorder, asked(party.begin("honest"))))
    request = asked(party.begin("honest"))
    delivered = party.deliver("junk", f"{request['redirect_uri']}?code=x&state=foreign")
    assert (delivered.token_requests, delivered.signed_in) == ({"honest": 0, "attacker": 0}, False)


def test_a_sign_in_at_the_attackers_issuer_is_heard_there(party: RelyingParty) -> None:
    url = party.begin("attacker")
    identifier, request = party.identifiers()["attacker"], asked(url)
    assert url.startswith(identifier)
    answer = urlencode({"code": "c" * 43, "state": request["state"], "iss": identifier})
    delivered = party.deliver("right", f"{request['redirect_uri']}?{answer}")
    assert (delivered.token_requests, delivered.signed_in) == ({"honest": 0, "attacker": 1}, False)


def test_an_issuer_that_is_not_there_is_told(party: RelyingParty) -> None:
    with pytest.raises(TargetError, match="did you mean 'honest'"):
        party.begin("honst")


def test_a_client_that_is_not_there_is_told(reference: ReferenceTarget, recorder: Recorder) -> None:
    with pytest.raises(TargetError, match="there is no client 'wbe'"):
        reference.relying_party("wbe", "prod", recorder)


def test_the_reference_documents_its_lifetimes_with_reasons(reference: ReferenceTarget, recorder: Recorder) -> None:
    table = reference.documentation(recorder).lifetimes("lifetimes", "prod")
    assert set(table.limits) == {
        "access_token",
        "refresh_idle",
        "refresh_absolute",
        "reuse_grace",
        "web_idle",
        "web_absolute",
    }
    assert table.limits["access_token"].seconds == reference.reference.stages["prod"].config.lifetimes.access
    assert all(limit.justification for limit in table.limits.values())


def test_another_browser_knows_nothing_of_the_sign_in_of_the_first(
    reference: ReferenceTarget, recorder: Recorder, party: RelyingParty
) -> None:
    answer = right_answer(reference, recorder, asked(party.begin("honest")))
    elsewhere = party.another().deliver("elsewhere", answer)
    assert (elsewhere.token_requests["honest"], elsewhere.signed_in, elsewhere.offers_login) == (0, False, True)
    assert elsewhere.message
    delivered = party.deliver("right", answer)
    assert (delivered.token_requests["honest"], delivered.account) == (1, "existing")


def test_states_are_sampled_and_not_kept(party: RelyingParty, seen: list[Observation]) -> None:
    sample = party.sample_states("states", 20)
    assert (sample.count, sample.distinct, sample.shortest) == (20, 20, 43)
    assert 128 < sample.bits < 43 * 6
    assert not [one for one in seen if isinstance(one, HttpExchange)]


def test_the_clients_clock_is_the_stages(reference: ReferenceTarget, recorder: Recorder, party: RelyingParty) -> None:
    request = asked(party.begin("honest"))
    reference.clock().advance("prod", 601)
    late = party.deliver("late", right_answer(reference, recorder, request))
    assert (late.token_requests["honest"], late.signed_in) == (0, False)
