"""A desktop that knows several stages: a session for each, and one sign-in under way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import requests

from reference_impl.config import ConfigurationError
from reference_impl.desktop.config import load_desktop_config
from tests.reference_impl.desktop.conftest import Desktop, StartDesktop
from tests.reference_impl.web.fake_issuer import FakeIssuer

Issuer = tuple[FakeIssuer, Path]


@pytest.fixture
def staging(issuer: Issuer) -> FakeIssuer:
    assert issuer[0].other is not None
    return issuer[0].other


@pytest.fixture
def desktop(start: StartDesktop, staging: FakeIssuer) -> Desktop:
    return start("Sound", AUTH_OTHER_STAGES=json.dumps({"staging": {"issuer": staging.url, "api": staging.api_url}}))


def arrive(callback: str) -> int:
    return requests.get(callback, timeout=5).status_code


def test_each_stage_has_a_session_of_its_own(desktop: Desktop, issuer: Issuer, staging: FakeIssuer) -> None:
    assert arrive(issuer[0].approve(desktop.do("begin_login")["authorize_url"])) == 200
    url = desktop.do("begin_login", stage="staging")["authorize_url"]
    assert url.startswith(staging.url)
    assert arrive(staging.approve(url)) == 200
    assert desktop.do("status")["stage"] == "staging"
    assert desktop.do("call", path="/me")["body"] == {"name": "Alice"}
    for stage in ("dev", "staging"):
        kept = desktop.do("store", op="items", stage=stage, account="default")["items"]
        assert kept == ["refresh_token", "profile"]
    assert desktop.do("logout")["revoked"] is True
    assert (len(staging.revoked), len(issuer[0].revoked)) == (1, 0)
    desktop.close()


def test_an_answer_at_the_address_of_another_stage_ends_the_sign_in(desktop: Desktop, issuer: Issuer) -> None:
    callback = issuer[0].approve(desktop.do("begin_login")["authorize_url"])
    assert arrive(callback.replace("/cb?", "/cb/staging?")) == 400
    assert arrive(callback) == 400
    assert desktop.do("status")["signed_in"] is False
    desktop.close()


def test_only_the_latest_sign_in_can_be_completed(desktop: Desktop, issuer: Issuer, staging: FakeIssuer) -> None:
    earlier = staging.approve(desktop.do("begin_login", stage="staging")["authorize_url"])
    latest = issuer[0].approve(desktop.do("begin_login")["authorize_url"])
    assert arrive(earlier) == 400
    assert arrive(latest) == 200
    assert desktop.do("status")["stage"] == "dev"
    desktop.close()


def test_a_sign_in_at_another_stage_begins_in_the_window_too(desktop: Desktop, staging: FakeIssuer) -> None:
    desktop.open_window()
    desktop.post("/start/staging", {"Origin": desktop.origin})
    desktop.do("status")
    [event] = desktop.events
    assert event["url"].startswith(staging.url)
    assert desktop.post("/start/prod", {"Origin": desktop.origin}).status_code == 404
    desktop.close()


def test_a_stage_that_is_not_known_is_told_with_those_that_are(desktop: Desktop) -> None:
    reply = desktop.do("begin_login", stage="prod")
    assert (reply["error"], "['staging']" in reply["message"]) == ("BadCommand", True)
    desktop.close()


def test_other_stages_that_are_written_wrongly_are_told() -> None:
    environ = {"AUTH_STAGE": "dev", "AUTH_ISSUER": "https://auth.example", "AUTH_API": "https://api.example"}
    with pytest.raises(ConfigurationError, match="AUTH_OTHER_STAGES is not a JSON object"):
        load_desktop_config({**environ, "AUTH_OTHER_STAGES": "[]"}, ())
