"""What the first version of the desktop kept in plain text is brought to the store, and renewed at the issuer."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

import pytest

from tests.reference_impl.desktop.conftest import Desktop, StartDesktop
from tests.reference_impl.desktop.test_desktop import Issuer, sign_in

TOKEN = "auth.dev.refresh_token"


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """The folder of that version's profile; the desktops of `start` have their home beside it."""
    folder = tmp_path / "home" / ".config" / "authassay"
    (folder / "Local Storage" / "leveldb").mkdir(parents=True)
    return folder


def leave(profile: Path, token: str) -> None:
    (profile / "local-storage.json").write_text(json.dumps({TOKEN: token, "auth.dev.profile": "Alice"}))
    (profile / "Local Storage" / "leveldb" / "000003.log").write_text(token)


def kept(desktop: Desktop) -> str:
    reply = desktop.do("store", op="get", stage="dev", account="default", item="refresh_token")
    return base64.b64decode(str(reply["value"])).decode()


def given_to_somebody(start: StartDesktop, issuer: Issuer) -> str:
    """A refresh token that the issuer takes."""
    desktop = start()
    sign_in(desktop, issuer[0])
    desktop.close()
    return str(issuer[0].newest)


def wait_until_it_is_not(token: str, desktop: Desktop) -> str:
    end = time.monotonic() + 30
    while (found := kept(desktop)) == token and time.monotonic() < end:
        time.sleep(0.02)
    return found


def test_a_sign_in_in_plain_text_is_brought_and_renewed_without_being_asked(
    start: StartDesktop, issuer: Issuer, profile: Path
) -> None:
    token = given_to_somebody(start, issuer)
    leave(profile, token)
    desktop = start("Sound")
    assert (desktop.ready["signed_in"], desktop.ready["account"]) == (True, "Alice")
    assert wait_until_it_is_not(token, desktop) == issuer[0].newest != token
    assert list(profile.iterdir()) == []
    desktop.close()


def test_a_token_that_the_store_does_not_take_stays_where_it_is_and_is_not_renewed(
    start: StartDesktop, issuer: Issuer, profile: Path
) -> None:
    token = given_to_somebody(start, issuer)
    leave(profile, token)
    desktop = start("Full")
    assert desktop.ready["signed_in"] is True
    assert desktop.ready["storage"]["warning"] is not None
    assert kept(desktop) == token == issuer[0].newest
    desktop.close()
    assert json.loads((profile / "local-storage.json").read_text())[TOKEN] == token
    again = start("Sound")
    assert again.ready["signed_in"] is True
    assert wait_until_it_is_not(token, again) == issuer[0].newest
    again.close()


def test_without_a_store_plain_text_is_left_alone_until_there_is_one(
    start: StartDesktop, issuer: Issuer, profile: Path
) -> None:
    leave(profile, "whatever")
    desktop = start()
    assert desktop.ready["signed_in"] is False
    assert desktop.do("recover")["moved"] == 0
    desktop.close()
    assert "whatever" in (profile / "local-storage.json").read_text()
