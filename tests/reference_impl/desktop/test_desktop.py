from __future__ import annotations

import base64
import contextlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.reference_impl.desktop.conftest import ROOT, Desktop, StartDesktop
from tests.reference_impl.web.fake_issuer import FakeIssuer

Issuer = tuple[FakeIssuer, Path]


def sign_in(desktop: Desktop, issuer: FakeIssuer, **changes: str | None) -> requests.Response:
    """Sign in by the system's browser, which has no cookie of the window."""
    url = desktop.do("begin_login")["authorize_url"]
    return requests.get(issuer.approve(url, **changes), timeout=5)


def encode(value: bytes) -> str:
    return base64.b64encode(value).decode()


def test_a_sign_in_works_and_outlives_a_restart_in_a_secure_store(start: StartDesktop, issuer: Issuer) -> None:
    desktop = start("Sound")
    assert desktop.ready["storage"]["mode"] == "secure"
    assert desktop.ready["signed_in"] is False
    assert sign_in(desktop, issuer[0]).status_code == 200
    assert desktop.do("call", path="/me")["body"] == {"name": "Alice"}
    assert desktop.do("store", op="items", stage="dev", account="default")["items"] == ["refresh_token", "profile"]
    assert desktop.close()[0] == 0
    again = start("Sound")
    assert again.ready["signed_in"] is True
    assert again.ready["account"] == "Alice"
    assert again.do("call", path="/me")["status"] == 200
    kept = again.do("store", op="get", stage="dev", account="default", item="refresh_token")
    assert base64.b64decode(kept["value"]).decode() == issuer[0].newest
    again.close()


def test_without_a_store_a_sign_in_works_for_this_run_with_a_warning(start: StartDesktop, issuer: Issuer) -> None:
    desktop = start()
    assert desktop.ready["storage"]["mode"] == "memory-only"
    assert 'role="alert"' in desktop.open_window().text
    sign_in(desktop, issuer[0])
    assert desktop.do("call", path="/me")["status"] == 200
    assert [page for page in ("/", "/settings") if 'role="alert"' not in desktop.get(page).text] == []
    code, log = desktop.close()
    assert code == 0
    records = [json.loads(line)["record"] for line in log.splitlines()]
    assert records == ["storage-degraded"]
    again = start()
    assert again.ready["signed_in"] is False
    again.close()


def test_a_weak_store_asked_for_by_switch_is_refused(start: StartDesktop) -> None:
    desktop = start(None, "--store", "keyring.backends.null.Keyring")
    assert desktop.ready["storage"]["mode"] == "memory-only"
    assert desktop.ready["storage"]["rejected"][0]["source"] == "the --store switch"
    desktop.close()


def test_a_logout_revokes_and_clears(start: StartDesktop, issuer: Issuer) -> None:
    desktop = start("Sound")
    sign_in(desktop, issuer[0])
    token = issuer[0].newest
    reply = desktop.do("logout")
    assert (reply["revoked"], reply["cleared"]) == (True, True)
    assert issuer[0].revoked[-1] == token
    assert desktop.do("store", op="items", stage="dev", account="default")["items"] == []
    assert desktop.do("call", path="/me")["error"] == "SignedOut"
    desktop.close()


def test_a_store_that_fails_in_mid_run_costs_the_next_start_only(start: StartDesktop, issuer: Issuer) -> None:
    desktop = start("Full")
    assert desktop.ready["storage"]["mode"] == "secure"
    sign_in(desktop, issuer[0])
    assert desktop.do("call", path="/me")["status"] == 200
    assert "could not be stored" in desktop.do("status")["storage"]["warning"]["consequence"]
    _, log = desktop.close()
    assert {json.loads(line)["record"] for line in log.splitlines()} == {"session-not-stored"}


def test_refreshes_never_send_a_token_twice(start: StartDesktop, issuer: Issuer) -> None:
    desktop = start("Sound")
    sign_in(desktop, issuer[0])
    issuer[0].sent.clear()
    assert all(desktop.do("refresh")["ok"] for _ in range(3))
    assert len(issuer[0].sent) == len(set(issuer[0].sent)) == 3
    desktop.close()


def test_the_window_belongs_to_who_opened_its_one_time_link(start: StartDesktop, issuer: Issuer) -> None:
    desktop = start()
    stranger = requests.Session()
    for path in ("/", "/login", "/settings"):
        assert stranger.get(desktop.origin + path, timeout=5).status_code == 403
    opened = desktop.open_window()
    assert opened.url == f"{desktop.origin}/login"
    assert stranger.get(desktop.ready["window"], timeout=5).status_code == 403
    cookie = opened.history[0].headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert stranger.get(desktop.do("window")["window"], timeout=5).status_code == 200
    stranger.close()
    desktop.close()


def test_the_window_refuses_foreign_hosts_and_foreign_posts(start: StartDesktop, issuer: Issuer) -> None:
    desktop = start()
    desktop.open_window()
    sign_in(desktop, issuer[0])
    assert desktop.get("/", headers={"Host": "evil.example"}).status_code == 421
    for headers in ({}, {"Origin": "null"}, {"Origin": desktop.origin, "Sec-Fetch-Site": "cross-site"}):
        assert desktop.post("/logout", headers).status_code == 403
    assert desktop.do("status")["signed_in"] is True
    assert desktop.post("/logout", {"Origin": desktop.origin}).url.endswith("/login?notice=signed-out")
    assert desktop.do("status")["signed_in"] is False
    desktop.close()


