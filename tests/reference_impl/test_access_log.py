"""The access log, and requests with several Authorization headers."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from reference_impl.access_log import LOGGER, access_line, log_requests

Bench = Any  # conftest's


def test_a_line_tells_the_route_and_nothing_that_the_caller_chose(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    log_requests(bench.api, access_line)
    with caplog.at_level(logging.INFO, LOGGER):
        bench.api.test_client().get("/me?access_token=secret")
        bench.api.test_client().get("/secret?access_token=secret")
    lines = [record.getMessage() for record in caplog.records if record.name == LOGGER]
    assert [line.partition(" ")[2].partition(" ")[2] for line in lines] == ["/me 401", "(no such route) 404"]
    assert "secret" not in " ".join(lines)


def test_several_authorizations_are_refused_as_malformed(bench: Bench) -> None:
    token = bench.login()["access_token"]
    response = bench.api.test_client().get("/me", headers={"Authorization": f"Bearer {token}, Bearer {token}"})
    assert response.status_code == 400
    assert response.headers["WWW-Authenticate"].startswith('Bearer error="invalid_request"')
