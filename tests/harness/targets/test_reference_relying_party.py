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
    changes = {**request, "scope": None}
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
    assert set(table.limits) == {"access_token", "refresh_idle", "refresh_absolute"}
    assert table.limits["access_token"].seconds == reference.reference.stages["prod"].config.lifetimes.access
    assert all(limit.justification for limit in table.limits.values())