def test_a_sign_in_from_the_window_goes_to_the_systems_browser(start: StartDesktop, issuer: Issuer) -> None:
    desktop = start()
    desktop.open_window()
    waiting = desktop.post("/start", {"Origin": desktop.origin})
    assert "in your browser" in waiting.text
    desktop.do("status")
    [event] = desktop.events
    asked = parse_qs(urlsplit(event["url"]).query)
    [redirect_uri] = asked["redirect_uri"]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/cb", redirect_uri)
    assert not redirect_uri.startswith(desktop.origin)
    assert requests.get(issuer[0].approve(event["url"]), timeout=5).status_code == 200
    assert "Alice" in desktop.get("/").text
    desktop.close()


@pytest.mark.parametrize("changes", [{"state": "foreign"}, {"iss": "https://evil.localhost"}, {"code": None}])
def test_an_answer_that_does_not_belong_to_the_sign_in_is_refused(
    start: StartDesktop, issuer: Issuer, changes: dict[str, str | None]
) -> None:
    desktop = start()
    assert sign_in(desktop, issuer[0], **changes).status_code == 400
    assert desktop.do("status")["signed_in"] is False
    desktop.close()


def test_a_junk_answer_does_not_end_a_sign_in_under_way(start: StartDesktop, issuer: Issuer) -> None:
    desktop = start()
    callback = issuer[0].approve(desktop.do("begin_login")["authorize_url"])
    for junk in ("", "?code=x", "?state=foreign&code=x", "?error=access_denied"):
        assert requests.get(callback.partition("?")[0] + junk, timeout=5).status_code == 400
    assert requests.get(callback, timeout=5).status_code == 200
    assert desktop.do("status")["signed_in"] is True
    desktop.close()


def test_a_logout_that_the_issuer_does_not_confirm_says_so_and_clears(start: StartDesktop, issuer: Issuer) -> None:
    desktop = start("Sound")
    desktop.open_window()
    issuer[0].override["/revoke"] = (503, {})
    try:
        sign_in(desktop, issuer[0])
        reply = desktop.do("logout")
        assert (reply["revoked"], reply["cleared"]) == (False, True)
        sign_in(desktop, issuer[0])
        assert "could not be told" in desktop.post("/logout", {"Origin": desktop.origin}).text
    finally:
        issuer[0].override.clear()
    assert desktop.do("status")["signed_in"] is False
    _, log = desktop.close()
    assert [json.loads(line)["record"] for line in log.splitlines()] == ["logout-not-confirmed"] * 2


def test_a_revocation_that_the_issuer_does_not_confirm_is_tried_again_after_a_restart(
    start: StartDesktop, issuer: Issuer
) -> None:
    desktop = start("Sound")
    issuer[0].override["/revoke"] = (503, {})
    try:
        sign_in(desktop, issuer[0])
        token = str(issuer[0].newest)
        desktop.do("logout")
        items = desktop.do("store", op="items", stage="dev", account="default")["items"]
        assert items == ["pending_revocations"]
        desktop.close()
    finally:
        issuer[0].override.clear()
    again = start("Sound")
    assert again.ready["signed_in"] is False
    assert eventually(lambda: issuer[0].revoked[-1] == token)
    assert eventually(lambda: again.do("store", op="items", stage="dev", account="default")["items"] == [])
    again.close()


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether it holds within 5 s."""
    end = time.monotonic() + 5
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
    return holds()


def test_a_denied_sign_in_and_an_answer_sent_again_are_told_to_the_user(start: StartDesktop, issuer: Issuer) -> None:
    desktop = start()
    assert sign_in(desktop, issuer[0], code=None, error="access_denied").status_code == 403
    done = sign_in(desktop, issuer[0])
    token = issuer[0].newest
    with contextlib.suppress(requests.ConnectionError):  # the port is given back soon
        assert requests.get(done.url, timeout=5).status_code == 410
    assert issuer[0].newest == token
    desktop.close()


def test_the_store_can_be_driven_through_the_process(start: StartDesktop) -> None:
    desktop = start("Sound")
    address = {"stage": "prod", "account": "bob", "item": "refresh_token"}
    assert desktop.do("store", op="get", **address)["error"] == "NotFound"
    assert desktop.do("store", op="set", value=encode(b"\x00\xff"), kind="bytes", **address)["ok"]
    assert desktop.do("store", op="get", **address)["value"] == encode(b"\x00\xff")
    surrogate = "\ud800".encode("utf-8", "surrogatepass")
    assert desktop.do("store", op="set", value=encode(surrogate), **address)["error"] == "ValueRefused"
    assert desktop.do("store", op="clear", stage="prod", account="bob")["ok"]
    assert desktop.do("store", op="items", stage="prod", account="bob")["items"] == []
    desktop.close()


def test_a_command_that_cannot_be_followed_names_the_nearest_one(start: StartDesktop) -> None:
    desktop = start()
    assert "nearest: 'status'" in desktop.do("statsu", id=7)["message"]
    assert desktop.do("store", op="get")["error"] == "BadCommand"
    assert desktop.do("quit", id=8) == {"do": "quit", "id": 8, "ok": True}
    assert desktop.process.wait(5) == 0
    desktop.close()


def test_a_faulty_configuration_names_every_fault_and_no_traceback(tmp_path: Path) -> None:
    environ = {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "AUTH_STAGE": "Prod", "AUTH_TLS_CA": "/no/such"}
    ended = subprocess.run(
        [sys.executable, "-m", "reference_impl.desktop", "--stor"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 6
    assert 'AUTH_STAGE is "Prod": it must be exactly one of dev, staging, prod' in ended.stderr
    assert "Traceback" not in ended.stderr
