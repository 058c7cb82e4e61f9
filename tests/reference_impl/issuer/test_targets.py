"""A token is for the stage's own API, whatever else it is asked for (RFC 8707 §2)."""

from __future__ import annotations

import pytest

from reference_impl.config import registered_clients
from tests.reference_impl.conftest import Bench


@pytest.mark.parametrize("name", ["resource", "audience"])
def test_a_token_for_another_api_is_refused_and_the_code_still_works(bench: Bench, name: str) -> None:
    code = bench.code()
    refused = bench.redeem(code, **{name: "https://api.prod.example"})
    assert (refused.status_code, refused.get_json()["error"]) == (400, "invalid_target")
    assert bench.redeem(code).status_code == 200


def test_a_token_for_the_own_api_is_given(bench: Bench) -> None:
    assert bench.redeem(bench.code(), resource=bench.config.api_url).status_code == 200
    assert bench.redeem(bench.code(), audience=bench.config.audience).status_code == 200


def test_production_does_not_know_the_client_of_internal_builds() -> None:
    stages = ("dev", "staging", "prod")
    knowing = {s for s in stages if "desktop-internal" in {c.client_id for c in registered_clients("https://x", s)}}
    assert knowing == {"dev", "staging"}
