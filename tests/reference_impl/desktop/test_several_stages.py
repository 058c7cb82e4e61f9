"""A desktop that knows several stages: one session at a time, and one sign-in under way."""

from __future__ import annotations

import json
import time
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


GONE = 0  # nobody listens there any more
REFUSED = (400, 410, GONE)


def arrive(callback: str) -> int:
    try:
        return requests.get(callback, timeout=5).status_code
    except requests.ConnectionError:
        return GONE


def sign_in(desktop: Desktop, issuer: FakeIssuer, **asked: str) -> None:
    assert arrive(issuer.approve(desktop.do("begin_login", **asked)["authorize_url"])) == 200


def kept(desktop: Desktop, stage: str) -> object:
    return desktop.do("store", op="items", stage=stage, account="default")["items"]


def test_a_sign_in_at_another_stage_ends_the_one_before(desktop: Desktop, issuer: Issuer, staging: FakeIssuer) -> None:
    before = len(issuer[0].revoked), len(staging.revoked)
    sign_in(desktop, issuer[0])
    asked = desktop.do("begin_login", stage="staging")
    assert (asked.get("would_end"), "authorize_url" in asked) == (True, False)
    url = desktop.do("begin_login", stage="staging", confirm="yes")["authorize_url"]
    assert url.startswith(staging.url)
    assert issuer[0].reasons[-1] == "stage_switch"
    assert arrive(staging.approve(url)) == 200
    assert desktop.do("status")["stage"] == "staging"
    assert desktop.do("call", path="/me")["body"] == {"name": "Alice"}
    assert (kept(desktop, "dev"), kept(desktop, "staging")) == ([], ["refresh_token", "profile"])
    assert desktop.do("logout")["revoked"] is True
    assert (len(issuer[0].revoked), len(staging.revoked)) == (before[0] + 1, before[1] + 1)
    assert staging.reasons[-1] == "user"
    desktop.close()


def test_a_switch_asks_first_and_then_signs_out(desktop: Desktop, issuer: Issuer, staging: FakeIssuer) -> None:
    sign_in(desktop, issuer[0])
    desktop.open_window()
    asks = desktop.post("/switch/staging", {"Origin": desktop.origin}).text
    assert "You will be signed out of this stage first" in asks
    assert 'data-stage="dev"' in asks
    assert desktop.do("status")["signed_in"] is True
    page = desktop.post("/switch/staging/confirm", {"Origin": desktop.origin}).text
    assert "signed out of the one before" in page
    assert 'data-stage="staging"' in page
    assert 'action="/start/staging"' not in page
    settings = desktop.get("/settings").text
    assert f'id="issuer">{staging.url}<' in settings
    desktop.post("/start", {"Origin": desktop.origin})
    desktop.do("status")
    assert desktop.events[-1]["url"].startswith(staging.url)
    desktop.close()


def test_an_answer_of_the_stage_that_was_left_signs_nobody_in(desktop: Desktop, issuer: Issuer) -> None:
    callback = issuer[0].approve(desktop.do("begin_login")["authorize_url"])
    desktop.do("switch_stage", stage="staging", confirm="yes")
    assert arrive(callback) in REFUSED
    desktop.do("switch_stage", stage="dev", confirm="yes")
    assert arrive(callback) in REFUSED
    assert desktop.do("status")["signed_in"] is False
    desktop.close()


def test_the_stage_that_was_chosen_is_shown_after_a_restart(
    start: StartDesktop, desktop: Desktop, issuer: Issuer, staging: FakeIssuer
) -> None:
    sign_in(desktop, issuer[0])
    desktop.do("switch_stage", stage="staging", confirm="yes")
    sign_in(desktop, staging)
    desktop.close()
    others = json.dumps({"staging": {"issuer": staging.url, "api": staging.api_url}})
    again = start("Sound", AUTH_OTHER_STAGES=others)
    told = again.do("status")
    assert (told["stage"], told["signed_in"]) == ("staging", True)
    again.close()


def test_a_client_that_is_started_at_another_stage_ends_what_it_left(
    start: StartDesktop, issuer: Issuer, staging: FakeIssuer
) -> None:
    first = start("Sound")
    sign_in(first, issuer[0])
    first.close()
    others = json.dumps({"dev": {"issuer": issuer[0].url, "api": issuer[0].api_url}})
    revoked = len(issuer[0].revoked)
    there = start(
        "Sound", AUTH_STAGE="staging", AUTH_ISSUER=staging.url, AUTH_API=staging.api_url, AUTH_OTHER_STAGES=others
    )
    assert there.do("status")["signed_in"] is False
    for _ in range(100):
        if kept(there, "dev") == []:
            break
        time.sleep(0.1)
    assert kept(there, "dev") == []
    assert (len(issuer[0].revoked), issuer[0].reasons[-1]) == (revoked + 1, "stage_switch")
    there.close()


def test_background_work_keeps_the_name_and_learns_that_the_session_has_ended(
    start: StartDesktop, issuer: Issuer
) -> None:
    desktop = start("Sound", AUTH_BACKGROUND_PAUSE="0.05")
    sign_in(desktop, issuer[0])
    issuer[0].newest = None
    issuer[0].access.clear()
    for _ in range(100):
        if not desktop.do("status")["signed_in"]:
            break
        time.sleep(0.1)
    assert desktop.do("status")["signed_in"] is False
    assert kept(desktop, "dev") == []
    desktop.close()


def test_an_answer_at_the_address_of_another_stage_ends_the_sign_in(desktop: Desktop, issuer: Issuer) -> None:
    callback = issuer[0].approve(desktop.do("begin_login")["authorize_url"])
    assert arrive(callback.replace("/cb?", "/cb/staging?")) in REFUSED
    assert arrive(callback) in REFUSED
    assert desktop.do("status")["signed_in"] is False
    desktop.close()


def test_only_the_latest_sign_in_can_be_completed(desktop: Desktop, issuer: Issuer, staging: FakeIssuer) -> None:
    earlier = staging.approve(desktop.do("begin_login", stage="staging")["authorize_url"])
    latest = issuer[0].approve(desktop.do("begin_login", stage="dev")["authorize_url"])
    assert arrive(earlier) in REFUSED
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
    assert (reply["error"], "it has dev, staging" in reply["message"]) == ("UnknownStage", True)
    desktop.close()


def test_other_stages_that_are_written_wrongly_are_told() -> None:
    environ = {"AUTH_STAGE": "dev", "AUTH_ISSUER": "https://auth.example", "AUTH_API": "https://api.example"}
    with pytest.raises(ConfigurationError, match="AUTH_OTHER_STAGES is not a JSON object"):
        load_desktop_config({**environ, "AUTH_OTHER_STAGES": "[]"}, ())
