"""The reference's desktop client in surroundings of its own: what the harness sees and does there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from harness.errors import NotHere
from harness.observations import HttpExchange, Observation, ProcessWatch, SecretScan
from harness.observe import Recorder
from harness.targets.reference import ReferenceTarget
from harness.targets.reference_stored import ReferenceStored


@pytest.fixture
def client(reference: ReferenceTarget, recorder: Recorder) -> Iterator[ReferenceStored]:
    if shutil.which("gnome-keyring-daemon") is None:
        pytest.skip("gnome-keyring is not installed (Debian: apt install gnome-keyring)")
    client = ReferenceStored(reference, "dev", recorder)
    yield client
    client.close()


def test_a_client_is_killed_and_crashed_locked_and_watched(client: ReferenceStored, seen: list[Observation]) -> None:
    assert client.start_as("start", "first").mode == "secure"
    with client.watched("use", "sign-in"):
        state = client.sign_in("sign-in", "existing")
    assert (state.error, state.signed_in) == ("", True)
    watched = next(one for one in seen if isinstance(one, ProcessWatch))
    assert len(watched.processes) >= 2
    scans = {one.case: one for one in seen if isinstance(one, SecretScan)}
    for what in ("arguments", "environment"):
        assert scans[f"use: {what}"].planted_found
        assert {"access_token", "refresh_token", "code_verifier"} <= set(scans[f"use: {what}"].kinds)

    kept = {item.name: item for item in client.native("kept").items}
    assert set(kept) == {"dev/first/refresh_token", "dev/first/profile"}
    assert kept["dev/first/refresh_token"].secrets[0].startswith("{{refresh_token:")

    client.lock("dismissed")
    assert {one.outcome for one in client.operate("locked")} == {"locked"}
    assert client.press_unlock("pressed").mode == "locked"
    client.unlock_elsewhere()
    assert client.press_unlock("unlocked").mode == "secure"
    assert {item.fingerprint for item in client.native("as before").items} == {
        item.fingerprint for item in kept.values()
    }

    crash = client.crash("crash")
    assert (crash.ended_by, set(crash.limits), crash.dumps) == ("SIGSEGV", {0}, ())
    client.restart_system()
    assert client.start_as("again", "first").signed_in
    client.kill()
    assert "killed" in client.call_api("after the kill").error
    assert client.crash("nothing to crash").ended_by


def test_a_client_signs_out_and_another_account_stays(client: ReferenceStored) -> None:
    for account, user in (("second", "second"), ("first", "existing")):
        client.start_as(account, account)
        assert client.sign_in(account, user).signed_in
    assert client.fail_sign_in("failed").error == ""
    assert "You are signed out" in client.sign_out("sign-out").body
    assert [item.name for item in client.native("left").items] == ["dev/second/profile", "dev/second/refresh_token"]
    policy = client.policy("policy")
    assert policy.persists
    assert policy.lifetime
    assert "800-63B" in policy.deviation


def test_without_a_secret_service_there_is_no_such_client(
    reference: ReferenceTarget, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(NotHere, match="Secret Service"):
        ReferenceStored(reference, "dev", recorder)


def test_a_client_finds_its_store_again_and_what_an_earlier_version_left(
    client: ReferenceStored, seen: list[Observation]
) -> None:
    client.end_system()
    assert client.start_as("away", "first").mode == "memory-only"
    client.begin_system()
    assert client.look_again("back").mode == "secure"
    client.leave_profile("first", "no-token-of-this-issuer", "one-before-it")
    assert client.start_and_listen("renewed", "first", 30).mode == "secure"
    asked = [one for one in seen if isinstance(one, HttpExchange) and one.case == "renewed"]
    assert [one.status for one in asked] == [400]
